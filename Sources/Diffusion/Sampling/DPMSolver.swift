import Foundation
public import Tensors

/// DPM-Solver++ of second order with two estimates (2M), deterministic or as a stochastic differential equation.
///
/// Lu, Zhou, Bao, Chen, Li and Zhu, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion Probabilistic Models",
/// 2022. In λ = log(√ᾱ/√(1-ᾱ)), with h the step in λ and D the predicted clean latent, led on by half its last change:
///       σ_t/σ_s·x + √ᾱ_t·(1 - e⁻ʰ)·D, and as a stochastic equation σ_t/σ_s·e⁻ʰ·x + √ᾱ_t·(1 - e⁻²ʰ)·D + σ_t·√(1 -
///       e⁻²ʰ)·z.
public struct DPMSolver: Sampler {
    /// Whether each step adds fresh noise.
    public let isStochastic: Bool

    /// Whether its levels lie evenly in σ^(1/7), see `NoiseSchedule.karrasLevels(steps:)`.
    public let isKarras: Bool

    /// A solver.
    public init(isStochastic: Bool = false, isKarras: Bool = false) {
        self.isStochastic = isStochastic
        self.isKarras = isKarras
    }

    /// What records and messages call it.
    public var name: String { "DPM-Solver++ 2M" + (isStochastic ? " SDE" : "") + (isKarras ? " Karras" : "") }

    /// The solver's own levels, see `NoiseSchedule.solverLevels(steps:)`, or Karras's.
    public func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory {
        try isKarras ? schedule.karrasLevels(steps: steps) : schedule.solverLevels(steps: steps)
    }

    /// Where a step leads on average (μ); of first order where there is no estimate before.
    public func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        let (start, clean) = (estimate.level, estimate.predictedOriginal)
        // e⁻ʰ is the quotient of the sigmas; h is endless where the step ends without noise.
        let decay = end.sigma / start.sigma
        var direction = clean
        if let previous {
            direction +=
                (clean - previous.predictedOriginal) * Self.lead(from: previous.level, over: start, to: end)
        }
        let (kept, left) = isStochastic ? (decay, decay * decay) : (1, decay)
        let shrink = end.sqrtOneMinusAlphaBar / start.sqrtOneMinusAlphaBar * kept
        return estimate.latent * shrink + direction * (end.sqrtAlphaBar * (1 - left))
    }

    /// σ_t·√(1 - e⁻²ʰ), and 0 where it is deterministic.
    public func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double {
        let decay = end.sigma / start.sigma
        return isStochastic ? end.sqrtOneMinusAlphaBar * (1 - decay * decay).squareRoot() : 0
    }

    /// In every stochastic step that does not end clean.
    public func drawsNoise(to end: NoiseLevel) -> Bool { isStochastic && end.sqrtOneMinusAlphaBar > 0 }

    /// How much of the last change of the predicted clean latent a step is led on by: ½·h/h₀, the lengths of this step
    /// and of the one before it in λ; zero where the step ends without noise, which is then of first order.
    package static func lead(from last: NoiseLevel, over start: NoiseLevel, to end: NoiseLevel) -> Double {
        guard end.sigma > 0 else { return 0 }
        return 0.5 * log(start.sigma / end.sigma) / log(last.sigma / start.sigma)
    }
}
