import Foundation
import Tensors
import Testing
import ToyModels

@testable import Diffusion

@Suite struct SamplerTests {
    /// Gaussian data, mean 0.5 and deviation 0.5: the exact path of the probability flow ODE is known.
    static let (mean, deviation) = (0.5, 0.5)

    static func noise(in x: Tensor, at level: NoiseLevel) -> Tensor {
        (x - level.sqrtAlphaBar * mean)
            * (level.sqrtOneMinusAlphaBar / (level.alphaBar * deviation * deviation + 1 - level.alphaBar))
    }

    static func exact(_ x: Tensor, from start: NoiseLevel, to end: NoiseLevel) -> Tensor {
        func spread(_ level: NoiseLevel) -> Double {
            (level.alphaBar * deviation * deviation + 1 - level.alphaBar).squareRoot()
        }
        return (x - start.sqrtAlphaBar * mean) * (spread(end) / spread(start)) + end.sqrtAlphaBar * mean
    }

    /// How far sampling ends from the exact path, in steps that are even in λ = log(√ᾱ/√(1-ᾱ)) from -2 to 2.
    static func error(of sampler: any Sampler, steps: Int) -> Double {
        let levels = (0...steps).map { k in
            let lambda = 2 - 4 * Double(k) / Double(steps)
            return NoiseLevel(index: k, timestep: k, alphaBar: 1 / (1 + exp(-2 * lambda)))
        }
        let first = Tensor([1.3, -0.4] as [Double])
        var x = first
        var last: Estimate?
        for k in (1...steps).reversed() {
            let estimate = Estimate(x, noise: noise(in: x, at: levels[k]), at: levels[k])
            x = sampler.step(estimate, after: last, to: levels[k - 1])
            last = estimate
        }
        return (x - exact(first, from: levels[steps], to: levels[0])).absolute.amax().item
    }

    @Test("DPM-Solver++ 2M is of second order, where DDIM is of first")
    func order() {
        let ratios = [DPMSolver() as any Sampler, DDIM()].map {
            Self.error(of: $0, steps: 40) / Self.error(of: $0, steps: 80)
        }
        #expect(ratios[0] > 3.6 && ratios[0] < 4.4)
        #expect(ratios[1] > 1.8 && ratios[1] < 2.2)
        #expect(Self.error(of: DPMSolver(), steps: 40) < Self.error(of: DDIM(), steps: 40) / 5)
    }

    @Test("Its first step is DDIM's, and with a clean latent that stays the same so are all others")
    func firstStep() throws {
        let levels = try NoiseSchedule.stableDiffusion.solverLevels(steps: 10)
        let random = RandomGenerator(seed: 1)
        let clean = random.normal([4]).to(dtype: .float64)
        let noise = random.normal([4]).to(dtype: .float64)
        var last: Estimate?
        for k in (1...10).reversed() {
            let latent = DDIM.addNoise(clean, noise, to: levels[k])
            let estimate = Estimate(latent, noise: noise, at: levels[k])
            let found = DPMSolver().step(estimate, after: last, to: levels[k - 1])
            #expect((found - DDIM().step(estimate, to: levels[k - 1])).absolute.amax().item < 1e-12)
            last = estimate
        }
    }

    @Test("Random samplers draw the posterior of DDPM: its mean and its deviation, whatever the clean latent")
    func encode() throws {
        let (clean, noise) = (Tensor([0.6] as [Double]), Tensor([-1.2] as [Double]))
        let samplers: [any Sampler] = [DPMSolver(isStochastic: true), DDIM(eta: 1), EulerAncestral()]
        for sampler in samplers {
            let levels = try sampler.levels(of: .stableDiffusion, steps: 20)
            for k in (2...20).reversed() {
                let (start, end) = (levels[k], levels[k - 1])
                let latent = DDIM.addNoise(clean, noise, to: start)
                let estimate = Estimate(latent, noise: noise, at: start)
                let share = start.alphaBar / end.alphaBar
                let mean =
                    latent * (share.squareRoot() * (1 - end.alphaBar) / (1 - start.alphaBar))
                    + clean * (end.sqrtAlphaBar * (1 - share) / (1 - start.alphaBar))
                let deviation = ((1 - end.alphaBar) / (1 - start.alphaBar) * (1 - share)).squareRoot()
                #expect((sampler.mean(estimate, after: nil, to: end) - mean).absolute.item < 1e-12)
                #expect(abs(sampler.deviation(from: start, to: end) - deviation) < 1e-12)
                #expect(sampler.drawsNoise(to: end))
                let stepped = sampler.step(estimate, to: end, noise: noise)
                #expect((stepped - mean - noise * deviation).absolute.item < 1e-12)
            }
        }
        let level = try NoiseSchedule.stableDiffusion.levels(steps: 5)[3]
        #expect(!DPMSolver().drawsNoise(to: level))
        #expect(!DDIM().drawsNoise(to: level))
    }

    @Test("Euler's ancestral steps are Karras's in u = x/√ᾱ, and the last one ends at the clean latent")
    func ancestral() throws {
        let levels = try NoiseSchedule.stableDiffusion.levels(steps: 12)
        let (x, noise, fresh) = (
            Tensor([0.7] as [Double]), Tensor([-0.2] as [Double]), Tensor([1.1] as [Double])
        )
        for k in 2...12 {
            let (from, to) = (levels[k], levels[k - 1])
            let up = (to.sigma * to.sigma * (1 - to.sigma * to.sigma / (from.sigma * from.sigma)))
                .squareRoot()
            let down = (to.sigma * to.sigma - up * up).squareRoot()
            let u = x / from.sqrtAlphaBar + noise * (down - from.sigma) + fresh * up
            let found = EulerAncestral().step(Estimate(x, noise: noise, at: from), to: to, noise: fresh)
            #expect((found - u * to.sqrtAlphaBar).absolute.amax().item < 1e-12)
        }
        let last = Estimate(x, noise: noise, at: levels[1])
        #expect(
            EulerAncestral().step(last, to: levels[0], noise: fresh).isEqual(to: last.predictedOriginal))
    }

    @Test("What changes the predicted clean latent leaves its noise, and is asked before every step")
    func guidingTheClean() throws {
        let model = GaussianModel(side: 4)
        let session = DiffusionSession(model: model)
        let levels = try model.schedule.levels(steps: 10)
        let prompt = try session.prompt("")
        let start = RandomGenerator(seed: 1).normal([1, 3, 4, 4])
        let wanted = start.zerosLike + 0.25
        var asked: [Int] = []
        let end = try session.sample(
            start, from: 10, of: levels,
            predicting: { try session.noise(in: $0, at: $1, prompt: prompt) },
            guiding: {
                asked.append($0.level.index)
                let other = $0.replacing(predictedOriginal: wanted)
                #expect(other.noise.isEqual(to: $0.noise))
                #expect((other.predictedOriginal - wanted).absolute.amax().item < 1e-4)
                return other
            })
        #expect(asked == Array((1...10).reversed()))
        // Only the last noise is left, at the level that the schedule ends with.
        #expect((end - wanted * levels[0].sqrtAlphaBar).absolute.amax().item < 0.2)
    }

    @Test("Latents that are sampled side by side are those that are sampled alone")
    func sideBySide() throws {
        let model = GaussianModel(
            side: 8, means: ["left": GaussianModel.mean(side: 8, first: 20, value: 0.5)])
        let session = DiffusionSession(model: model)
        let levels = try model.schedule.levels(steps: 6)
        let prompts = [try session.prompt("left"), try session.prompt("")]
        let starts = [1, 2].map { RandomGenerator(seed: $0).normal([1, 3, 8, 8]) }
        let both = try session.sample(
            starts, from: 6, of: levels, prompts: prompts)
        #expect(model.passes == Array(repeating: 2, count: 6))
        for index in [0, 1] {
            let alone = try session.sample(starts[index], from: 6, of: levels, prompt: prompts[index])
            #expect((both[index] - alone).absolute.amax().item < 1e-6)
        }
        let up = try session.invert(starts, through: levels, to: 6, prompts: prompts)
        for index in [0, 1] {
            let alone = try session.invert(starts[index], through: levels, to: 6, prompt: prompts[index])
            #expect((up[index][6] - alone[6]).absolute.amax().item < 1e-6)
        }
    }
}
