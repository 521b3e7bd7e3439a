import Tensors

/// Nudges a noise estimate towards white noise, as Pix2Pix-Zero's inversion does after every prediction.
///
/// `rounds` times: `rolls` steps down the autocorrelation loss, e ← e - λ_ac/rolls·∇L_ac(e), then one down
/// the divergence from a standard normal, e ← e - λ_KL·∇L_KL(e). Gradients are in closed form.
struct NoiseRegulariser {
    /// Which shifts of a map are compared with the map.
    enum Shifts: String, CaseIterable {
        /// Every one from 1 to half the side, weighted alike: what the random draws are on average.
        case all
        /// One per channel and size, drawn anew each time, never nought.
        case random
        /// The same with nought among them, which merely shrinks the noise; as diffusers draws.
        case randomOrNone = "random-or-none"
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
        var noise = noise
        for _ in 0..<rounds {
            if correlationWeight > 0 {
                for _ in 0..<rolls {
                    let slope = correlationSlope(noise, random: random)
                    noise = noise - slope * (correlationWeight / Double(rolls))
                }
            }
            if divergenceWeight > 0 { noise = noise - Self.divergenceSlope(noise) * divergenceWeight }
        }
        return noise
    }

    private func correlationSlope(_ noise: Tensor, random: RandomGenerator) -> Tensor {
        let sides = Self.sides(of: noise)
        guard shifts != .all else {
            return Self.correlationSlope(noise, shifts: sides.map { Array(Self.range(of: $0, from: 1)) })
        }
        let channels = (0..<noise.shape[1]).map { channel in
            let drawn = sides.map { side in
                let range = Self.range(of: side, from: shifts == .random ? 1 : 0)
                return [Int(random.integers(in: range, [1]).item)]
            }
            return Self.correlationSlope(noise.narrowed(1, from: channel, count: 1), shifts: drawn)
        }
        return .concatenated(channels, along: 1)
    }

    /// The smaller side of each map of the pyramid: the noise itself, and its halves down to 8.
    static func sides(of noise: Tensor) -> [Int] {
        var sides = [min(noise.shape[2], noise.shape[3])]
        while let last = sides.last, last > 8 { sides.append(last / 2) }
        return sides
    }

    /// The shifts that may be drawn at a side; 1 alone where it is too small to choose.
    static func range(of side: Int, from least: Int) -> Range<Int> { least..<max(side / 2, least + 1) }

    /// The noise, averaged over squares of 2, 4, 8, … elements.
    private static func pyramid(_ noise: Tensor, count: Int) -> [Tensor] {
        (1..<count).reduce(into: [noise]) { maps, _ in maps.append(maps[maps.count - 1].averagePooled(2)) }
    }

    /// Σ over channels and sizes of the mean over shifts of mean(η·roll(η, s))² along both axes (L_ac).
    /// - Parameter shifts: shifts of every size, largest first.
    static func correlation(_ noise: Tensor, shifts: [[Int]]) -> Tensor {
        zip(pyramid(noise, count: shifts.count), shifts).reduce(Tensor.zeros([]).like(noise)) { sum, level in
            let (map, shifts) = level
            return shifts.reduce(sum) { sum, shift in
                [2, 3].reduce(sum) { sum, axis in
                    let mean = (map * map.rolled([shift], along: [axis])).mean([2, 3])
                    return sum + mean.squared.sum / Double(shifts.count)
                }
            }
        }
    }

    /// ∂L_ac/∂e, from ∂/∂η mean(η·roll(η, s))² = 2m·(roll(η, s) + roll(η, -s))/n.
    static func correlationSlope(_ noise: Tensor, shifts: [[Int]]) -> Tensor {
        let maps = pyramid(noise, count: shifts.count)
        let slopes = zip(maps, shifts).map { map, shifts in
            let weight = 2 / Double(map.shape[2] * map.shape[3] * shifts.count)
            return shifts.reduce(map.zerosLike) { sum, shift in
                [2, 3].reduce(sum) { sum, axis in
                    let ahead = map.rolled([shift], along: [axis])
                    let mean = (map * ahead).mean([2, 3], keeping: true)
                    return sum + mean * (ahead + map.rolled([-shift], along: [axis])) * weight
                }
            }
        }
        // From the smallest map upwards: every element of a square had a quarter's share in its mean.
        return zip(slopes, maps).dropLast().reversed().reduce(slopes[slopes.count - 1]) { smaller, level in
            let (own, map) = level
            let (height, width) = (smaller.shape[2] * 2, smaller.shape[3] * 2)
            let spread = smaller.upsampledNearest(height: height, width: width) / 4
            // A last row or column of an odd side is in no square.
            return own + spread.padded([0, map.shape[3] - width, 0, map.shape[2] - height])
        }
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
