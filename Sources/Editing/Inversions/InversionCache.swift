import Diffusion
import Foundation
import Support
import Tensors

/// Inversions kept on disk by what they were made of, so that another edit of the same photo need not invert it again.
///
/// A file's name is the SHA-256 of everything its contents depend on: the latent's bytes, the model's fingerprint, the
/// prompts' embeddings, the levels, the inversion and its settings; the photo's file name is no part of it. Files
/// appear by renaming, carry the SHA-256 of their contents, and are removed when damaged. When they take more than
/// `limit` bytes, those go first that were not used for longest. Only their owner may read them, as a photo can be made
/// from its inversion. A model whose weights are changed in memory must change its fingerprint too.
public struct InversionCache: Sendable, Hashable {
    /// Raised when files of an older program must not be read.
    static let version = 1
    /// The limit where none is named: 1 GiB.
    public static let standardLimit = 1 << 30

    /// Where the files lie; made when the first is kept.
    public let folder: String
    /// Bytes that all files together may take; what is larger is not kept.
    public let limit: Int

    /// A cache in a folder of its own.
    public init(folder: String, limit: Int = InversionCache.standardLimit) {
        self.folder = folder
        self.limit = limit
    }

    /// The user's folder for it: `$XDG_CACHE_HOME/pentimento/inversions`, or the same in `~/.cache`.
    public static var standardFolder: String { standardFolder(in: ProcessInfo.processInfo.environment) }

    static func standardFolder(in environment: [String: String]) -> String {
        // The convention says that a relative path is to be ignored.
        if let place = environment["XDG_CACHE_HOME"], place.hasPrefix("/") {
            return place + "/pentimento/inversions"
        }
        return (environment["HOME"] ?? NSHomeDirectory()) + "/.cache/pentimento/inversions"
    }

    /// The tensors of a key, in memory of their own on a device; nil where they are not there or were damaged.
    /// - Parameter shapes: what must be there, and nothing else.
    func tensors(_ key: String, shapes: [String: [Int]], device: Device) -> [String: Tensor]? {
        let path = path(of: key)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let file = try? SafetensorsFile(path: path), Set(file.names) == Set(shapes.keys),
            shapes.allSatisfy({ file.entry($0.key)?.shape == $0.value }),
            let found = try? Dictionary(
                uniqueKeysWithValues: file.names.map { ($0, try file.tensor($0).copied) }),
            file.metadata[Self.checksumName] == Self.checksum(of: found)
        else {
            try? FileManager.default.removeItem(atPath: path)
            return nil
        }
        // The time of last use, which systems do not always keep by themselves.
        try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: path)
        return found.mapValues { $0.to(device: device) }
    }

    /// Keeps tensors under a key and makes room for them; answers what became of them.
    func keep(_ tensors: [String: Tensor], as key: String) -> Outcome {
        let bytes = tensors.values.reduce(4096) { $0 + $1.count * $1.dtype.byteCount }
        guard bytes <= limit else {
            makeRoom(for: 0, besides: "")
            return .tooLarge(bytes: bytes)
        }
        do {
            try WholeFolder.make(folder, mode: 0o700)
            makeRoom(for: bytes, besides: path(of: key))
            try Safetensors.write(
                tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) },
                metadata: [Self.checksumName: Self.checksum(of: tensors)], to: path(of: key),
                replacing: true, mode: 0o600)
            return .kept
        } catch {
            return .failed(reason: "\(error)")
        }
    }

    private static let checksumName = "sha256"
    private static let ending = ".safetensors"

    private func path(of key: String) -> String { "\(folder)/\(key)\(Self.ending)" }

    private static func checksum(of tensors: [String: Tensor]) -> String {
        var digest = Digest()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            digest.add("\(name)\n")
            digest.add(tensor)
        }
        return digest.hexadecimal()
    }

    /// Removes files that were not used for longest until so many more bytes fit, and what interrupted writers left.
    private func makeRoom(for bytes: Int, besides path: String) {
        let manager = FileManager.default
        Temporaries.removeLeftovers(in: folder, olderThan: 3600)
        var files: [(path: String, size: Int, used: Date)] = []
        for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] where name.hasSuffix(Self.ending)
        {
            let file = "\(folder)/\(name)"
            guard file != path, let facts = try? manager.attributesOfItem(atPath: file) else { continue }
            let used = facts[.modificationDate] as? Date ?? .distantPast
            files.append((file, (facts[.size] as? NSNumber)?.intValue ?? 0, used))
        }
        var total = files.reduce(bytes) { $0 + $1.size }
        for file in files.sorted(by: { ($0.used, $0.path) < ($1.used, $1.path) }) where total > limit {
            try? manager.removeItem(atPath: file.path)
            total -= file.size
        }
    }
}
