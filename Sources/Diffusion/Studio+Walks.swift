public import Tensors

/// Walks along the levels of a trajectory.
extension Studio {
    /// The noise in a latent under guidance; at scale 1 the empty prompt is not asked.
    ///
    /// - `timestep`: what the network is told, where it is not the level's own.
    /// - `empty`: what guidance leads away from: the empty prompt, or a negative one.
    /// - `extra`: further input channels of networks that want them.
    public func noise(
        in latent: Tensor, at level: Level, told timestep: Int? = nil, prompt: Prompt,
        against empty: Prompt? = nil, scale: Double = 1, extra: Tensor? = nil
    ) throws -> Tensor {
        let prompted = Query(latent, at: level, told: timestep, prompt: prompt, extra: extra)
        guard let empty, empty !== prompt, scale != 1 else { return try predict([prompted])[0] }
        let noises = try predict([
            Query(latent, at: level, told: timestep, prompt: empty, extra: extra), prompted,
        ])
        return guided(empty: noises[0], prompted: noises[1], scale: scale)
    }

    /// DDIM inversion: the latents of levels 0…`top` on the way from a clean latent to noise, all of them.
    ///
    /// x_k = move(x_{k-1}, ε(x_{k-1}, t_k), k-1 → k): the cleaner latent is shown with the timestep it is
    /// moved to (convention A, which mirrors the sampler's pairs of levels exactly).
    public func invert(
        _ clean: Tensor, through levels: Levels, to top: Int, prompt: Prompt, against empty: Prompt? = nil,
        scale: Double = 1, stage: String = "encoding"
    ) throws -> [Tensor] {
        var path = [clean]
        guard top > 0 else { return path }
        for k in steps(stage, 1...top) {
            let noise = try noise(
                in: path[k - 1], at: levels[k - 1], told: levels[k].timestep, prompt: prompt, against: empty,
                scale: scale)
            path.append(DDIM.move(path[k - 1], noise, from: levels[k - 1], to: levels[k]))
        }
        return path
    }

    /// DDIM sampling from level `top` down to the clean latent.
    ///
    /// - `each`: gets the index and latent of every level reached, and answers the latent to go on
    ///   with.
    public func sample(
        _ latent: Tensor, from top: Int, of levels: Levels, prompt: Prompt, against empty: Prompt? = nil,
        scale: Double = 1, stage: String = "decoding", each: (Int, Tensor) throws -> Tensor = { $1 }
    ) throws -> Tensor {
        var latent = latent
        guard top > 0 else { return latent }
        for k in steps(stage, (1...top).reversed()) {
            let noise = try noise(
                in: latent, at: levels[k], prompt: prompt, against: empty, scale: scale)
            latent = try each(k - 1, DDIM.move(latent, noise, from: levels[k], to: levels[k - 1]))
        }
        return latent
    }
}
