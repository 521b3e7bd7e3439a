import Tensors

/// Nudges a noise estimate towards white noise, as Pix2Pix-Zero's inversion does after every prediction.
///
/// `rounds` times: `rolls` steps down the autocorrelation loss, e ← e - λ_ac/rolls·∇L_ac(e), then one down the
/// divergence from a standard normal, e ← e - λ_KL·∇L_KL(e). Gradients are in closed form.
struct NoiseRegulariser {
    /// Which shifts of a map are compared with the map.
    enum Shifts: String, OptionChoice {
        /// Every one from 1 to half the side, weighted alike: what the random draws are on average.
        case all
        /// One per channel and size, drawn anew each time, never zero.
        case random
        /// The same with zero among them, which merely shrinks the noise; as diffusers draws.
        case randomOrNone = "random-or-none"
        /// By one place, as the published loss does with its `random_shift` off.
        case one
    }

    /// Weight of the autocorrelation (λ_ac).
    let correlationWeight: Double
    /// Weight of the divergence (λ_KL).
    let divergenceWeight: Double
    let rounds: Int
    let rolls: Int
    let shifts: Shifts

    /// Whether anything is done at all.
    var isActive: Bool { rounds > 0 && (correlationWeight > 0 || divergenceWeight > 0) }

    /// Below this side the published weights no longer nudge a map, they throw it about.
    static let leastSide = 8

    /// The nudged estimate, [1, C, h, w].
    ///
    /// Draws, where shifts are random, one integer for every round, roll, channel and size in this order.
    func callAsFunction(_ noise: Tensor, random: RandomGenerator) -> Tensor {
        let autocorrelation = Autocorrelation(of: noise)
        let fixed: [[Int]]? =
            switch shifts {
            case .all: autocorrelation.sides.map { Array(Autocorrelation.range(of: $0, from: 1)) }
            case .one: autocorrelation.sides.map { _ in [1] }
            case .random, .randomOrNone: nil
            }
        let alike = fixed.map { autocorrelation.shares([$0], like: noise) }
        var noise = noise
        for _ in 0..<rounds {
            if correlationWeight > 0 {
                for _ in 0..<rolls {
                    let shares = alike ?? drawnShares(of: noise, autocorrelation, random: random)
                    let slope = autocorrelation.slope(noise, shares: shares)
                    noise = noise - slope * (correlationWeight / Double(rolls))
                }
            }
            if divergenceWeight > 0 { noise = noise - Self.divergenceSlope(noise) * divergenceWeight }
        }
        return noise
    }

    /// One shift for each channel and size.
    private func drawnShares(
        of noise: Tensor, _ autocorrelation: Autocorrelation, random: RandomGenerator
    ) -> [Tensor] {
        let least = shifts == .randomOrNone ? 0 : 1
        let ranges = autocorrelation.sides.map { Autocorrelation.range(of: $0, from: least) }
        let drawn = (0..<noise.shape[1]).map { _ in
            ranges.map { [Int(random.integers(in: $0, [1]).item)] }
        }
        return autocorrelation.shares(drawn, like: noise)
    }

    /// var + mean² - 1 - log(var + 1e-7) over the whole tensor, the variance unbiased (L_KL).
    static func divergence(_ noise: Tensor) -> Double {
        let (mean, variance) = moments(noise)
        return (Tensor([variance]) + mean * mean - 1 - (Tensor([variance + 1e-7])).logarithm).item
    }

    /// ∂L_KL/∂e = 2·(1 - 1/(var + 1e-7))·(e - mean)/(n - 1) + 2·mean/n.
    static func divergenceSlope(_ noise: Tensor) -> Tensor {
        let (mean, variance) = moments(noise)
        let count = Double(noise.count)
        let pull = 2 * (1 - 1 / (variance + 1e-7)) / max(count - 1, 1)
        return (noise - mean) * pull + 2 * mean / count
    }

    private static func moments(_ noise: Tensor) -> (mean: Double, variance: Double) {
        let mean = noise.mean.item
        return (mean, (noise - mean).squared.sum.item / max(Double(noise.count - 1), 1))
    }
}
