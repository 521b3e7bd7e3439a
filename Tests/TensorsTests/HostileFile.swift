import Foundation
import Tensors
import Testing

/// A folder of its own for one test, removed with it.
final class Scratch {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "pentimento-tests-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Writes a file and answers its path.
    func file(_ bytes: [UInt8], named name: String = "weights.safetensors") throws -> String {
        let path = "\(folder)/\(name)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Everything in the folder, hidden files included.
    var content: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
    }
}

/// The bytes of a safetensors file with this header, however wrong, and this much data.
func safetensors(_ header: String, dataByteCount: Int = 0, claiming length: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return littleEndian(length ?? UInt64(text.count)) + text + [UInt8](repeating: 0, count: dataByteCount)
}

/// Eight bytes, lowest first.
func littleEndian(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

/// The header of one tensor.
func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
    #""\#(name)":{"dtype":"\#(dtype)","shape":\#(shape),"data_offsets":\#(offsets)}"#
}
