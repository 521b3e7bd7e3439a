import Diffusion
import Layers
import Support
import Tensors

extension EditContext {
    /// What a method tunes for this image and these prompts, what is kept of an earlier run with the same, or what the
    /// request's file of tuned things holds.
    ///
    /// A second edit of the same image with another seed, other steps or another guidance tunes nothing.
    /// - Parameters:
    ///   - name: of the method and its stage.
    ///   - prompts: what the result depends on beside the image and the model.
    ///   - settings: what else it depends on, by name.
    ///   - shapes: what the result holds, by name, beside the losses.
    ///   - steps: how many losses there will be.
    ///   - lighter: what to do where there is no memory for it, as a sentence goes on after "or".
    ///   - compute: the tuning itself; gets where its checkpoints lie, where any are kept.
    func tuned(
        _ name: String, of prompts: [Conditioning], settings: [String: String], shapes: [String: [Int]],
        steps: Int, lighter: Message? = nil,
        compute: (Checkpoints?) throws -> (tensors: [String: Tensor], losses: [Float])
    ) throws -> Tuned {
        if let tunedFile {
            return try tunedFile.tuned(name, shapes: shapes, device: clean.device)
        }
        return try TuningCache(
            session: session, cache: inversionSettings.cache, isForFile: isForFile
        ).tuned(
            name, of: [clean] + prompts.map(\.embedding), settings: settings, shapes: shapes, steps: steps,
            lighter: lighter, compute: compute)
    }

    /// An embedding, or some rows of one, moved by Adam down the denoising loss of the image while the network rests; or
    /// what is kept of an earlier run with the same.
    /// - Parameters:
    ///   - name: of the method and its stage.
    ///   - key: what the result is called.
    ///   - start: where it begins, [1, n, D].
    ///   - prompt: the prompt whose embedding it belongs to.
    ///   - settings: what the result depends on beside the steps and their rate, by name.
    ///   - conditioning: what the network is conditioned on with the rows as they are, in the dtype of `start`.
    func learnt(
        _ name: String, as key: String, from start: Tensor, of prompt: Conditioning,
        settings: [String: String], by tuning: Tuning, conditioning: (Tensor) -> Conditioning
    ) throws -> Tuned {
        let all = settings.merging([
            "steps": "\(tuning.steps)", "rate": "\(tuning.learningRate)",
        ]) { $1 }
        let tuned = try tuned(
            name, of: [prompt], settings: all, shapes: [key: start.shape], steps: tuning.steps
        ) { checkpoints in
            // Learnt in float32 even where the network computes in less: such small steps would vanish.
            let leaf = start.to(dtype: start.dtype == .float64 ? .float64 : .float32).copied.requiringGradient
            let parameters = ParameterSet(
                names: [key], working: [leaf], masters: [leaf], weightDecay: 0, averageDecay: nil)
            var tuning = tuning
            tuning.checkpoints = checkpoints
            let losses = try tuning.run(parameters, in: session) {
                conditioning(leaf.to(dtype: start.dtype))
            }
            return ([key: leaf.detached.to(dtype: start.dtype)], losses)
        }
        // A file may have been made where the network computes in another type.
        return Tuned(
            tensors: tuned.tensors.merging([key: tuned[key].to(dtype: start.dtype)]) { $1 },
            checkpoints: tuned.checkpoints)
    }
}
