import Foundation
public import Tensors

/// Files made by `Scripts/fixtures`, which lie beside the tests.
public enum Fixtures {
    /// The folder of all fixtures.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

    /// The package's folder.
    public static let package = URL(fileURLWithPath: root).deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A tiny model's folder.
    public static func model(_ name: String) -> String { root + "/" + name }

    /// A file of tensors in the fixtures' folder.
    public static func tensors(_ name: String) throws -> SafetensorsFile {
        try SafetensorsFile(path: root + "/" + name)
    }

    /// What the references compute from a tiny model.
    public static func expected(_ model: String) throws -> SafetensorsFile {
        try tensors(model + "/expected.safetensors")
    }

    /// The tiny models that exist, by name.
    public static let models = [
        "tiny-sd1", "tiny-sd2", "tiny-inpaint", "tiny-ip2p", "tiny-deep", "tiny-odd", "tiny-half",
    ]
}

/// The largest absolute difference over the largest absolute value of `reference`; infinite for other shapes or NaN.
public func relativeError(_ value: Tensor, _ reference: Tensor) -> Double {
    guard value.shape == reference.shape else { return .infinity }
    let (value, reference) = (value.to(dtype: .float64), reference.to(dtype: .float64))
    let error = (value - reference).absolute.amax().item / max(reference.absolute.amax().item, 1e-300)
    return error.isNaN ? .infinity : error
}
