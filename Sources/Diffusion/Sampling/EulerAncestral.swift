public import Tensors

/// Euler's rule with ancestral noise (Karras and others 2022, as k-diffusion samples): DDIM with η = 1 that ends clean.
///
/// With u = x/√ᾱ and σ = √(1/ᾱ - 1) a step goes to u + ε·(σ↓ - σ) + σ↑·n, σ↑² = σ'²·(σ² - σ'²)/σ² and σ↓² = σ'² - σ↑².
public struct EulerAncestral: Sampler {
    private let ddpm = DDIM(eta: 1)

    /// The sampler.
    public init() {}

    /// What records and messages call it.
    public var name: String { "Euler ancestral" }

    /// DDPM's mean, and at the end the predicted clean latent.
    public func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        end.index == 0 ? estimate.predictedOriginal : ddpm.mean(estimate, after: previous, to: end)
    }

    /// DDPM's deviation, and at the end 0.
    public func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double {
        end.index == 0 ? 0 : ddpm.deviation(from: start, to: end)
    }

    /// In every step but the last.
    public func drawsNoise(to end: NoiseLevel) -> Bool { end.index > 0 }
}
