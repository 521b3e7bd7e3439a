import Diffusion
import Tensors

extension DDIM {
    /// The noise that a latent holds if it is a given clean one's.
    static func noise(in latent: Tensor, leadingTo clean: Tensor, at level: Level) -> Tensor {
        (latent - clean * level.signal) / level.spread
    }

    /// Where a random move leads on average (μ): the move with no noise added.
    static func mean(_ latent: Tensor, _ noise: Tensor, from start: Level, to end: Level, eta: Double)
        -> Tensor
    {
        move(latent, noise, from: start, to: end, eta: eta, fresh: latent.zerosLike)
    }
}

extension Studio {
    /// A latent, and the prompt and guidance under which its noise is wanted.
    struct Wanted {
        let latent: Tensor
        let prompt: Prompt
        let scale: Double

        init(_ latent: Tensor, _ prompt: Prompt, scale: Double) {
            self.latent = latent
            self.prompt = prompt
            self.scale = scale
        }
    }

    /// Guided noises of several latents at one level, asked together; scale 1 does not ask the negative
    /// prompt.
    func noises(at level: Level, _ wanted: [Wanted], against negative: Prompt) throws -> [Tensor] {
        let isGuided = wanted.map { $0.scale != 1 && $0.prompt !== negative }
        let answers = try predict(
            zip(wanted, isGuided).flatMap { one, isGuided in
                (isGuided ? [negative] : []).map { Query(one.latent, at: level, prompt: $0) }
                    + [Query(one.latent, at: level, prompt: one.prompt)]
            })
        var next = 0
        return zip(wanted, isGuided).map { one, isGuided in
            defer { next += isGuided ? 2 : 1 }
            return isGuided
                ? guided(empty: answers[next], prompted: answers[next + 1], scale: one.scale) : answers[next]
        }
    }
}
