public import Diffusion
public import Tensors

/// A real image's way to noise, with all that is needed to reconstruct it.
///
/// Methods sample from `start`: at level k they guide away from `negative(at:)`, move by `step(_:_:from:)`, and pass
/// the source branch (the one that should come back to the image) through `source(_:reaching:)`.
public struct InvertedTrajectory {
    /// How it was made.
    public let kind: InversionKind
    /// The trajectory of the schedule that it belongs to.
    public let levels: Trajectory
    /// Latents of levels 0…startStep (x₀…x_K), each [1, C, h, w]; the first is the image's own.
    public let latents: [Tensor]
    /// The prompt of the source branch.
    public let prompt: Conditioning
    /// What guidance leads away from on the way down from level k, at index k - 1; empty where the inversion has no
    /// say.
    public var negatives: [Conditioning] = []
    /// The noise that the step down from level k adds (z_k), at index k - 1; empty for deterministic steps.
    public var noises: [Tensor] = []
    /// The guidance at which the source branch passes through the latents (g_src); nil where it is the request's.
    public var guidance: Double?

    /// Whether it was found in a cache as a whole, and cost nothing.
    public var isKept = false

    /// An inverted trajectory of known latents.
    public init(_ kind: InversionKind, levels: Trajectory, latents: [Tensor], prompt: Conditioning) {
        precondition(
            !latents.isEmpty && latents.count <= levels.count, "a path has a latent for every level it climbs"
        )
        self.kind = kind
        self.levels = levels
        self.latents = latents
        self.prompt = prompt
    }

    /// How many levels it reaches (K).
    public var startStep: Int { latents.count - 1 }

    /// Where the way down begins (x_K).
    public var start: Tensor { latents[startStep] }

    /// What guidance leads away from on the step down from level k.
    public func negative(at k: Int, or usual: Conditioning) -> Conditioning {
        negatives.isEmpty ? usual : negatives[k - 1]
    }

    /// The sampler whose steps lead along it.
    public var sampler: DDIM { DDIM(eta: noises.isEmpty ? 0 : 1) }

    /// The noise that the step down from level k adds; nil where steps are deterministic.
    public func freshNoise(from k: Int) -> Tensor? { noises.isEmpty ? nil : noises[k - 1] }

    /// The latent of level k - 1 from that of level k and the noise estimated in it, in any branch.
    public func step(_ latent: Tensor, _ noise: Tensor, from k: Int) -> Tensor {
        sampler.step(
            Estimate(latent, noise: noise, at: levels[k]), to: levels[k - 1], noise: freshNoise(from: k))
    }

    /// What the source branch goes on with after a step to level k: the stored latent where the inversion wants it so.
    ///
    /// Those are direct inversion, by its nature, and edit-friendly inversion, whose stored latents are the way back at
    /// the guidance it was made with.
    public func source(_ stepped: Tensor, reaching k: Int) -> Tensor {
        kind.description.isExact ? latents[k] : stepped
    }

    /// Samples the source branch from `start` back to the clean latent, as methods do.
    ///
    /// - `guidance`: the request's.
    /// - `negative`: what guidance leads away from where the path does not say.
    public func reconstruct(
        by session: DiffusionSession, guidance: Double, negative: Conditioning,
        stage: String = "reconstructing"
    ) throws -> Tensor {
        try session.sample(
            start, from: startStep, of: levels, by: sampler, fresh: freshNoise, stage: stage,
            predicting: {
                try session.noise(
                    in: $0, at: $1, prompt: prompt, negative: self.negative(at: $1.index, or: negative),
                    scale: guidance)
            },
            each: { source($1, reaching: $0) })
    }
}
