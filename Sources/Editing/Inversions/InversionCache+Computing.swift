import Diffusion
import Tensors

extension InversionCache {
    /// What became of tensors that were computed to be kept.
    enum Outcome: Equatable {
        /// They are kept for the next time.
        case kept
        /// They take more bytes than the cache may hold, and are not kept.
        case tooLarge(bytes: Int)
        /// They could not be written.
        case failed(reason: String)
        /// They hold what is no number, and are not kept.
        case notFinite
    }

    /// A name for everything that a result depends on; file names are no part of it.
    /// - Parameters:
    ///   - kind: what is kept, and its version.
    ///   - tensors: the image's latent, embeddings of prompts and whatever else it was made from.
    ///   - lines: numbers and settings that it depends on.
    static func key(
        _ kind: String, _ name: String, of tensors: [Tensor], on model: any DiffusionModel, device: Device,
        lines: [String]
    ) -> String {
        var digest = Digest()
        digest.add("pentimento \(kind)\n\(name)\n")
        digest.add("\(model.facts.fingerprint)\n\(device)\n")
        for line in lines { digest.add("\(line)\n") }
        for tensor in tensors { digest.add(tensor) }
        return digest.hexadecimal()
    }

    /// The tensors of a key, or what `compute` makes, which is kept for the next time unless it holds what is no number.
    ///
    /// Always in row-major memory, whether computed or read, so that both lead to the same bits later.
    /// - Parameters:
    ///   - shapes: what it must bring, by name; a file that brings anything else is not used.
    /// - Returns: the tensors, and what became of them; nil where they were found.
    func tensors(
        _ key: String, shapes: [String: [Int]], device: Device, compute: () throws -> [String: Tensor]
    ) throws -> (tensors: [String: Tensor], outcome: Outcome?) {
        if let found = tensors(key, shapes: shapes, device: device) { return (found, nil) }
        let made = try compute().mapValues { $0.detached.contiguous }
        return (made, made.values.allSatisfy(\.isFinite) ? keep(made, as: key) : .notFinite)
    }
}
