import Diffusion
import Foundation
import Layers
import Support
import Tensors

/// What was tuned for an image, or was kept of it, and the losses of all steps on the way.
struct Tuned {
    /// What was tuned, by name.
    let tensors: [String: Tensor]
    /// Whether an earlier run had done all of it.
    let isKept: Bool

    /// The tensor of a name that the method promised.
    subscript(_ name: String) -> Tensor {
        guard let tensor = tensors[name] else { preconditionFailure("nothing is kept as \(name)") }
        return tensor
    }
}

extension EditContext {
    /// Raised when what was tuned by an older program must not be used.
    private static var tuningVersion: Int { 1 }

    /// What a method tunes for this image and these prompts, or what is kept of an earlier run with the same.
    ///
    /// A second edit of the same image with another seed, other steps or another guidance tunes nothing. An interrupted
    /// run leaves checkpoints beside what is kept, by which the same request goes on.
    /// - Parameters:
    ///   - name: of the method and its stage.
    ///   - prompts: what the result depends on beside the image and the model.
    ///   - settings: what else it depends on, by name.
    ///   - shapes: what the result holds, by name, beside the losses.
    ///   - steps: how many losses there will be.
    ///   - compute: the tuning itself; gets where its checkpoints lie, where any are kept.
    func tuned(
        _ name: String, of prompts: [Conditioning], settings: [String: String], shapes: [String: [Int]],
        steps: Int, compute: (Checkpoints?) throws -> (tensors: [String: Tensor], losses: [Float])
    ) throws -> Tuned {
        guard let cache = inversionSettings.cache else {
            let (tensors, losses) = try compute(nil)
            return Tuned(tensors: tensors.merging(["losses": Tensor(losses)]) { $1 }, isKept: false)
        }
        let key = tuningKey(name, of: prompts, settings: settings)
        let wanted = shapes.merging(["losses": [steps]]) { $1 }
        if let found = cache.tensors(key, shapes: wanted, device: clean.device) {
            return Tuned(tensors: found, isKept: true)
        }
        let folder = cache.folder + "/tuning"
        var checkpoints: Checkpoints?
        do {
            try WholeFolder.make(cache.folder, mode: 0o700)
            try WholeFolder.make(folder, mode: 0o700)
            checkpoints = Checkpoints(folder: folder, stage: String(key.prefix(32)))
        } catch {
            session.warn("no checkpoints of the tuning are kept: \(error)")
        }
        let (tensors, losses) = try compute(checkpoints)
        let made = tensors.merging(["losses": Tensor(losses)]) { $1 }.mapValues { $0.detached.contiguous }
        if let reason = cache.keep(made, as: key) {
            session.warn("what was tuned was not kept: \(reason)")
        } else {
            checkpoints?.remove()
        }
        return Tuned(tensors: made, isKept: false)
    }

    /// A name for everything that a tuning depends on; file names are no part of it.
    private func tuningKey(
        _ name: String, of prompts: [Conditioning], settings: [String: String]
    ) -> String {
        var digest = Digest()
        digest.add("pentimento tuning \(Self.tuningVersion)\n\(name)\n")
        digest.add("\(session.model.facts.fingerprint)\n\(clean.device)\n")
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) { digest.add("\(name)=\(value)\n") }
        for tensor in [clean] + prompts.map(\.embedding) { digest.add(tensor) }
        return digest.hexadecimal()
    }
}
