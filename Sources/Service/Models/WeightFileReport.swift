public import Diffusion
import Foundation
import Support
import Tensors

/// What a weight file is, told by its header alone: its kind, what it holds, what is missing and what to do with it.
public struct WeightFileReport: Encodable, Sendable {
    /// The file's name, without folders.
    public let file: String
    /// What it is, and what it can be given as.
    public let kind: ModelFileKind
    /// Tensors.
    public let tensors: Int
    /// How many there are of each element type, in the format's names.
    public let types: [String: Int]
    /// Bytes that its header tells of and the file does not have: its download stopped.
    public let missingBytes: Int
    /// What it says of itself, long texts cut.
    public let texts: [String: String]
    /// The model, where it is one.
    public let model: ModelSummary?
    /// Why a file that is a model cannot be used as it is; nil where it can.
    public let problem: String?

    /// Reads a file's header.
    /// - Throws: `SafetensorsError` for what is no such file.
    public init(contentsOf path: String) throws {
        let inventory = try SafetensorsInventory(path: path)
        file = lastName(of: path)
        kind = ModelFileKind(of: inventory)
        tensors = inventory.entries.count
        types = inventory.entries.reduce(into: [:]) { $0[$1.type, default: 0] += 1 }
        missingBytes = inventory.missingByteCount
        // A text may hold a whole picture.
        texts = inventory.metadata.filter { Self.isOfInterest($0.key) }
            .mapValues { $0.count > 200 ? String($0.prefix(200)) + "…" : $0 }
        guard kind.use == .model, missingBytes == 0 else {
            (model, problem) = (nil, nil)
            return
        }
        do {
            (model, problem) = (try ModelSummary(folder: path), nil)
        } catch let error as DiffusionError {
            (model, problem) = (nil, error.description)
        }
    }

    private static func isOfInterest(_ key: String) -> Bool {
        let known = [
            "ss_base_model_version", "ss_v2", "ss_sd_model_name", "ss_clip_skip", "ss_network_module",
            "ss_network_dim", "ss_network_alpha", "ss_network_args", "ss_output_name", "ss_resolution",
            "ss_training_comment",
        ]
        return known.contains(key) || key.hasPrefix("modelspec.") && key != "modelspec.thumbnail"
    }

    /// What to do next, in one line.
    public var next: String {
        missingBytes > 0
            ? "its download stopped: \(missingBytes) bytes are missing; fetch it again"
            : problem ?? kind.advice
    }

    /// The same for people, a title and a text each.
    public var lines: [(title: String, text: String)] {
        let counts = types.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) of \($0.key)" }.joined(separator: ", ")
        var lines = [("file", file), ("is", kind.what), ("tensors", "\(tensors) (\(counts))")]
        lines += texts.sorted { $0.key < $1.key }.map { ("says", "\($0.key): \($0.value)") }
        // The model's own lines but for its name, which is the file's.
        lines += model.map { Array($0.lines.dropFirst()) } ?? []
        return lines + [("next", next)]
    }
}
