import Diffusion
import Tensors

extension EditContext {
    /// An image from fresh noise under a prompt, by DDIM with the request's guidance; with a mask, what must stay is put
    /// back at every level, noised with the same noise.
    ///
    /// For methods that have learnt what the image shows and need nothing else of it. Draws one noise.
    /// - Parameters:
    ///   - session: over the model that was tuned; the context's own where nil.
    ///   - trace: what else the method names.
    func painted(
        under prompt: Conditioning, in session: DiffusionSession? = nil, trace: [String: Tensor]
    ) throws -> EditOutput {
        let painter = session ?? self.session
        let negative = try session.map { try $0.conditioning(like: self.negative) } ?? self.negative
        let away = Guidance(awayFrom: negative, scale: guidance)
        return try painted(trace: trace) { latent, level in
            try painter.predict([Query(latent, at: level, prompt: prompt, guidance: away)])[0]
        }
    }

    /// The same by noises that a method predicts in ways of its own.
    /// - Parameter predict: the noise in a latent at a level.
    func painted(
        trace: [String: Tensor], predicting predict: (Tensor, NoiseLevel) throws -> Tensor
    ) throws -> EditOutput {
        let noise = freshNoise()
        let start =
            startStep == levels.count - 1 ? noise : DDIM.addNoise(clean, noise, to: levels[startStep])
        let latent = try session.sample(
            start, from: startStep, of: levels, predicting: predict,
            each: { index, latent in
                EditContext.blend(latent, over: DDIM.addNoise(clean, noise, to: levels[index]), mask: mask)
            })
        return EditOutput(latent, mask: mask, trace: trace.merging(["noised_latent": start]) { $1 })
    }
}

extension DiffusionSession {
    /// A conditioning of another session for this one's model, whose keys and values are its own.
    func conditioning(like other: Conditioning) throws -> Conditioning {
        if let text = other.text { return try prompt(text) }
        return Conditioning(embedding: other.embedding, pooled: other.pooled)
    }
}
