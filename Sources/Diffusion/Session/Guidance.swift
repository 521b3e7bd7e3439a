public import Networks
public import Tensors

/// Classifier-free guidance (Ho and Salimans 2022): the conditional estimate, exaggerated away from the unconditional
/// one.
///
/// ε̃ = ε_∅ + g·(ε_P - ε_∅); scale 1 is the conditional estimate alone.
public func classifierFreeGuidance(unconditional: Tensor, conditional: Tensor, scale: Double) -> Tensor {
    scale == 1 ? conditional : unconditional + (conditional - unconditional) * scale
}

/// What a query's conditional estimate is led away from, and how far.
///
/// Scale 1 leaves the unconditional estimate without a say, and a prompt that is led away from itself is its own
/// estimate; in both cases the unconditional row is not asked.
public struct Guidance {
    /// The negative (unconditional) prompts, with shares that sum to 1; their estimates' mean is ε_∅.
    public var negatives: [(prompt: Conditioning, share: Double)]
    /// Guidance scale (g).
    public var scale: Double
    /// What is recorded or edited inside the network in the unconditional rows.
    ///
    /// They come after the conditional row, and so may read what that one records.
    public var plan: Plan
    /// The latent that the unconditional rows see, where it is not the query's, [1, C, h, w].
    public var latent: Tensor?

    /// Guidance away from one prompt.
    public init(awayFrom negative: Conditioning, scale: Double, plan: Plan = .none, latent: Tensor? = nil) {
        self.init(awayFrom: [(negative, 1)], scale: scale, plan: plan, latent: latent)
    }

    /// Guidance away from a mean of several prompts' estimates; none at all is no guidance.
    public init(
        awayFrom negatives: [(prompt: Conditioning, share: Double)], scale: Double, plan: Plan = .none,
        latent: Tensor? = nil
    ) {
        self.negatives = negatives
        self.scale = scale
        self.plan = plan
        self.latent = latent
    }

    /// Whether the estimate under a prompt needs the unconditional rows.
    func counts(for prompt: Conditioning) -> Bool {
        guard scale != 1, !negatives.isEmpty else { return false }
        return latent != nil || negatives.count > 1 || negatives[0].prompt !== prompt
    }
}

/// The two estimates that guidance joins, each [1, C, h, w].
public struct Halves {
    /// The estimate under the negative prompt (ε_∅); nil where it was not asked.
    public var unconditional: Tensor?
    /// The estimate under the prompt (ε_P).
    public var conditional: Tensor

    /// The guided noise (ε̃); the conditional estimate where there is no other.
    public func guided(scale: Double) -> Tensor {
        guard let unconditional else { return conditional }
        return classifierFreeGuidance(unconditional: unconditional, conditional: conditional, scale: scale)
    }
}
