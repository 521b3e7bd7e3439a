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

/// The tests of one layer.
func tests(of name: String, with dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: strict)
}

let package = Package(
    name: "Pentimento",
    products: [
        .library(name: "Imaging", targets: ["Imaging"]),
        .library(name: "Tensors", targets: ["Tensors"]),
        .library(name: "StillLife", targets: ["StillLife"]),
    ],
    targets: [
        // libtorch behind a C boundary, opened at run time.
        .target(
            name: "CTorch",
            cSettings: [.define("PENTIMENTO_PACKAGE_DIRECTORY", to: "\"\(Context.packageDirectory)\"")]),
        layer("Tensors", on: ["CTorch"]),
        tests(of: "Tensors"),
        // Pictures and worlds: pure Swift beside the image codec library.
        layer("Imaging"),
        layer("StillLife", on: ["Imaging"]),
        tests(of: "StillLife", with: ["Imaging"]),
    ]
)
