import Diffusion
import Foundation
import Networks
import Support
import Tensors

/// Writes the folders of trained networks.
enum FolderExport {
    /// Writes everything beside the target and renames it into place; files of an older folder that are not the model's
    /// own (a model card, images) are kept.
    static func write(to folder: String, _ content: (String) throws -> Void) throws {
        try CacheFile.makeFolder(enclosingFolder(of: folder))
        try CacheFile.telling { try WholeFolder.write(to: folder, merging: true, content) }
    }

    /// Refuses a folder that could not be written, before hours are spent on what is to be in it.
    static func check(_ folder: String) throws {
        try CacheFile.makeFolder(enclosingFolder(of: folder))
        try CacheFile.telling { try WholeFolder.check(folder) }
    }

    /// A network's folder: its shape, and its weights in 16 bits.
    static func network(
        _ shape: [String: any Sendable], _ tensors: [(name: String, tensor: Tensor)], named name: String,
        in folder: String
    ) throws {
        try CacheFile.makeFolder(folder)
        try json(shape, "\(folder)/config.json")
        let halves = withoutGradients {
            tensors.map { (name: $0.name, tensor: $0.tensor.to(dtype: .float16, device: .cpu).contiguous) }
        }
        try Safetensors.write(halves, metadata: ["format": "pt"], to: "\(folder)/\(name).safetensors")
    }

    /// A file that Python's libraries read.
    static func json(_ value: [String: any Sendable], _ path: String) throws {
        try CacheFile.write(Data((PythonJSON.text(value) + "\n").utf8), to: path)
    }

    /// `training.json`: how a network came to be.
    static func record(_ record: some Encodable, in folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try CacheFile.write(encoder.encode(record), to: "\(folder)/training.json")
    }
}
