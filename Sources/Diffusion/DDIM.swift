public import Tensors

/// The deterministic sampler of Song, Meng and Ermon (2021), as pure functions of latents and levels.
public enum DDIM {
    /// The latent at another level, given the noise in it; the same formula going down (sampling) and up
    /// (inverting).
    ///
    /// √ᾱⱼ·(x - √(1-ᾱᵢ)·ε)/√ᾱᵢ + √(1-ᾱⱼ)·ε (equation 12 with σ = 0).
    public static func move(_ latent: Tensor, _ noise: Tensor, from start: Level, to end: Level) -> Tensor {
        let (kept, added) = coefficients(from: start, to: end)
        return latent * kept + noise * added
    }

    /// The two numbers of a move: what the latent and what the noise is multiplied by.
    public static func coefficients(from start: Level, to end: Level) -> (latent: Double, noise: Double) {
        let kept = (end.alphaBar / start.alphaBar).squareRoot()
        return (kept, end.spread - kept * start.spread)
    }

    /// A move down with fresh noise, of which η = 1 adds as much as DDPM does (equations 12 and 16).
    ///
    /// σ = η·√((1-ᾱⱼ)/(1-ᾱᵢ)·(1-ᾱᵢ/ᾱⱼ)); η = 0 is `move(_:_:from:to:)` exactly.
    public static func move(
        _ latent: Tensor, _ noise: Tensor, from start: Level, to end: Level, eta: Double, fresh: Tensor
    ) -> Tensor {
        guard eta != 0, start.alphaBar < 1 else { return move(latent, noise, from: start, to: end) }
        let variance = eta * eta * variance(from: start, to: end)
        let known = clean(latent, noise, at: start) * end.signal
        let direction = noise * max(1 - end.alphaBar - variance, 0).squareRoot()
        return known + direction + fresh * max(variance, 0).squareRoot()
    }

    /// What a step down with η = 1 multiplies its fresh noise by (σ).
    public static func deviation(from start: Level, to end: Level) -> Double {
        start.alphaBar < 1 ? max(variance(from: start, to: end), 0).squareRoot() : 0
    }

    private static func variance(from start: Level, to end: Level) -> Double {
        (1 - end.alphaBar) / (1 - start.alphaBar) * (1 - start.alphaBar / end.alphaBar)
    }

    /// The clean latent that a noise estimate means (x̂₀).
    public static func clean(_ latent: Tensor, _ noise: Tensor, at level: Level) -> Tensor {
        (latent - noise * level.spread) / level.signal
    }

    /// A clean latent with noise added: √ᾱ·x₀ + √(1-ᾱ)·ε.
    public static func noised(_ clean: Tensor, _ noise: Tensor, to level: Level) -> Tensor {
        clean * level.signal + noise * level.spread
    }
}
