import Foundation
import Tensors
import Testing

@testable import Diffusion

/// Oracles for the move between levels; latents here are one float64 number unless said.
@Suite struct DDIMTests {
    static func schedule(offset: Int = 1) -> NoiseSchedule {
        NoiseSchedule(
            betas: NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000), offset: offset)
    }

    static func number(_ value: Double) -> Tensor { Tensor([value]) }

    typealias Predictor = (_ latent: Double, _ level: NoiseLevel) -> Double

    /// Convention A: the cleaner latent at the upper timestep.
    static func invert(_ start: Double, _ levels: Trajectory, _ predict: Predictor) -> [Double] {
        var path = [start]
        for k in 1...levels.steps {
            let noise = number(predict(path[k - 1], levels[k]))
            path.append(DDIM.step(number(path[k - 1]), noise, from: levels[k - 1], to: levels[k]).item)
        }
        return path
    }

    static func sample(_ start: Double, _ levels: Trajectory, _ predict: Predictor) -> [Double] {
        var path = [start]
        for k in (1...levels.steps).reversed() {
            let latent = path[path.count - 1]
            let noise = number(predict(latent, levels[k]))
            path.append(DDIM.step(number(latent), noise, from: levels[k], to: levels[k - 1]).item)
        }
        return path
    }

    static let toy: @Sendable (Double, NoiseLevel) -> Double = {
        tanh($0) * (0.2 + 0.8 * Double($1.timestep) / 1000) + 0.1 * sin(3 * $0)
    }

    @Test(
        "The numbers of a move have the published values",
        arguments: [
            (50, 1, 0, 1, 0.9995725593, 0.0121369001), (50, 1, 1, 2, 0.9909864485, 0.0991616139),
            (50, 1, 49, 50, 0.8905895579, 0.1097669498), (20, 1, 1, 2, 0.9757800743, 0.1821518700),
            (20, 1, 19, 20, 0.7630836193, 0.2381928262), (50, 0, 0, 1, 1, 0),
        ])
    func coefficients(steps: Int, offset: Int, from: Int, to: Int, kept: Double, added: Double) throws {
        let levels = try Self.schedule(offset: offset).levels(steps: steps)
        let found = DDIM.coefficients(from: levels[from], to: levels[to])
        #expect(abs(found.latent - kept) < 1e-10)
        #expect(abs(found.noise - added) < 1e-9)
    }

    @Test(
        "With the exact predictor of unit Gaussian data the whole walk has the published gain",
        arguments: [
            (50, 1, 0.973613659618, 1.026271470843), (20, 1, 0.936858882999, 1.062053709243),
            (50, 0, 0.972692525724, 1.027224289504),
        ])
    func gaussianGain(steps: Int, offset: Int, down: Double, up: Double) throws {
        let levels = try Self.schedule(offset: offset).levels(steps: steps)
        let gauss: Predictor = { $1.sqrtOneMinusAlphaBar * $0 }
        let sampled = Self.sample(1, levels, gauss)
        let inverted = Self.invert(1, levels, gauss)
        #expect(abs(sampled[steps] - down) < 1e-11)
        #expect(abs(inverted[steps] - up) < 1e-11)
        #expect(abs(sampled[steps] * inverted[steps] - down * up) < 1e-11)
    }

    @Test("Replaying the noise of an inversion leads back exactly")
    func scriptedInverse() throws {
        let levels = try Self.schedule().levels(steps: 50)
        var script: [Double] = []
        let top = Self.invert(0.7, levels) { latent, level in
            script.append(cos(17 * latent) + Double(level.index % 7))
            return script[script.count - 1]
        }
        let back = Self.sample(top[50], levels) { _, level in script[level.index - 1] }
        #expect(abs(back[50] - 0.7) < 1e-10)
    }

    @Test("The toy predictor walks through the published numbers, up and down")
    func toySequence() throws {
        let levels = try Self.schedule().levels(steps: 5)
        let up = Self.invert(0.5, levels, Self.toy)
        let down = Self.sample(up[5], levels, Self.toy)
        let expectedUp = [0.5, 0.5021231503, 0.5592619158, 0.5598739096, 0.5443344313, 0.5411860510]
        let expectedDown = [
            0.5411860510, 0.5465428623, 0.5681655147, 0.5687190676, 0.5036710598, 0.5015406718,
        ]
        for (found, expected) in zip(up + down, expectedUp + expectedDown) {
            #expect(abs(found - expected) < 1e-9)
        }
    }

    @Test("Convention A misses by the published amount, and the implicit step finds the way back")
    func fixedPoint() throws {
        let levels = try Self.schedule().levels(steps: 50)
        let direct = Self.invert(0.5, levels, Self.toy)
        #expect(abs(direct[50] - 0.5183950875) < 1e-9)
        #expect(abs(Self.sample(direct[50], levels, Self.toy)[50] - 0.4965617017) < 1e-9)
        var latent = 0.5
        for k in 1...50 {
            var guess = latent
            for _ in 0..<60 {
                let noise = Self.number(Self.toy(guess, levels[k]))
                guess = DDIM.step(Self.number(latent), noise, from: levels[k - 1], to: levels[k]).item
            }
            latent = guess
        }
        #expect(abs(latent - 0.5198175889) < 1e-9)
        #expect(abs(Self.sample(latent, levels, Self.toy)[50] - 0.5) < 1e-11)
    }

    @Test("Without an offset the last step changes nothing")
    func identityStep() throws {
        let levels = try Self.schedule(offset: 0).levels(steps: 50)
        let latent = Tensor([0.3, -2, 17] as [Float])
        let noise = Tensor([5, 1, -3] as [Float])
        #expect(DDIM.step(latent, noise, from: levels[1], to: levels[0]).isEqual(to: latent))
    }

    @Test("With noise added at a level, its estimate leads to the same latent noised at any other")
    func noisedAndMoved() throws {
        let levels = try Self.schedule().levels(steps: 50)
        let clean = RandomGenerator(seed: 1).normal([4, 4]).to(dtype: .float64)
        let noise = RandomGenerator(seed: 2).normal([4, 4]).to(dtype: .float64)
        let latent = DDIM.addNoise(clean, noise, to: levels[40])
        #expect((DDIM.predictedOriginal(latent, noise, at: levels[40]) - clean).absolute.amax().item < 1e-12)
        let moved = DDIM.step(latent, noise, from: levels[40], to: levels[3])
        #expect((moved - DDIM.addNoise(clean, noise, to: levels[3])).absolute.amax().item < 1e-12)
    }

    @Test("Velocity holds the same noise as the estimate it was made of")
    func velocity() throws {
        let level = try Self.schedule().levels(steps: 50)[30]
        let clean = RandomGenerator(seed: 1).normal([8]).to(dtype: .float64)
        let noise = RandomGenerator(seed: 2).normal([8]).to(dtype: .float64)
        let velocity = noise * level.sqrtAlphaBar - clean * level.sqrtOneMinusAlphaBar
        let latent = DDIM.addNoise(clean, noise, to: level)
        let found = Prediction.velocity.noise(in: velocity, latent: latent, at: level)
        #expect((found - noise).absolute.amax().item < 1e-12)
    }

    @Test("Fresh noise keeps the variance: of unit data it stays one for every η")
    func freshNoise() throws {
        let levels = try Self.schedule().levels(steps: 50)
        let one = Self.number(1)
        let zero = Self.number(0)
        for eta in [0, 0.3, 1] {
            // Response of the move to clean latent, noise in it and fresh noise, one at a time.
            func response(clean: Tensor, noise: Tensor, fresh: Tensor) -> Double {
                let latent = DDIM.addNoise(clean, noise, to: levels[30])
                let estimate = Estimate(latent, noise: noise, at: levels[30])
                return DDIM(eta: eta).step(estimate, to: levels[29], noise: fresh).item
            }
            let clean = response(clean: one, noise: zero, fresh: zero)
            let noise = response(clean: zero, noise: one, fresh: zero)
            let fresh = response(clean: zero, noise: zero, fresh: one)
            #expect(abs(clean * clean + noise * noise + fresh * fresh - 1) < 1e-12)
            #expect((fresh > 0) == (eta > 0))
        }
    }

    @Test("Guidance at scale 1 is the prompted estimate itself, at 0 the empty one")
    func guidance() {
        let empty = Self.number(2)
        let prompted = Self.number(3)
        #expect(classifierFreeGuidance(unconditional: empty, conditional: prompted, scale: 1).item == 3)
        #expect(classifierFreeGuidance(unconditional: empty, conditional: prompted, scale: 0).item == 2)
        #expect(classifierFreeGuidance(unconditional: empty, conditional: prompted, scale: 7.5).item == 9.5)
    }
}
