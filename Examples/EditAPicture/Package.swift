// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "EditAPicture",
    dependencies: [.package(name: "Pentimento", path: "../..")],
    targets: [
        .executableTarget(
            name: "EditAPicture",
            dependencies: ["Diffusion", "Editing", "Imaging", "Tensors"].map {
                .product(name: $0, package: "Pentimento")
            })
    ]
)
