import Diffusion
import Prompts
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of HiPer on a tiny random network.
@Suite struct HiPerTests {
    static func method(_ options: [String: String]) throws -> HiPer {
        HiPer(try Options(options, of: HiPer.description))
    }

    static func context(prompt: String = "a green pear", mask: Tensor? = nil) throws -> EditContext {
        try EditingTests.context(
            on: tinyModel(), prompt: prompt, source: "a red apple", steps: 3, guidance: 5, seed: 4, mask: mask
        )
    }

    /// Plain sampling from the noise that the method draws.
    static func plain(_ context: EditContext, _ prompt: Conditioning) throws -> Tensor {
        let noise = RandomGenerator(seed: 4).normal(context.clean.shape)
        return try context.session.sample(
            noise, from: 3, of: context.levels, prompt: prompt, negative: context.negative, scale: 5)
    }

    @Test("Without tuned places it is plain sampling of the prompt, to the bit, and tunes nothing")
    func none() throws {
        let context = try Self.context()
        let output = try Self.method(["tokens": "0"]).edit(context)
        #expect(output.latent.isEqual(to: try Self.plain(context, context.prompt)))
        #expect(context.session.spent.backwards == 0)
    }

    @Test("With nothing learnt, at scale 1 and the source as prompt, it is plain sampling of the source")
    func identity() throws {
        let context = try Self.context(prompt: "a red apple")
        let output = try Self.method(["tuning-steps": "1", "learning-rate": "0", "scale": "1"]).edit(context)
        #expect(output.latent.isEqual(to: try Self.plain(context, context.prompt)))
    }

    @Test(
        "The edit is painted under the prompt's first places and the learnt ones times the scale",
        arguments: [3, 5])
    func conditioning(tokens: Int) throws {
        let context = try Self.context()
        let output = try Self.method(["tokens": "\(tokens)", "tuning-steps": "2", "scale": "0.5"]).edit(
            context)
        let personal = try #require(output.trace["personal_embedding"])
        let source = try #require(context.source).embedding
        #expect(personal.shape == [1, tokens, source.shape[2]])
        #expect(!personal.isEqual(to: source.narrowed(1, from: 77 - tokens, count: tokens)))
        let head = context.prompt.embedding.narrowed(1, from: 0, count: 77 - tokens)
        let wanted = Conditioning(embedding: .concatenated([head, personal * 0.5], along: 1))
        #expect(output.latent.isEqual(to: try Self.plain(context, wanted)))
    }

    @Test("With a mask the image comes back outside of it")
    func masked() throws {
        let mask = Tensor((0..<64).map { $0 % 8 < 4 ? Float(1) : 0 }, shape: [1, 1, 8, 8])
        let context = try Self.context(mask: mask)
        let output = try Self.method(["tuning-steps": "1"]).edit(context)
        #expect(((output.latent - context.clean) * (1 - mask)).absolute.amax().item < 0.2)
        let free = try Self.method(["tuning-steps": "1"]).edit(Self.context())
        #expect(((free.latent - context.clean) * (1 - mask)).absolute.amax().item > 0.5)
    }

    @Test("A prompt that reaches into the learnt places is refused before anything is tuned")
    func tooLong() throws {
        let long = Array(repeating: "pear", count: 20).joined(separator: " ")
        let context = try Self.context(prompt: long)
        let taken = try #require(context.prompt.tokens).tokens.count + 2
        let error = EditingError.promptTooLong(prompt: long, tokens: taken, most: 77 - 64)
        #expect(throws: error) { _ = try Self.method(["tokens": "64", "tuning-steps": "1"]).edit(context) }
        #expect(context.session.spent.forwards == 0)
        #expect(
            "\(EditingError.promptTooLong(prompt: "a b", tokens: 4, most: 2))"
                == "\"a b\" takes 4 tokens, and 2 are left beside those that are tuned; write less, or tune fewer (option "
                + "tokens=N)")
    }
}
