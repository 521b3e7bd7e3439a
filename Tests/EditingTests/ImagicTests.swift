import Diffusion
import Layers
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of Imagic on a tiny random network.
@Suite struct ImagicTests {
    static func edit(_ options: [String: String], _ context: EditContext) throws -> EditOutput {
        let short = ["embedding-steps": "2", "model-steps": "0"].merging(options) { $1 }
        return try Imagic(Options(short, of: Imagic.description)).edit(context)
    }

    static func context() throws -> EditContext {
        try EditingTests.context(on: tinyModel(), prompt: "a green pear", steps: 3, guidance: 5, seed: 4)
    }

    static func plain(_ context: EditContext, _ embedding: Tensor) throws -> Tensor {
        try context.session.sample(
            RandomGenerator(seed: 4).normal(context.clean.shape), from: 3, of: context.levels,
            prompt: Conditioning(embedding: embedding), negative: context.negative, scale: 5)
    }

    @Test("The share 0 paints the learnt embedding, 1 the prompt's own, and a half their mean")
    func interpolation() throws {
        for (eta, share) in [("0", 0.0), ("1", 1), ("0.5", 0.5)] {
            let context = try Self.context()
            let output = try Self.edit(["eta": eta], context)
            let (own, target) = (try #require(output.trace["optimised_embedding"]), context.prompt.embedding)
            #expect(!own.isEqual(to: target))
            let wanted = share == 0 ? own : share == 1 ? target : (own + target) / 2
            #expect(relativeError(output.latent, try Self.plain(context, wanted)) < 1e-6)
        }
    }

    @Test("The losses on the way are told, and go down for the very draws that were learnt from")
    func progress() throws {
        let context = try Self.context()
        // The draws of the first two steps again and again would be one batch: so few steps at a small rate suffice.
        let output = try Self.edit(["model-steps": "3", "model-rate": "0.001"], context)
        #expect(output.trace["embedding_losses"]?.shape == [2] && output.trace["model_losses"]?.shape == [3])
        let (optimised, target) = (
            try #require(output.trace["optimised_embedding"]), context.prompt.embedding
        )
        func loss(_ embedding: Tensor) throws -> Double {
            let draws = TuningDraws(seed: 0, timesteps: 1000)
            return try (0..<2).reduce(0.0) { sum, step in
                let (noise, timestep) = draws.draw(step, like: context.clean)
                let prompt = Conditioning(embedding: embedding)
                return sum
                    + (try context.session.denoisingLoss(
                        of: context.clean, noise: noise, timestep: timestep, prompt: prompt
                    ).item)
            }
        }
        #expect(try loss(optimised) < loss(target))
    }

    @Test("A model without weights of its own is refused by name")
    func untunable() throws {
        let context = try EditingTests.context(on: GaussianModel(), prompt: "a pear", steps: 2)
        #expect(throws: EditingError.notTunable(method: "Imagic")) { _ = try Self.edit([:], context) }
        #expect(
            "\(EditingError.notTunable(method: "Imagic"))"
                == "Imagic tunes the weights of a model's folder, and this model has none")
    }
}
