import Diffusion
import Foundation
import Layers
import Support
import Tensors

/// What was tuned, or was kept of it, and the losses of all steps on the way.
struct Tuned {
    /// What was tuned, by name, and the losses.
    let tensors: [String: Tensor]
    /// The checkpoints by which a run goes on that is not kept as a whole.
    var checkpoints: Checkpoints?

    /// The tensor of a name that the method promised.
    subscript(_ name: String) -> Tensor {
        guard let tensor = tensors[name] else { preconditionFailure("nothing is kept as \(name)") }
        return tensor
    }
}

/// Keeps what was tuned with the inversions, and the checkpoints of runs that were interrupted below them.
struct TuningCache {
    /// Raised when what was tuned by an older program must not be used.
    private static let version = 1

    /// The job, whose model the results belong to.
    let session: DiffusionSession
    /// Where results are kept; nil keeps none, and no checkpoints.
    let cache: InversionCache?
    /// Whether the results go into a file of their own, so that nobody misses what is too large for the cache.
    var isForFile = false

    /// What `compute` tunes, or what is kept of an earlier run with the same.
    ///
    /// An interrupted run leaves checkpoints, by which the same request goes on; they are removed once the whole is kept.
    /// - Parameters:
    ///   - name: of the method and its stage.
    ///   - tensors: what the result depends on: latents, embeddings.
    ///   - settings: what else it depends on, by name.
    ///   - shapes: what the result holds, by name, beside the losses.
    ///   - steps: how many losses there will be.
    ///   - lighter: what to do where there is no memory for it, as a sentence goes on after "or".
    ///   - compute: the tuning itself; gets where its checkpoints lie, where any are kept.
    /// - Throws: `EditingError.noMemoryToTune`, and what `compute` throws.
    func tuned(
        _ name: String, of tensors: [Tensor], settings: [String: String], shapes: [String: [Int]],
        steps: Int, lighter: Message? = nil,
        compute: (Checkpoints?) throws -> (tensors: [String: Tensor], losses: [Float])
    ) throws -> Tuned {
        func whole(_ checkpoints: Checkpoints?) throws -> [String: Tensor] {
            do {
                let (tensors, losses) = try guardingMemory { try compute(checkpoints) }
                return tensors.merging(["losses": Tensor(losses)]) { $1 }
            } catch TensorError.outOfMemory(let bytes) {
                throw EditingError.noMemoryToTune(bytes: bytes, lighter: lighter)
            }
        }
        guard let cache else {
            return Tuned(tensors: try whole(nil).mapValues { $0.detached.contiguous })
        }
        let device = session.model.device
        let key = InversionCache.key(
            "tuning \(Self.version)", name, of: tensors, on: session.model, device: device,
            lines: settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        var checkpoints: Checkpoints?
        let (made, outcome) = try cache.tensors(
            key, shapes: shapes.merging(["losses": [steps]]) { $1 }, device: device
        ) {
            checkpoints = self.checkpoints(in: cache, key)
            return try whole(checkpoints)
        }
        switch outcome {
        case nil, .kept: checkpoints?.remove()
        case .tooLarge where isForFile: break
        case .tooLarge(let bytes):
            session.warn(
                "what was tuned takes \(bytes) bytes and at most \(cache.limit) are kept, so the next edit tunes again "
                    + "from the last checkpoint on")
        case .failed(let reason): session.warn("what was tuned was not kept: \(reason)")
        case .notFinite: break
        }
        return Tuned(
            tensors: made, checkpoints: outcome == nil || outcome == .kept ? nil : checkpoints)
    }

    /// Where the checkpoints of a run lie; nil, with a warning, where none can be written.
    private func checkpoints(in cache: InversionCache, _ key: String) -> Checkpoints? {
        let folder = cache.folder + "/tuning"
        do {
            try WholeFolder.make(cache.folder, mode: 0o700)
            try WholeFolder.make(folder, mode: 0o700)
            // What a writer left that was killed.
            Temporaries.removeLeftovers(in: folder, olderThan: 3600)
            return Checkpoints(folder: folder, stage: String(key.prefix(32)))
        } catch {
            session.warn("no checkpoints of the tuning are kept: \(error)")
            return nil
        }
    }
}
