import Foundation
import Layers
public import Tensors

/// A name for the contents of a model that is cheap to make: kept inversions are found by it.
///
/// Of a folder: the first 16 hexadecimal digits of a SHA-256 over, for `model_index.json` and each file of the
/// components, in the order of their paths: the path below the folder, its size, and its bytes; of a weight file
/// (.safetensors) the first 64 KiB, which begin with the names and shapes of the tensors, and 64 samples of 4 KiB
/// evenly over the rest. Two models that differ agree only where they differ in no sampled byte; retraining changes all
/// of them. What else lies in the folder (a card, a record of the training, a safety checker) does not make another
/// model.
///
/// Of tensors in memory: the same of their names, dtypes, shapes and all their bytes.
public enum Fingerprint {
    private static let head = 64 * 1024
    private static let sample = 4096
    private static let samples = 64
    private static let components = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]

    /// The fingerprint of a diffusers folder, or of as many components as it has; links are followed.
    /// - Throws: `DiffusionError.malformedFile` naming the first file or folder that cannot be read, or a folder that
    ///   has no component.
    public static func of(folder: String) throws(DiffusionError) -> String {
        var digest = Digest()
        let manager = FileManager.default
        var paths = ["model_index.json"].filter { manager.fileExists(atPath: folder + "/" + $0) }
        for component in components where manager.fileExists(atPath: folder + "/" + component) {
            // The last slash follows a link.
            guard let below = try? manager.subpathsOfDirectory(atPath: "\(folder)/\(component)/") else {
                throw .malformedFile(path: folder + "/" + component, reason: "the folder cannot be listed")
            }
            paths += below.filter(isRead).map { component + "/" + $0 }
        }
        guard !paths.isEmpty else {
            throw .malformedFile(path: folder, reason: "the folder holds no part of a model")
        }
        try add(paths, in: folder, to: &digest)
        return text(of: digest)
    }

    /// The fingerprint of the folder of one network, such as a pair of CLIP towers, likewise.
    /// - Throws: `DiffusionError.malformedFile` naming the first file that cannot be read, or the folder.
    public static func of(network folder: String) throws(DiffusionError) -> String {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/") else {
            throw .malformedFile(path: folder, reason: "the folder cannot be listed")
        }
        var digest = Digest()
        try add(names.filter(isRead), in: folder, to: &digest)
        return text(of: digest)
    }

    /// The fingerprint of a model in one file, likewise; what it is called does not count.
    /// - Throws: `DiffusionError.malformedFile` where it cannot be read.
    public static func of(file path: String) throws(DiffusionError) -> String {
        var digest = Digest()
        do {
            try add("", at: path, to: &digest)
        } catch {
            throw .malformedFile(path: path, reason: "the file cannot be read")
        }
        return text(of: digest)
    }

    /// The fingerprint of a model some of whose parts are other files or folders, or that is used otherwise than it says.
    static func of(base: String, files: [String], texts: [String]) throws -> String {
        var digest = Digest()
        digest.add("\(base)\n")
        for path in files {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
            digest.add("\(try isFolder.boolValue ? of(network: path) : of(file: path))\n")
        }
        for text in texts { digest.add("\(text)\n") }
        return text(of: digest)
    }

    /// Whether a file of a folder counts, by its path.
    private static func isRead(_ path: String) -> Bool {
        [".json", ".safetensors", "merges.txt"].contains { path.hasSuffix($0) }
    }

    /// Adds files in the order of their paths.
    private static func add(
        _ paths: [String], in folder: String, to digest: inout Digest
    ) throws(DiffusionError) {
        for path in paths.sorted() {
            do {
                try add(path, in: folder, to: &digest)
            } catch {
                throw .malformedFile(
                    path: folder + "/" + path,
                    reason: "the file cannot be read; is the model folder complete?")
            }
        }
    }

    /// The fingerprint of weights in memory, in the order given.
    public static func of(weights: [(name: String, tensor: Tensor)]) -> String {
        var digest = Digest()
        for (name, tensor) in weights { add(name, tensor, to: &digest) }
        return text(of: digest)
    }

    /// The fingerprint of a model with overlays on its weights; the base's own where there are none.
    static func of(base: String, overlays: [(part: ModelFolder.Part, overlays: [WeightOverlay])]) -> String {
        guard overlays.contains(where: { !$0.overlays.isEmpty }) else { return base }
        var digest = Digest()
        digest.add("\(base)\n")
        for (part, overlays) in overlays {
            for (place, overlay) in overlays.enumerated() {
                digest.add("\(part.rawValue) \(place)\n")
                for (name, change) in overlay.changes.sorted(by: { $0.key < $1.key }) {
                    switch change {
                    case .delta(let tensor, let scale):
                        digest.add("delta \(scale)\n")
                        add(name, tensor, to: &digest)
                    case .replacement(let tensor):
                        digest.add("replacement\n")
                        add(name, tensor, to: &digest)
                    }
                }
            }
        }
        return text(of: digest)
    }

    /// The fingerprint of a model with adapters beside its weights; the base's own where there are none.
    static func of(base: String, adapters: [String: LowRankAdapter]) -> String {
        guard !adapters.isEmpty else { return base }
        var digest = Digest()
        digest.add("\(base)\n")
        for (name, adapter) in adapters.sorted(by: { $0.key < $1.key }) {
            digest.add("adapter \(adapter.scale)\n")
            add(name, adapter.down, to: &digest)
            add(name, adapter.up, to: &digest)
        }
        return text(of: digest)
    }

    /// The fingerprint of a model changed by LoRAs: by their files' hashes and strengths.
    static func of(base: String, loras: [LoRAFacts]) -> String {
        var digest = Digest()
        digest.add("\(base)\n")
        for lora in loras { digest.add("lora \(lora.hash) \(lora.strength) \(lora.textStrength)\n") }
        return text(of: digest)
    }

    /// The fingerprint of a model whose prompts may name textual inversions.
    static func of(base: String, embeddings: [EmbeddingFacts]) -> String {
        var digest = Digest()
        digest.add("\(base)\n")
        for file in embeddings { digest.add("embedding \(file.words) \(file.hash)\n") }
        return text(of: digest)
    }

    /// Adds a file: its path, its size and what is sampled of it.
    private static func add(_ path: String, in folder: String, to digest: inout Digest) throws {
        try add(path, at: folder + "/" + path, to: &digest)
    }

    /// Adds a file under a name.
    private static func add(_ name: String, at path: String, to digest: inout Digest) throws {
        let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? file.close() }
        let size = try file.seekToEnd()
        digest.add("\(name)\n\(size)\n")
        let places: [(offset: UInt64, count: Int)]
        if path.hasSuffix(".safetensors"), size > UInt64(head + sample * samples) {
            let room = (size - UInt64(head)) / UInt64(samples)
            places = [(0, head)] + (0..<samples).map { (UInt64(head) + UInt64($0) * room, sample) }
        } else {
            places = [(0, Int(size))]
        }
        for place in places {
            try file.seek(toOffset: place.offset)
            if let bytes = try file.read(upToCount: place.count) { digest.add(bytes) }
        }
    }

    /// Adds a tensor: its name, dtype, shape and bytes.
    private static func add(_ name: String, _ tensor: Tensor, to digest: inout Digest) {
        digest.add("\(name) ")
        digest.add(tensor)
    }

    private static func text(of digest: Digest) -> String { digest.hexadecimal(bytes: 8) }
}
