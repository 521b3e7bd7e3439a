public import Tensors

/// Sampling by a latent consistency model, which predicts the clean latent from any level at once.
///
/// Luo, Tan, Huang, Li and Zhao, "Latent Consistency Models", 2023 (arXiv 2310.04378). With u = 10·t the boundary
/// condition is d = c_out·x̂₀ + c_skip·x, c_skip = ¼/(u² + ¼), c_out = u/√(u² + ¼); a step goes to √ᾱ'·d + √(1-ᾱ')·z and
/// the last one to d.
public struct LCM: Sampler {
    /// The sampler.
    public init() {}

    /// What records and messages call it.
    public var name: String { "LCM" }

    /// Levels among the fifty that such models were taught, see `NoiseSchedule.consistencyLevels(steps:)`.
    public func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory {
        try schedule.consistencyLevels(steps: steps)
    }

    /// √ᾱ'·d.
    public func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        let u = Double(estimate.level.timestep) * 10
        let (skip, out) = (0.25 / (u * u + 0.25), u / (u * u + 0.25).squareRoot())
        let denoised = estimate.predictedOriginal * out + estimate.latent * skip
        return end.index == 0 ? denoised : denoised * end.sqrtAlphaBar
    }

    /// √(1-ᾱ'), and 0 at the end.
    public func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double {
        end.index == 0 ? 0 : end.sqrtOneMinusAlphaBar
    }

    /// In every step but the last.
    public func drawsNoise(to end: NoiseLevel) -> Bool { end.index > 0 }
}

/// Sampling by trajectory consistency distillation: a jump down the trajectory and some noise on top.
///
/// Zheng and others, "Trajectory Consistency Distillation", 2024 (arXiv 2402.19159), strategic stochastic sampling: with
/// s = ⌊(1-γ)·t'⌋ the step goes to y = √ᾱ_s·x̂₀ + √(1-ᾱ_s)·ε and back up to the next level by fresh noise.
public struct TCD: Sampler {
    /// How far below the next level a step jumps (γ), 0 for not at all.
    public let gamma: Double
    private let alphaBars: [Double]

    /// The sampler along a schedule.
    public init(gamma: Double = 0.3, along schedule: NoiseSchedule = .stableDiffusion) {
        self.gamma = gamma
        alphaBars = schedule.alphaBars
    }

    /// What records and messages call it.
    public var name: String { gamma == 0.3 ? "TCD" : "TCD, γ \(gamma)" }

    /// Levels among the fifty that such models were taught, see `NoiseSchedule.consistencyLevels(steps:)`.
    public func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory {
        try schedule.consistencyLevels(steps: steps)
    }

    /// √(ᾱ'/ᾱ_s)·y, and y at the end.
    public func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        let jump = alphaBar(below: end)
        let y =
            estimate.predictedOriginal * jump.squareRoot() + estimate.noise * (1 - jump).squareRoot()
        return end.index == 0 ? y : y * (end.alphaBar / jump).squareRoot()
    }

    /// √(1 - ᾱ'/ᾱ_s), and 0 at the end.
    public func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double {
        end.index == 0 ? 0 : max(1 - end.alphaBar / alphaBar(below: end), 0).squareRoot()
    }

    /// In every step but the last.
    public func drawsNoise(to end: NoiseLevel) -> Bool { end.index > 0 }

    /// ᾱ of the timestep that a step jumps to (ᾱ_s).
    private func alphaBar(below end: NoiseLevel) -> Double {
        // Decimal shares have no exact binary form: 0.7·360 is 251.99….
        let place = ((1 - gamma) * Double(end.timestep) * 1e9).rounded() / 1e9
        return alphaBars[min(max(Int(place.rounded(.down)), 0), alphaBars.count - 1)]
    }
}
