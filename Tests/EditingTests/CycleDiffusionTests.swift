import Diffusion
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of CycleDiffusion.
@Suite struct CycleDiffusionTests {
    static func model() -> GaussianModel {
        GaussianModel(
            means: [
                "dog": GaussianModel.mean(side: 16, first: 80, value: 0.8),
                "cat": GaussianModel.mean(side: 16, first: 80, value: -0.8),
            ])
    }

    static func method(_ options: [String: String] = [:]) throws -> CycleDiffusion {
        CycleDiffusion(try Options(options, of: CycleDiffusion.description))
    }

    @Test(
        "The source prompt under the source's guidance gives the picture back to the last bit",
        arguments: ["0", "0.1", "1"], [1, 3.0])
    func reconstruction(eta: String, guidance: Double) throws {
        let context = try context(
            on: Self.model(), prompt: "cat", source: "cat", strength: 0.8, guidance: guidance)
        let painting = try Self.method(["eta": eta, "source-guidance": "\(guidance)"]).edit(context)
        #expect(painting.latent.isEqual(to: context.clean))
        // Another prompt does not.
        let other = try EditingTests.context(
            on: Self.model(), prompt: "dog", source: "cat", strength: 0.8, guidance: guidance)
        let edited = try Self.method(["eta": eta]).edit(other)
        #expect((edited.latent - context.clean).absolute.amax().item > 0.1)
    }

    @Test("What is added to the target's steps is σz of the paper, where σ is not zero")
    func paperForm() throws {
        let (eta, model) = (0.1, Self.model())
        let context = try context(
            on: model, prompt: "dog", source: "cat", steps: 20, strength: 0.8, guidance: 3, dtype: .float64)
        let painting = try Self.method().edit(context)
        // The same path from the same noise, z divided by σ and handed to the sampler.
        let again = try EditingTests.context(
            on: model, prompt: "dog", source: "cat", steps: 20, strength: 0.8, guidance: 3, dtype: .float64)
        let (levels, path) = (again.levels, painting.inversion)
        var latent = path[again.startStep]
        for k in (1...again.startStep).reversed() {
            let (from, to) = (levels[k], levels[k - 1])
            let noise = try again.session.noise(in: path[k], at: from, prompt: try #require(again.source))
            let sampler = DDIM(eta: eta)
            let mean = sampler.mean(Estimate(path[k], noise: noise, at: from), after: nil, to: to)
            let sigma =
                eta
                * ((1 - to.alphaBar) / (1 - from.alphaBar) * (1 - from.alphaBar / to.alphaBar)).squareRoot()
            latent = sampler.step(
                Estimate(latent, noise: try again.guidedNoise(in: latent, at: from), at: from), to: to,
                noise: (path[k - 1] - mean) / sigma)
        }
        #expect((latent - painting.latent).absolute.amax().item < 1e-10)
    }

    @Test("An edit costs three forwards a step, four with guidance of the source, two without any")
    func cost() throws {
        for (guidance, source, expected) in [(3.0, "1", 120), (3, "2", 159), (1, "1", 80)] {
            let context = try context(
                on: Self.model(), prompt: "dog", source: "cat", strength: 0.8, guidance: guidance)
            _ = try Self.method(["source-guidance": source]).edit(context)
            #expect(context.session.spent.forwards == expected)
            #expect(context.session.spent.backwards == 0)
        }
    }

    @Test("Passes of one row give what shared passes give, and a mask keeps the rest to the last bit")
    func batchesAndMask() throws {
        let half = GaussianModel.mean(side: 16, first: 128, value: 1).narrowed(1, from: 0, count: 1)
        func edit(_ limits: BatchLimits) throws -> (clean: Tensor, painting: EditOutput) {
            let context = try context(
                on: tinyModel(), prompt: "a green pear", source: "a red apple", steps: 5, guidance: 3,
                mask: half.narrowed(2, from: 4, count: 8).narrowed(3, from: 0, count: 8), limits: limits)
            return (context.clean, try Self.method().edit(context))
        }
        let (clean, together) = try edit(BatchLimits())
        let (_, single) = try edit(BatchLimits(rows: 1))
        #expect(relativeError(together.latent, single.latent) < 1e-4)
        let mask = try #require(together.mask)
        #expect(((together.latent - clean) * (1 - mask)).absolute.amax().item == 0)
        #expect(((together.latent - clean) * mask).absolute.amax().item > 0)
    }
}
