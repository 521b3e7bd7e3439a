import Foundation

/// The bounds of DiffEdit's Proposition 1: how far an edit of an image can end from the image.
///
/// Norms are root mean squares (‖v‖₂/√d), without which the paper's C = 1 makes no sense. τ = √(1/ᾱ - 1) at the level
/// where the edit begins; C bounds the noise estimate, K₁ is the Lipschitz constant of the unprompted one, K₂ the mean
/// largest difference that the prompt makes. Guidance multiplies K₂.
public struct Proposition1: Sendable, Hashable {
    /// Bound of the noise estimate (C).
    public var noiseBound: Double
    /// Lipschitz constant of the unprompted estimate (K₁).
    public var smoothness: Double
    /// Largest difference between prompted and unprompted estimate (K₂).
    public var promptEffect: Double

    /// Constants of a model.
    public init(noiseBound: Double, smoothness: Double, promptEffect: Double) {
        self.noiseBound = noiseBound
        self.smoothness = smoothness
        self.promptEffect = promptEffect
    }

    /// The constants that the paper measured: C = 1, K₁ = 3, K₂ = 0.02.
    public static let measured = Proposition1(noiseBound: 1, smoothness: 3, promptEffect: 0.02)

    /// The bound for SDEdit: (C + 1)·τ.
    public func sdedit(at ratio: Double) -> Double { (noiseBound + 1) * ratio }

    /// The bound for DiffEdit as printed: K₂·τ/√(τ²+1)·(τ + √(τ²+1))^K₁.
    ///
    /// It does not follow from the hypotheses for large τ (for K₁ = 3 beyond 3.66); see `diffEdit(at:)`.
    public func diffEditAsPrinted(at ratio: Double) -> Double {
        let root = (ratio * ratio + 1).squareRoot()
        return promptEffect * ratio / root * pow(ratio + root, smoothness)
    }

    /// The sharp bound for DiffEdit: K₂·∫₀^τ (s + √(1+s²))^K₁ ds, by Grönwall's inequality.
    ///
    /// Attained by ε(x, ∅) = -K₁·x and ε(x, Q) = -K₁·x - K₂.
    public func diffEdit(at ratio: Double) -> Double {
        /// (e^{aw} - 1)/a, whose limit at a = 0 is w.
        func grown(_ exponent: Double, _ width: Double) -> Double {
            exponent == 0 ? width : (exp(exponent * width) - 1) / exponent
        }
        let width = asinh(ratio)
        return promptEffect * 0.5 * (grown(smoothness + 1, width) + grown(smoothness - 1, width))
    }

    /// The bound on a grid of levels, which holds without slack: the gap in u = x/√ᾱ after decoding from the last.
    ///
    /// e_{k-1} ≤ (1 + K₁·Δτ_k/√(1+τ_k²))·e_k + K₂·Δτ_k, from e_K = 0. Both decodes start from one latent; to bound the
    /// distance from the image add the inversion's round-trip error.
    /// - Parameter ratios: τ of levels 0…K, rising.
    public func discreteGap(_ ratios: [Double]) -> Double {
        zip(ratios, ratios.dropFirst()).reversed().reduce(0) { gap, step in
            let rise = step.1 - step.0
            return (1 + smoothness * rise / (1 + step.1 * step.1).squareRoot()) * gap + promptEffect * rise
        }
    }
}
