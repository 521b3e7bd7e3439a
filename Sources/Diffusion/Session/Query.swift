public import Networks
public import Tensors

/// A question to the network: how much noise a latent holds, given a prompt and classifier-free guidance.
public struct Query {
    /// The latent, [1, C, h, w].
    public var latent: Tensor
    /// The level the latent is at, which says how to read noise from a velocity.
    public var level: NoiseLevel
    /// The timestep passed to the UNet; the level's own, but that of the destination in an inversion.
    public var timestep: Int
    /// The conditioning: what the image should show.
    public var prompt: Conditioning
    /// What the conditional estimate is led away from; nil asks the prompt alone.
    public var guidance: Guidance?
    /// What is recorded or edited inside the network in the conditional row.
    public var plan: Plan
    /// Further input channels [1, C', h, w] of networks that want them (mask, masked image, second image).
    public var extra: Tensor?

    /// A question about a latent at a level.
    public init(
        _ latent: Tensor, at level: NoiseLevel, timestep: Int? = nil, prompt: Conditioning,
        guidance: Guidance? = nil,
        plan: Plan = .none, extra: Tensor? = nil
    ) {
        self.latent = latent
        self.level = level
        self.timestep = timestep ?? level.timestep
        self.prompt = prompt
        self.guidance = guidance
        self.plan = plan
        self.extra = extra
    }
}

/// How many rows may share a forward pass.
public struct BatchLimits: Sendable, Hashable {
    /// Bytes that the activations of one pass may take, as `DiffusionModel.bytesPerRow` estimates them.
    public var bytes: Int
    /// Rows, however small they are.
    public var rows: Int

    /// Limits; by default 2 GiB and 32 rows.
    public init(bytes: Int = 2 << 30, rows: Int = 32) {
        self.bytes = bytes
        self.rows = rows
    }

    /// Rows of a pass whose rows take so many bytes: at least one.
    func rows(of bytesPerRow: Int) -> Int { max(min(rows, bytes / max(bytesPerRow, 1)), 1) }
}
