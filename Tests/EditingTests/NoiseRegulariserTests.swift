import Foundation
import Tensors
import Testing

@testable import Editing

/// Z5 and Z6: the losses that make an inversion's noise whiter.
@Suite struct NoiseRegulariserTests {
    typealias Shifts = NoiseRegulariser.Shifts

    static func noise(_ shape: [Int] = [1, 2, 32, 32], seed: UInt64 = 1) -> Tensor {
        RandomGenerator(seed: seed).normal(shape).to(dtype: .float64)
    }

    static func regulariser(
        correlation: Double = 20, divergence: Double = 20, rounds: Int = 5, shifts: Shifts = .all
    ) -> NoiseRegulariser {
        NoiseRegulariser(
            correlationWeight: correlation, divergenceWeight: divergence, rounds: rounds, rolls: 5,
            shifts: shifts)
    }

    /// Every shift of every size.
    static func all(_ noise: Tensor) -> [[Int]] {
        Autocorrelation.sides(of: noise).map { Array(Autocorrelation.range(of: $0, from: 1)) }
    }

    /// L_ac as the paper writes it, map by map and shift by shift.
    static func definition(_ noise: Tensor, shifts: [[Int]]) -> Tensor {
        var (sum, map) = (Tensor.zeros([]).like(noise), noise)
        for (size, shifts) in shifts.enumerated() {
            if size > 0 { map = map.averagePooled(2) }
            for shift in shifts {
                for axis in [2, 3] {
                    let mean = (map * map.rolled([shift], along: [axis])).mean([2, 3])
                    sum += mean.squared.sum / Double(shifts.count)
                }
            }
        }
        return sum
    }

    /// L_ac as it is computed.
    static func correlation(_ noise: Tensor, shifts: [[Int]]) -> Tensor {
        let autocorrelation = Autocorrelation(of: noise)
        return autocorrelation(noise, shares: autocorrelation.shares([shifts], like: noise))
    }

    @Test(
        "Z5: the closed form of L_ac's gradient is that of automatic differentiation and of differences",
        arguments: [[1, 2, 32, 32], [1, 3, 17, 23], [1, 1, 8, 8], [1, 2, 3, 3], [1, 1, 40, 16]])
    func correlationGradient(shape: [Int]) {
        let noise = Self.noise(shape) + 0.3
        let shifts = Self.all(noise)
        let autocorrelation = Autocorrelation(of: noise)
        let slope = autocorrelation.slope(noise, shares: autocorrelation.shares([shifts], like: noise))
        let automatic = withGradients {
            let leaf = noise.requiringGradient
            return gradient(of: Self.definition(leaf, shifts: shifts), withRespectTo: leaf)
        }
        let loss = Self.definition(noise, shifts: shifts).item
        #expect(abs(Self.correlation(noise, shifts: shifts).item - loss) < 1e-12 * loss)
        #expect((slope - automatic).absolute.amax().item < 1e-12 * slope.absolute.amax().item)
        let direction = Self.noise(shape, seed: 2)
        let step = 1e-5
        let difference =
            (Self.correlation(noise + direction * step, shifts: shifts).item
                - Self.correlation(noise - direction * step, shifts: shifts).item) / (2 * step)
        #expect(abs(difference - (slope * direction).sum.item) < 1e-6 * abs(difference))
    }

    @Test("Every channel may have shifts of its own, zero among them")
    func shiftsOfChannels() {
        let noise = Self.noise([1, 3, 16, 24]) + 0.2
        let shifts = [[[0], [3]], [[7], [1]], [[2], [0]]]
        let autocorrelation = Autocorrelation(of: noise)
        let slope = autocorrelation.slope(noise, shares: autocorrelation.shares(shifts, like: noise))
        let alone = withGradients {
            let leaf = noise.requiringGradient
            let loss = shifts.indices.reduce(Tensor.zeros([]).like(noise)) { sum, channel in
                sum + Self.definition(leaf.narrowed(1, from: channel, count: 1), shifts: shifts[channel])
            }
            return gradient(of: loss, withRespectTo: leaf)
        }
        #expect((slope - alone).absolute.amax().item < 1e-12 * slope.absolute.amax().item)
    }

    @Test("The sizes halve down to 8, and a shift is never zero nor beyond half the side")
    func shiftRanges() {
        #expect(Autocorrelation.sides(of: .zeros([1, 4, 64, 64])) == [64, 32, 16, 8])
        #expect(Autocorrelation.sides(of: .zeros([1, 4, 96, 64])) == [64, 32, 16, 8])
        #expect(Autocorrelation.sides(of: .zeros([1, 4, 8, 8])) == [8])
        #expect(Autocorrelation.range(of: 64, from: 1) == 1..<32)
        #expect(Autocorrelation.range(of: 64, from: 0) == 0..<32)
        for side in 2...64 {
            #expect(Autocorrelation.range(of: side, from: 1).allSatisfy { $0 % side != 0 })
        }
    }

    @Test("White noise has the expected loss, Σ 2σ⁴/n of every size and channel")
    func whiteNoise() {
        let losses = (0..<200).map { seed in
            let noise = Self.noise([1, 1, 16, 16], seed: UInt64(seed))
            return Self.correlation(noise, shifts: [[3], [2]]).item
        }
        // σ² of 8×8 means of four is 1/4.
        let expected = 2.0 / 256 + 2.0 / 64 / 16
        let mean = losses.reduce(0, +) / 200
        #expect(abs(mean - expected) < 0.25 * expected)
    }

    @Test(
        "Constant and wavy maps have a far larger loss than white noise, and every round lowers it",
        arguments: Shifts.allCases)
    func structure(shifts: Shifts) {
        let white = Self.noise([1, 1, 32, 32])
        let places = (0..<(32 * 32)).map { sin(Double($0 % 32) * .pi / 8) * 1.4 }
        for map in [Tensor.ones([1, 1, 32, 32]).to(dtype: .float64), Tensor(places, shape: [1, 1, 32, 32])] {
            func loss(_ map: Tensor) -> Double {
                Self.correlation(map, shifts: Self.all(map)).item
            }
            #expect(loss(map) > 20 * loss(white))
            let random = RandomGenerator(seed: 4)
            var last = map
            for _ in 0..<3 {
                let next = Self.regulariser(divergence: 0, shifts: shifts)(last, random: random)
                #expect(loss(next) < loss(last))
                last = next
            }
        }
    }

    @Test("With the random shift off every map is compared with itself one place on, whatever the seed")
    func onePlace() {
        let noise = Self.noise() + 0.2
        let regulariser = NoiseRegulariser(
            correlationWeight: 3, divergenceWeight: 0, rounds: 1, rolls: 1, shifts: .one)
        let slope = withGradients {
            let leaf = noise.requiringGradient
            return gradient(of: Self.definition(leaf, shifts: [[1], [1], [1]]), withRespectTo: leaf)
        }
        for seed in [1, 2] {
            let found = regulariser(noise, random: RandomGenerator(seed: UInt64(seed)))
            #expect((found - (noise - slope * 3)).absolute.amax().item < 1e-12)
        }
    }

    @Test("All shifts are what random ones are on average")
    func average() {
        let noise = Self.noise([1, 1, 16, 16]) + 0.2
        func step(_ shifts: Shifts, _ random: RandomGenerator) -> Tensor {
            NoiseRegulariser(
                correlationWeight: 1, divergenceWeight: 0, rounds: 1, rolls: 1, shifts: shifts
            )(noise, random: random) - noise
        }
        let random = RandomGenerator(seed: 9)
        let mean = (0..<2000).map { _ in step(.random, random) }.reduce(noise.zerosLike) { $0 + $1 } / 2000
        let exact = step(.all, random)
        #expect((mean - exact).norm().item < 0.1 * exact.norm().item)
        // With zero among the shifts the noise shrinks.
        let shrunk = (0..<200).map { _ in (step(.randomOrNone, random) * noise).sum.item }.reduce(0, +)
        let kept = (0..<200).map { _ in (step(.random, random) * noise).sum.item }.reduce(0, +)
        #expect(shrunk < 2 * kept && shrunk < 0)
    }

    @Test("Z6: a step towards the normal leaves unit noise alone, shrinks larger and grows smaller noise")
    func divergence() {
        let raw = Self.noise()
        let centred = raw - raw.mean
        let unit = centred / (centred.squared.sum.item / Double(raw.count - 1)).squareRoot()
        let step = Self.regulariser(correlation: 0, rounds: 1)
        func size(_ noise: Tensor) -> Double { noise.squared.mean.squareRoot.item }
        let random = RandomGenerator(seed: 0)
        #expect((step(unit, random: random) - unit).absolute.amax().item < 1e-8)
        #expect(size(step(unit * 1.5, random: random)) < 1.5 * size(unit))
        #expect(size(step(unit * 0.5, random: random)) > 0.5 * size(unit))
        #expect(abs(step(unit + 0.5, random: random).mean.item) < 0.5)
        // And its slope is that of the loss.
        let (noise, direction) = (raw * 1.3 + 0.1, Self.noise(seed: 3))
        let width = 1e-5
        let difference =
            (NoiseRegulariser.divergence(noise + direction * width)
                - NoiseRegulariser.divergence(noise - direction * width)) / (2 * width)
        let slope = (NoiseRegulariser.divergenceSlope(noise) * direction).sum.item
        #expect(abs(difference - slope) < 1e-6 * abs(slope))
        #expect(abs(NoiseRegulariser.divergence(unit)) < 1e-6)
    }

    @Test("With no rounds or no weights nothing is done")
    func off() {
        let noise = Self.noise()
        let random = RandomGenerator(seed: 0)
        #expect(Self.regulariser(rounds: 0)(noise, random: random).isEqual(to: noise))
        #expect(Self.regulariser(correlation: 0, divergence: 0)(noise, random: random).isEqual(to: noise))
    }
}
