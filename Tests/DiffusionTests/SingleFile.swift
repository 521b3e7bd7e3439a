import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Checkpoints in one file, put together of the tiny models' folders by the lists that `Scripts/fixtures` wrote.
enum SingleFile {
    private static func lines(_ name: String) throws -> [Substring] {
        try String(contentsOfFile: Fixtures.root + "/single-files/\(name).txt", encoding: .utf8)
            .split(separator: "\n")
    }

    /// Names and sizes of a whole checkpoint of a family.
    static func header(_ name: String) throws -> [SafetensorsInventory.Entry] {
        try lines(name).map { line in
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            return SafetensorsInventory.Entry(
                name: String(parts[0]), type: "F16",
                shape: parts[1].split(separator: ",").compactMap { Int($0) })
        }
    }

    /// The tensors of a tiny model's checkpoint by stored name.
    static func tensors(_ name: String) throws -> [(name: String, tensor: Tensor)] {
        var parts: [String: Tensor] = [:]
        for part in ModelFolder.Part.allCases {
            let folder = "\(Fixtures.model(name))/\(part.rawValue)"
            for file in try FileManager.default.contentsOfDirectory(atPath: folder)
            where file.hasSuffix(".safetensors") {
                let file = try SafetensorsFile(path: "\(folder)/\(file)")
                for name in file.names { parts["\(part.rawValue)/\(name)"] = try file.tensor(name) }
            }
        }
        return try lines(name).map { line in
            let sides = line.components(separatedBy: " = ")
            let rows = try sides[1].components(separatedBy: " + ").map { try #require(parts[$0]) }
            let whole = Tensor.concatenated(rows)
            let isPointwise = sides[0].contains(".mid.attn_1.") && whole.rank == 2
            return (sides[0], isPointwise ? whole.reshaped(whole.shape + [1, 1]) : whole)
        }
    }

    /// A tiny model's checkpoint, described by the folder's configurations.
    static func source(
        _ name: String, in folder: Folder, metadata: [String: String] = [:],
        changing change: ([(name: String, tensor: Tensor)]) -> [(name: String, tensor: Tensor)] = { $0 }
    ) throws -> ModelSource {
        let path = folder["model.safetensors"]
        try Safetensors.write(change(try tensors(name)), metadata: metadata, to: path)
        var source = ModelSource(path)
        source.configuration = Fixtures.model(name)
        return source
    }
}
