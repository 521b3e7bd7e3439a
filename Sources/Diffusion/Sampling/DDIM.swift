public import Tensors

/// The sampler of Song, Meng and Ermon (2021): deterministic with η = 0, DDPM's own steps with η = 1.
///
/// The same formula goes down (sampling) and up (inverting); the pure functions of latents and levels that it is made
/// of are there for methods that need one of them alone.
public struct DDIM: Sampler {
    /// How much fresh noise each step adds (η), in 0...1.
    public let eta: Double

    /// A sampler.
    public init(eta: Double = 0) { self.eta = eta }

    /// What records and messages call it.
    public var name: String { eta == 0 ? "DDIM" : "DDIM, η \(eta)" }

    /// √ᾱⱼ·x̂₀ + √(1-ᾱⱼ-σ²)·ε (equation 12 without its noise).
    public func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        let (latent, noise, start) = (estimate.latent, estimate.noise, estimate.level)
        guard eta != 0, start.alphaBar < 1 else { return DDIM.step(latent, noise, from: start, to: end) }
        let variance = eta * eta * Self.variance(from: start, to: end)
        return estimate.predictedOriginal * end.sqrtAlphaBar
            + noise * max(1 - end.alphaBar - variance, 0).squareRoot()
    }

    /// σ = η·√((1-ᾱⱼ)/(1-ᾱᵢ)·(1-ᾱᵢ/ᾱⱼ)) (equation 16).
    public func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double {
        guard eta != 0, start.alphaBar < 1 else { return 0 }
        return max(eta * eta * Self.variance(from: start, to: end), 0).squareRoot()
    }

    /// With η above 0.
    public func drawsNoise(to end: NoiseLevel) -> Bool { eta != 0 }

    private static func variance(from start: NoiseLevel, to end: NoiseLevel) -> Double {
        (1 - end.alphaBar) / (1 - start.alphaBar) * (1 - start.alphaBar / end.alphaBar)
    }
}

extension DDIM {
    /// The latent at another level, given the noise in it: √ᾱⱼ·(x - √(1-ᾱᵢ)·ε)/√ᾱᵢ + √(1-ᾱⱼ)·ε (equation 12, σ = 0).
    ///
    /// From j back to i it is its own inverse, where the noise is the same.
    public static func step(_ latent: Tensor, _ noise: Tensor, from start: NoiseLevel, to end: NoiseLevel)
        -> Tensor
    {
        let (kept, added) = coefficients(from: start, to: end)
        return latent * kept + noise * added
    }

    /// The two numbers of a deterministic step: what the latent and what the noise is multiplied by.
    public static func coefficients(from start: NoiseLevel, to end: NoiseLevel) -> (
        latent: Double, noise: Double
    ) {
        let kept = (end.alphaBar / start.alphaBar).squareRoot()
        return (kept, end.sqrtOneMinusAlphaBar - kept * start.sqrtOneMinusAlphaBar)
    }

    /// The clean latent that a noise estimate means (x̂₀).
    public static func predictedOriginal(_ latent: Tensor, _ noise: Tensor, at level: NoiseLevel) -> Tensor {
        (latent - noise * level.sqrtOneMinusAlphaBar) / level.sqrtAlphaBar
    }

    /// The noise that a latent holds if it is a given clean one's: (x - √ᾱ·x₀)/√(1-ᾱ).
    public static func noise(in latent: Tensor, leadingTo clean: Tensor, at level: NoiseLevel) -> Tensor {
        (latent - clean * level.sqrtAlphaBar) / level.sqrtOneMinusAlphaBar
    }

    /// A clean latent with noise added: √ᾱ·x₀ + √(1-ᾱ)·ε.
    public static func addNoise(_ clean: Tensor, _ noise: Tensor, to level: NoiseLevel) -> Tensor {
        clean * level.sqrtAlphaBar + noise * level.sqrtOneMinusAlphaBar
    }
}
