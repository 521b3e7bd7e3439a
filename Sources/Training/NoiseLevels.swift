import Foundation
import Tensors

/// How much of a latent each of the 1000 levels keeps: Stable Diffusion's schedule, √β in a straight line.
struct NoiseLevels {
    static let count = 1000
    static let betaStart = 0.00085
    static let betaEnd = 0.012

    /// ᾱ of every level (Ho et al. 2020, equation 4).
    let keptVariance: [Double]

    init() {
        var product = 1.0
        keptVariance = (0..<Self.count).map { level in
            let way = Double(level) / Double(Self.count - 1)
            let root = Self.betaStart.squareRoot() * (1 - way) + Self.betaEnd.squareRoot() * way
            product *= 1 - root * root
            return product
        }
    }

    /// Weight of the squared error of predicted noise at a level: min(SNR, γ) / SNR (Hang et al. 2023); 1 for γ = 0.
    func weight(_ level: Int, gamma: Double) -> Double {
        guard gamma > 0 else { return 1 }
        let ratio = keptVariance[level] / (1 - keptVariance[level])
        return min(ratio, gamma) / ratio
    }

    /// A number per row as a tensor that broadcasts over [B, C, h, w].
    static func column(_ values: [Double], like tensor: Tensor) -> Tensor {
        Tensor(values.map(Float.init), shape: [values.count, 1, 1, 1]).to(device: tensor.device)
    }

    /// √ᾱ·x + √(1 - ᾱ)·ε, each row at its own level.
    func noisy(_ latents: Tensor, _ noise: Tensor, levels: [Int]) -> Tensor {
        let kept = Self.column(levels.map { keptVariance[$0].squareRoot() }, like: latents)
        let lost = Self.column(levels.map { (1 - keptVariance[$0]).squareRoot() }, like: latents)
        return latents * kept + noise * lost
    }

    /// The levels of a run of DDIM, noisiest first, as diffusers' `leading` spacing with an offset of 1 has them.
    func levels(steps: Int) -> [Int] {
        let stride = Self.count / steps
        return (0..<steps).reversed().map { min($0 * stride + 1, Self.count - 1) }
    }

    /// One deterministic DDIM move (Song et al. 2021, equation 12 with σ = 0) from a level to a less noisy one.
    func moved(_ latents: Tensor, noise: Tensor, from level: Int, to next: Int) -> Tensor {
        let (here, there) = (keptVariance[level], keptVariance[max(next, 0)])
        let clean = (latents - noise * (1 - here).squareRoot()) * (1 / here.squareRoot())
        return clean * there.squareRoot() + noise * (1 - there).squareRoot()
    }
}
