import Foundation
public import Tensors

/// UniPC of second order in the predicted clean latent (bh2): each estimate first corrects the step that led to it.
///
/// Zhao, Bai, Rao, Zhou and Lu, "UniPC: A Unified Predictor-Corrector Framework for Fast Sampling of Diffusion Models",
/// NeurIPS 2023. In λ = -log σ, with h the step in λ and B = e⁻ʰ - 1, a step without correction goes to
///       σ'√ᾱ'/(σ√ᾱ)·x - √ᾱ'·B·(D + ½·(D_p - D)/r), r = (λ_p - λ)/h, D the predicted clean latent and D_p the one before.
/// The correction of the last step needs no further pass of the network: it leaves D as it was and moves the latent.
public struct UniPC: Sampler {
    /// The sampler.
    public init() {}

    /// What records and messages call it.
    public var name: String { "UniPC" }

    /// The levels of DPM-Solver++, see `NoiseSchedule.solverLevels(steps:)`.
    public func levels(of schedule: NoiseSchedule, steps: Int) throws(DiffusionError) -> Trajectory {
        try schedule.with(spacing: schedule.spacing(orElse: .linspace)).solverLevels(steps: steps)
    }

    /// The estimate whose latent is what the step to it should have led to, now that its end is known.
    public func corrected(_ estimate: Estimate, after previous: Estimate?) -> Estimate {
        guard let previous else { return estimate }
        let (start, end) = (previous.level, estimate.level)
        let (clean, last) = (estimate.predictedOriginal, previous.predictedOriginal)
        let h = log(start.sigma / end.sigma)
        let shrink = end.sigma / start.sigma - 1  // B
        var change = (clean - last) * 0.5
        if let first = previous.earlier {
            let r = log(start.sigma / first.level.sigma) / h
            let one = shrink / -h - 1
            let two = one / -h - 0.5
            let (b1, b2) = (one / shrink, 2 * two / shrink)
            // ρ₁ + ρ₂ = b₁ and rρ₁ + ρ₂ = b₂.
            let rho = (b2 - b1) / (r - 1)
            change = (first.predictedOriginal - last) * (rho / r) + (clean - last) * (b1 - rho)
        }
        let kept = end.sqrtOneMinusAlphaBar / start.sqrtOneMinusAlphaBar
        let latent = previous.latent * kept - (last + change) * (end.sqrtAlphaBar * shrink)
        return Estimate(latent, noise: DDIM.noise(in: latent, leadingTo: clean, at: end), at: end)
    }

    /// Where a step leads; of first order at both ends.
    public func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        let (start, clean) = (estimate.level, estimate.predictedOriginal)
        let shrink = end.sigma / start.sigma - 1
        var direction = clean
        if let previous, end.index > 0 {
            let r = log(start.sigma / previous.level.sigma) / log(start.sigma / end.sigma)
            direction += (previous.predictedOriginal - clean) * (0.5 / r)
        }
        let kept = end.sqrtOneMinusAlphaBar / start.sqrtOneMinusAlphaBar
        return estimate.latent * kept - direction * (end.sqrtAlphaBar * shrink)
    }

    /// None.
    public func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double { 0 }

    /// Never.
    public func drawsNoise(to end: NoiseLevel) -> Bool { false }
}
