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
        .library(name: "Diffusion", targets: ["Diffusion"]),
        .library(name: "Editing", targets: ["Editing"]),
        .library(name: "Imaging", targets: ["Imaging"]),
        .library(name: "Layers", targets: ["Layers"]),
        .library(name: "Networks", targets: ["Networks"]),
        .library(name: "Prompts", targets: ["Prompts"]),
        .library(name: "StillLife", targets: ["StillLife"]),
        .library(name: "Tensors", targets: ["Tensors"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    ],
    targets: [
        // Files written whole or not at all.
        layer("Storage"),
        tests(of: "Storage"),

        // Images, prompts and the still-life world: no libtorch; libvips is opened at run time.
        .target(name: "CVips", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        layer("Imaging", on: ["CVips", "Storage"]),
        tests(of: "Imaging", fixtures: true),
        layer("Prompts", on: ["Storage"]),
        tests(of: "Prompts"),
        layer("StillLife", on: ["Imaging", "Storage"]),
        tests(of: "StillLife", with: ["Imaging"]),

        // Numbers and networks: libtorch behind a C boundary, opened at run time.
        .target(
            name: "CTorch",
            cSettings: [.define("PENTIMENTO_PACKAGE_DIRECTORY", to: "\"\(Context.packageDirectory)\"")],
            linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
        layer("Tensors", on: ["CTorch", "Storage"]),
        tests(of: "Tensors", with: ["Storage", "TestSupport"]),
        layer("Layers", on: ["Tensors"]),
        layer("Networks", on: ["Layers", "Tensors"]),
        tests(of: "Networks", with: ["Layers", "Tensors", "TestSupport"]),

        // Schedules, walks and the engine; then the methods.
        layer(
            "Diffusion",
            on: [
                "Tensors", "Layers", "Networks", "Prompts", "Imaging",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        tests(
            of: "Diffusion", with: ["Tensors", "Layers", "Networks", "Imaging", "TestSupport", "ToyModels"]),
        layer(
            "Editing",
            on: [
                "Diffusion", "Networks", "Layers", "Prompts", "Tensors", "Imaging", "Storage",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        tests(
            of: "Editing",
            with: [
                "Diffusion", "Networks", "Prompts", "StillLife", "Tensors", "Imaging", "TestSupport",
                "ToyModels",
            ]),

        // Scores, and all methods side by side.
        layer("Metrics", on: ["Imaging"]),
        tests(of: "Metrics", with: ["Imaging"]),
        layer("Comparison", on: ["Editing", "Metrics", "StillLife", "Diffusion", "Imaging", "Storage"]),
        tests(
            of: "Comparison",
            with: ["Editing", "Metrics", "StillLife", "Diffusion", "Imaging", "TestSupport", "ToyModels"]),

        // Networks of our own that judge images, and the numbers of a model's card.
        layer(
            "Judging", on: ["Diffusion", "Networks", "Layers", "Tensors", "Prompts", "StillLife", "Imaging"]),
        tests(
            of: "Judging",
            with: ["Diffusion", "Networks", "Layers", "Tensors", "StillLife", "Imaging", "TestSupport"]),

        layer(
            "Evaluation",
            on: [
                "Judging", "Editing", "Metrics", "Diffusion", "Networks", "Prompts", "StillLife", "Imaging",
                "Tensors",
            ]),
        tests(
            of: "Evaluation",
            with: [
                "Judging", "Editing", "Diffusion", "Networks", "Layers", "Tensors", "StillLife", "Imaging",
                "TestSupport",
            ]),

        layer(
            "Training",
            on: [
                "Judging", "Diffusion", "Networks", "Layers", "Tensors", "Prompts", "StillLife", "Imaging",
                "Storage",
            ]),
        tests(
            of: "Training",
            with: [
                "Judging", "Diffusion", "Networks", "Layers", "Tensors", "Prompts", "StillLife", "Imaging",
                "TestSupport",
            ]),

        // What several test targets share: fixtures and comparison.
        .target(
            name: "TestSupport", dependencies: ["Tensors"], path: "Tests/TestSupport", swiftSettings: strict),
        // Closed-form denoisers.
        .target(
            name: "ToyModels", dependencies: ["Diffusion", "Networks", "Prompts", "Tensors"],
            path: "Tests/ToyModels",
            swiftSettings: strict),

        // The program.
        .executableTarget(
            name: "pentimento",
            dependencies: [
                "CTorch", "Comparison", "Diffusion", "Editing", "Evaluation", "Imaging", "Judging", "Layers",
                "Metrics",
                "Networks",
                "Prompts", "StillLife", "Storage", "Tensors", "Training",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "pentimento", "Imaging", "StillLife", "Storage", "Tensors", "TestSupport",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
    ]
)
