public import Tensors

/// Euler's rule in u = x/√ᾱ over σ = √(1/ᾱ - 1), without fresh noise: DDIM's step on levels that end clean.
///
/// Karras, Aittala, Aila and Laine 2022, as k-diffusion and diffusers' `EulerDiscreteScheduler` sample: u' = u + (σ' - σ)·ε.
public struct Euler: Sampler {
    /// Whether pure noise enters as σ·z of the first level in u, and not with the variance of a noised image.
    ///
    /// So diffusers starts on spacings that reach the last timestep; it makes the latent 0.2 % smaller there.
    public let startsAtSigma: Bool

    /// The sampler as it starts along a schedule.
    public init(along schedule: NoiseSchedule = .stableDiffusion) {
        startsAtSigma = schedule.spacing(orElse: .linspace) != .leading
    }

    /// What records and messages call it.
    public var name: String { "Euler" }

    /// The levels of the schedule's spacing, between timesteps where they are spaced evenly; no noise at the end.
    public func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory {
        try schedule.eulerLevels(steps: steps)
    }

    /// u + (σ' - σ)·ε, brought back by √ᾱ'.
    public func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        DDIM().mean(estimate, after: previous, to: end)
    }

    /// None.
    public func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double { 0 }

    /// Never.
    public func drawsNoise(to end: NoiseLevel) -> Bool { false }

    /// The noise itself, or √(1-ᾱ) of it where it enters as σ·z.
    public func start(_ noise: Tensor, at level: NoiseLevel) -> Tensor {
        startsAtSigma ? noise * level.sqrtOneMinusAlphaBar : noise
    }
}
