public import Tensors

/// Sampling and inverting along the levels of a trajectory.
extension DiffusionSession {
    /// The guided noise in a latent; at scale 1 the negative prompt is not asked.
    ///
    /// - `timestep`: the timestep passed to the UNet, where it is not the level's own.
    /// - `negative`: the negative (unconditional) prompt.
    /// - `extra`: further input channels of networks that want them.
    public func noise(
        in latent: Tensor, at level: NoiseLevel, timestep: Int? = nil, prompt: Conditioning,
        negative: Conditioning? = nil, scale: Double = 1, extra: Tensor? = nil
    ) throws -> Tensor {
        let query = Query(
            latent, at: level, timestep: timestep, prompt: prompt,
            guidance: negative.map { Guidance(awayFrom: $0, scale: scale) }, extra: extra)
        return try predict([query])[0]
    }

    /// DDIM inversion of many latents side by side: for each the latents of levels 0…`top`, all of them.
    ///
    /// x_k = step(x_{k-1}, ε(x_{k-1}, t_k), k-1 → k): the cleaner latent is shown with the timestep it is moved to
    /// (convention A, which mirrors the sampler's pairs of levels exactly).
    public func invert(
        _ clean: [Tensor], through levels: Trajectory, to top: Int, prompts: [Conditioning],
        guidance: Guidance? = nil,
        stage: String = "encoding"
    ) throws -> [[Tensor]] {
        var paths = clean.map { [$0] }
        guard top > 0 else { return paths }
        for k in steps(stage, 1...top) {
            let noises = try predict(
                zip(paths, prompts).map {
                    Query(
                        $0[k - 1], at: levels[k - 1], timestep: levels[k].timestep, prompt: $1,
                        guidance: guidance)
                })
            for (index, noise) in noises.enumerated() {
                paths[index].append(
                    DDIM.step(paths[index][k - 1], noise, from: levels[k - 1], to: levels[k]))
            }
        }
        return paths
    }

    /// DDIM inversion: the latents of levels 0…`top` on the way from a clean latent to noise, all of them.
    public func invert(
        _ clean: Tensor, through levels: Trajectory, to top: Int, prompt: Conditioning,
        negative: Conditioning? = nil,
        scale: Double = 1, stage: String = "encoding"
    ) throws -> [Tensor] {
        try invert(
            [clean], through: levels, to: top, prompts: [prompt],
            guidance: negative.map { Guidance(awayFrom: $0, scale: scale) }, stage: stage)[0]
    }

    /// Sampling of many latents side by side, from level `top` down to the clean ones.
    ///
    /// - Parameters:
    ///   - sampler: how each step is made; DDIM without noise where nothing is said.
    ///   - fresh: standard normal noise for the step down from a level, asked latent by latent where the sampler draws
    ///     some.
    ///   - predict: the noise in the latents of a level.
    ///   - guiding: changes what the network sees before the step is made, such as the predicted clean latent (x̂₀).
    ///   - each: gets the index of the level reached and the latents there, and answers those to go on with; where it
    ///     answers others than it got, a sampler of higher order begins anew.
    public func sample(
        _ latents: [Tensor], from top: Int, of levels: Trajectory, by sampler: any Sampler = DDIM(),
        fresh: (Int) -> Tensor? = { _ in nil }, stage: String = "decoding",
        predicting predict: ([Tensor], NoiseLevel) throws -> [Tensor],
        guiding: (Estimate) throws -> Estimate = { $0 },
        each: (Int, [Tensor]) throws -> [Tensor] = { $1 }
    ) throws -> [Tensor] {
        var latents = latents
        guard top > 0 else { return latents }
        var last: [Estimate?] = latents.map { _ in nil }
        for k in steps(stage, (1...top).reversed()) {
            let (start, end) = (levels[k], levels[k - 1])
            let seen = try zip(latents, try predict(latents, start)).map {
                try guiding(Estimate($0, noise: $1, at: start))
            }
            let estimates = zip(seen, last).map { sampler.corrected($0, after: $1).following($1) }
            // Where a source is walked along, it is the first.
            try show(estimates.last, stage: stage, step: top - k + 1, of: top)
            let stepped = zip(estimates, last).map {
                sampler.step($0, after: $1, to: end, noise: sampler.drawsNoise(to: end) ? fresh(k) : nil)
            }
            latents = try each(k - 1, stepped)
            // What was put back into a latent is not in the estimates before it: there is no leading on from those.
            last = zip(estimates, zip(stepped, latents)).map { $1.0.identity == $1.1.identity ? $0 : nil }
        }
        return latents
    }

    /// Sampling of one latent, as of many.
    public func sample(
        _ latent: Tensor, from top: Int, of levels: Trajectory, by sampler: any Sampler = DDIM(),
        fresh: (Int) -> Tensor? = { _ in nil }, stage: String = "decoding",
        predicting predict: (Tensor, NoiseLevel) throws -> Tensor,
        guiding: (Estimate) throws -> Estimate = { $0 },
        each: (Int, Tensor) throws -> Tensor = { $1 }
    ) throws -> Tensor {
        try sample(
            [latent], from: top, of: levels, by: sampler, fresh: fresh, stage: stage,
            predicting: { [try predict($0[0], $1)] }, guiding: guiding, each: { [try each($0, $1[0])] })[0]
    }

    /// Sampling of many latents side by side, each under its prompt, by DDIM.
    ///
    /// - `each`: as of the general form.
    public func sample(
        _ latents: [Tensor], from top: Int, of levels: Trajectory, prompts: [Conditioning],
        guidance: Guidance? = nil,
        stage: String = "decoding", each: (Int, [Tensor]) throws -> [Tensor] = { $1 }
    ) throws -> [Tensor] {
        try sample(
            latents, from: top, of: levels, stage: stage,
            predicting: { latents, level in
                try predict(
                    zip(latents, prompts).map { Query($0, at: level, prompt: $1, guidance: guidance) })
            },
            each: each)
    }

    /// Sampling of one latent under a prompt, by DDIM.
    ///
    /// - `each`: gets the index and latent of every level reached, and answers the latent to go on with.
    public func sample(
        _ latent: Tensor, from top: Int, of levels: Trajectory, prompt: Conditioning,
        negative: Conditioning? = nil,
        scale: Double = 1, stage: String = "decoding", each: (Int, Tensor) throws -> Tensor = { $1 }
    ) throws -> Tensor {
        try sample(
            [latent], from: top, of: levels, prompts: [prompt],
            guidance: negative.map { Guidance(awayFrom: $0, scale: scale) }, stage: stage,
            each: { [try each($0, $1[0])] })[0]
    }
}
