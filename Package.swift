// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target here is compiled with.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library target of this package, with the layers below it that it may import.
func layer(_ name: String, on dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one layer, with a folder of fixtures or without.
func tests(of name: String, with dependencies: [Target.Dependency] = [], fixtures: Bool = false) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
        resources: fixtures ? [.copy("Fixtures")] : [], swiftSettings: strict)
}

let package = Package(
    name: "Pentimento",
    products: [
        .executable(name: "pentimento", targets: ["pentimento"]),
        .executable(name: "pentimento-serve", targets: ["pentimento-serve"]),
        .library(name: "Benchmarks", targets: ["Benchmarks"]),
        .library(name: "Diffusion", targets: ["Diffusion"]),
        .library(name: "Editing", targets: ["Editing"]),
        .library(name: "Imaging", targets: ["Imaging"]),
        .library(name: "Layers", targets: ["Layers"]),
        .library(name: "ImageMetrics", targets: ["ImageMetrics"]),
        .library(name: "Networks", targets: ["Networks"]),
        .library(name: "Perception", targets: ["Perception"]),
        .library(name: "PhotoStudy", targets: ["PhotoStudy"]),
        .library(name: "Prompts", targets: ["Prompts"]),
        .library(name: "Service", targets: ["Service"]),
        .library(name: "StillLife", targets: ["StillLife"]),
        .library(name: "StillLifeStudy", targets: ["StillLifeStudy"]),
        .library(name: "Tensors", targets: ["Tensors"]),
        .library(name: "Training", targets: ["Training"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1",
            traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.8.0"),
    ],
    targets: [
        // Files written whole or not at all, and JSON as others write it.
        layer("Support"),
        tests(of: "Support"),

        // Images, prompts and the still-life world: no libtorch; libvips is opened at run time.
        .target(name: "CVips", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        layer("Imaging", on: ["CVips", "Support"]),
        tests(of: "Imaging", fixtures: true),
        layer("Prompts", on: ["Support"]),
        tests(of: "Prompts"),
        layer("StillLife", on: ["Imaging", "Support"]),
        tests(of: "StillLife", with: ["Imaging"]),
        layer("ImageMetrics", on: ["Imaging"]),
        tests(of: "ImageMetrics", with: ["Imaging"]),

        // Numbers and networks: libtorch behind a C boundary, opened at run time.
        .target(
            name: "CTorch",
            cSettings: [.define("PENTIMENTO_PACKAGE_DIRECTORY", to: "\"\(Context.packageDirectory)\"")],
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        layer("Tensors", on: ["CTorch", "Support"]),
        tests(of: "Tensors", with: ["Support", "TestSupport"]),
        layer("Layers", on: ["Support", "Tensors"]),
        layer("Networks", on: ["Layers", "Support", "Tensors"]),
        tests(of: "Networks", with: ["Layers", "Tensors", "TestSupport"]),

        // Schedules, samplers and the engine; networks that look at images; then the methods.
        layer(
            "Diffusion",
            on: [
                "Tensors", "Layers", "Networks", "Prompts", "Imaging", "Support",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        tests(
            of: "Diffusion",
            with: ["Tensors", "Layers", "Networks", "Imaging", "Support", "TestSupport", "ToyModels"]),
        layer(
            "Perception",
            on: ["Diffusion", "Networks", "Layers", "Tensors", "Prompts", "Imaging", "Support"]),
        tests(
            of: "Perception",
            with: [
                "Diffusion", "Networks", "Layers", "StillLife", "Tensors", "Imaging", "Prompts",
                "TestSupport",
            ]),
        layer(
            "Editing",
            on: ["Perception", "Diffusion", "Networks", "Layers", "Prompts", "Tensors", "Imaging", "Support"]),
        tests(
            of: "Editing",
            with: [
                "Diffusion", "Layers", "Networks", "Prompts", "StillLife", "Support", "Tensors", "Imaging",
                "TestSupport", "ToyModels",
            ]),

        // All methods side by side, on items of any kind; still lifes among them, with the judge of their world.
        layer(
            "Benchmarks",
            on: ["Perception", "Editing", "ImageMetrics", "Diffusion", "Imaging", "Support", "Tensors"]),
        tests(
            of: "Benchmarks",
            with: [
                "Perception", "Editing", "ImageMetrics", "Diffusion", "Imaging", "TestSupport", "ToyModels",
            ]),
        layer(
            "StillLifeStudy",
            on: [
                "Benchmarks", "Perception", "Editing", "ImageMetrics", "Diffusion", "Networks", "Layers",
                "Prompts",
                "StillLife", "Imaging", "Support", "Tensors",
            ]),
        tests(
            of: "StillLifeStudy",
            with: [
                "Benchmarks", "Perception", "Editing", "ImageMetrics", "Diffusion", "Networks", "Layers",
                "Tensors",
                "StillLife", "Imaging", "TestSupport", "ToyModels",
            ]),

        // Held-out photos that a folder describes, with the judge of their labels.
        layer(
            "PhotoStudy",
            on: ["Benchmarks", "Perception", "Editing", "ImageMetrics", "Diffusion", "Imaging", "Support"]),
        tests(
            of: "PhotoStudy",
            with: [
                "Benchmarks", "Perception", "Editing", "ImageMetrics", "Diffusion", "Networks", "Layers",
                "Tensors", "Imaging", "TestSupport",
            ]),

        // What a program around the engine needs: where models lie, which one fits, what results say of themselves.
        layer(
            "Service",
            on: ["CTorch", "Diffusion", "Editing", "Imaging", "Networks", "Perception", "Support", "Tensors"]),
        tests(of: "Service", with: ["Diffusion", "Editing", "Support", "TestSupport"]),

        layer(
            "Training",
            on: [
                "StillLifeStudy", "Perception", "Diffusion", "Networks", "Layers", "Tensors", "Prompts",
                "StillLife", "Imaging", "Support",
            ]),
        tests(
            of: "Training",
            with: [
                "StillLifeStudy", "Perception", "Diffusion", "Networks", "Layers", "Tensors", "Prompts",
                "StillLife", "Imaging", "Support", "TestSupport",
            ]),

        // The service: what is kept, what works, who may ask. Only these know of SQLite and of HTTP.
        layer(
            "Vault",
            on: [
                "Imaging", "Support", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        layer(
            "Workshop",
            on: ["Vault", "Service", "Editing", "Diffusion", "Imaging", "Tensors", "Support"]),
        layer(
            "Server",
            on: [
                "Workshop", "Vault", "Service", "Editing", "Diffusion", "Imaging", "Support",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),

        tests(of: "Vault", with: ["Imaging", "Support", .product(name: "GRDB", package: "GRDB.swift")]),
        tests(
            of: "Workshop",
            with: ["Diffusion", "Editing", "Imaging", "Support", "ToyService", "Vault"]),
        tests(
            of: "Server",
            with: [
                "Imaging", "Support", "ToyService", "Vault", "Workshop",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]),
        // Workshops with such denoisers.
        .target(
            name: "ToyService",
            dependencies: ["Diffusion", "Imaging", "Support", "Tensors", "ToyModels", "Vault", "Workshop"],
            path: "Tests/ToyService", swiftSettings: strict),

        // What several test targets share: fixtures and comparison.
        .target(
            name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport", swiftSettings: strict),
        // Closed-form denoisers.
        .target(
            name: "ToyModels", dependencies: ["Diffusion", "Networks", "Perception", "Prompts", "Tensors"],
            path: "Tests/ToyModels",
            swiftSettings: strict),

        // The program.
        .executableTarget(
            name: "pentimento",
            dependencies: [
                "CTorch", "Benchmarks", "Diffusion", "Editing", "Imaging", "Layers", "ImageMetrics",
                "Networks",
                "Perception", "PhotoStudy", "Prompts", "Service", "StillLife", "StillLifeStudy", "Support",
                "Tensors", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "pentimento-serve",
            dependencies: [
                "Server", "Workshop", "Vault", "Service", "Editing", "Diffusion", "Imaging", "Tensors",
                "Support",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ], swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "pentimento", "Diffusion", "Editing", "Imaging", "Networks", "Service", "StillLife",
                "Support",
                "Tensors", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
    ]
)
