import Diffusion
import Foundation
import Networks
import Tensors

/// Writes the folders of trained networks.
enum FolderExport {
    /// Writes everything beside the target and renames it into place; files of an older folder that are not the
    /// model's own (a model card, pictures) are kept.
    static func write(to folder: String, _ content: (String) throws -> Void) throws {
        let partial = folder + ".partial-\(getpid())"
        let manager = FileManager.default
        try? manager.removeItem(atPath: partial)
        do {
            try CacheFile.makeFolder(partial)
            try content(partial)
            if manager.fileExists(atPath: folder) {
                for name in try manager.contentsOfDirectory(atPath: folder)
                where !manager.fileExists(atPath: "\(partial)/\(name)") {
                    try manager.copyItem(atPath: "\(folder)/\(name)", toPath: "\(partial)/\(name)")
                }
                let old = folder + ".old-\(getpid())"
                try? manager.removeItem(atPath: old)
                try manager.moveItem(atPath: folder, toPath: old)
                try manager.moveItem(atPath: partial, toPath: folder)
                try? manager.removeItem(atPath: old)
            } else {
                try CacheFile.makeFolder(enclosingFolder(of: folder))
                try manager.moveItem(atPath: partial, toPath: folder)
            }
        } catch {
            try? manager.removeItem(atPath: partial)
            throw error
        }
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
