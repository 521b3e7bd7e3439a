public import Tensors

/// What a network answers, and how noise is read from it.
public enum Prediction: String, Sendable, Codable, CaseIterable {
    /// The noise in the latent (ε).
    case noise = "epsilon"
    /// The velocity √ᾱ·ε - √(1-ᾱ)·x₀ (Salimans and Ho 2022).
    case velocity = "v_prediction"

    /// The noise (ε) that an answer means for a latent at a level: ε = √ᾱ·v + √(1-ᾱ)·x.
    ///
    /// Where a latent of one level is shown with the timestep of another, as in an inversion, the latent's level
    /// counts.
    public func noise(in answer: Tensor, latent: Tensor, at level: NoiseLevel) -> Tensor {
        switch self {
        case .noise: answer
        case .velocity: answer * level.sqrtAlphaBar + latent * level.sqrtOneMinusAlphaBar
        }
    }
}
