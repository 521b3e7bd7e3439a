public import Tensors

/// A way from noise to a latent image: the levels it halts at, and a step as a pure function of what is known there.
///
/// Nothing is kept between steps. A sampler of higher order is handed the estimate of the step before, which knows the one
/// before it; one that adds noise is handed the noise.
public protocol Sampler: Sendable {
    /// What records and messages call it.
    var name: String { get }
    /// The N + 1 levels that N steps lead through.
    /// - Throws: `DiffusionError.badSteps` where the schedule has no room for so many.
    func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory
    /// Where sampling from pure noise begins: the noise itself, unless the sampler has it otherwise.
    func start(_ noise: Tensor, at level: NoiseLevel) -> Tensor
    /// The estimate with the latent that the last step should have led to, now that this one is known.
    /// - Parameter previous: the estimate of the step before; nil in the first.
    func corrected(_ estimate: Estimate, after previous: Estimate?) -> Estimate
    /// Where a step leads on average (μ), [1, C, h, w].
    /// - Parameter previous: the estimate of the step before; nil in the first.
    func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor
    /// What a step's fresh noise is multiplied by (σ).
    func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double
    /// Whether a step wants fresh noise at all, be it multiplied by zero.
    func drawsNoise(to end: NoiseLevel) -> Bool
}

extension Sampler {
    /// The latent at the next level: μ + σ·z.
    /// - Parameter noise: standard normal noise of the latent's shape (z); without it the step leads to its mean.
    public func step(
        _ estimate: Estimate, after previous: Estimate? = nil, to end: NoiseLevel, noise: Tensor? = nil
    ) -> Tensor {
        let mean = mean(estimate, after: previous, to: end)
        let deviation = deviation(from: estimate.level, to: end)
        guard let noise, drawsNoise(to: end) else { return mean }
        return mean + noise * deviation
    }

    /// The noise itself.
    public func start(_ noise: Tensor, at level: NoiseLevel) -> Tensor { noise }

    /// Nothing is corrected.
    public func corrected(_ estimate: Estimate, after previous: Estimate?) -> Estimate { estimate }

    /// The levels that the schedule cuts for DDIM.
    public func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory {
        try schedule.levels(steps: steps)
    }
}

/// What the network sees in a latent: the noise, and by it the clean latent.
public struct Estimate {
    /// The latent (x), [1, C, h, w].
    public let latent: Tensor
    /// The noise in it (ε), [1, C, h, w].
    public let noise: Tensor
    /// The level it is at.
    public let level: NoiseLevel
    /// The estimate of the step before and none before that; empty in the first step.
    private var past: [Estimate] = []
    /// The estimate of the step before; nil in the first.
    public var earlier: Estimate? { past.first }

    /// An estimate.
    public init(_ latent: Tensor, noise: Tensor, at level: NoiseLevel) {
        self.latent = latent
        self.noise = noise
        self.level = level
    }

    /// The estimate as the one that follows another.
    func following(_ previous: Estimate?) -> Estimate {
        var next = self
        next.past = previous.map { [Estimate($0.latent, noise: $0.noise, at: $0.level)] } ?? []
        return next
    }

    /// The predicted clean latent, x̂₀ = (x - √(1-ᾱ)·ε)/√ᾱ.
    public var predictedOriginal: Tensor { DDIM.predictedOriginal(latent, noise, at: level) }

    /// The estimate whose predicted clean latent is another one and whose noise is the same: what x̂₀ is guided by.
    public func replacing(predictedOriginal clean: Tensor) -> Estimate {
        Estimate(DDIM.addNoise(clean, noise, to: level), noise: noise, at: level)
    }
}
