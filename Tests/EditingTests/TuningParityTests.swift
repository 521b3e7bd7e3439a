import Diffusion
import Layers
import Tensors
import TestSupport
import Testing

@testable import Editing

/// HiPer and Imagic against the same steps in PyTorch, on a network that predicts noise and one that predicts velocities.
///
/// The other side is `Scripts/fixtures/make_tuning.py`. What fails: a timestep drawn before the noise, the loss of the
/// noise on a network of velocities, another tail of the embedding, an optimiser with weight decay.
@Suite struct TuningParityTests {
    static let models = ["tiny-sd1", "tiny-sd2"]
    static let watched = "mid_block.attentions.0.transformer_blocks.0.attn2.to_v.weight"

    static func context(_ model: String, source: String? = nil) throws -> EditContext {
        try EditingTests.context(
            on: tinyModel(model), prompt: "a green pear", source: source, steps: 2,
            clean: Fixtures.tensors("tuning.safetensors").tensor("\(model).clean"))
    }

    @Test("HiPer's embedding is that of three steps in PyTorch", arguments: models)
    func hiper(model: String) throws {
        let expected = try Fixtures.tensors("tuning.safetensors")
        let method = HiPer(try Options(["tuning-steps": "3", "tuning-seed": "7"], of: HiPer.description))
        let trace = try method.edit(Self.context(model, source: "a red apple")).trace
        for (name, key) in [("personal_embedding", "personal"), ("tuning_losses", "losses")] {
            let found = try #require(trace[name])
            #expect(relativeError(found, try expected.tensor("\(model).hiper.\(key)")) < 1e-4)
        }
    }

    @Test("Imagic's embedding is that of three steps in PyTorch", arguments: models)
    func imagic(model: String) throws {
        let expected = try Fixtures.tensors("tuning.safetensors")
        let method = Imagic(
            try Options(
                ["embedding-steps": "3", "model-steps": "0", "tuning-seed": "7"], of: Imagic.description))
        let trace = try method.edit(Self.context(model)).trace
        for (name, key) in [("optimised_embedding", "embedding"), ("embedding_losses", "losses")] {
            let found = try #require(trace[name])
            #expect(relativeError(found, try expected.tensor("\(model).imagic.\(key)")) < 1e-4)
        }
    }

    @Test(
        "Three steps on the UNet's weights, or on adapters, lead where they lead in PyTorch",
        arguments: models, Trainable.allCases)
    func weights(model: String, trainable: Trainable) throws {
        let expected = try Fixtures.tensors("tuning.safetensors")
        let base = try tinyModel(model)
        let session = DiffusionSession(model: base)
        var tensors: [(name: String, tensor: Tensor)] = []
        for (name, fresh) in try TunableWeights(trainable, of: base, rank: 2, seed: 0).tensors {
            // The script's adapters begin with one value everywhere.
            tensors.append(
                (
                    name,
                    name.hasPrefix("down:") ? Tensor.full(fresh.shape, 0.1).requiringGradient : fresh
                ))
        }
        let tuned = try TunableWeights.model(of: base, tensors)
        let leaves = tensors.map(\.tensor)
        let parameters = ParameterSet(
            names: tensors.map(\.name), working: leaves, masters: leaves, weightDecay: 0, averageDecay: nil)
        let tuning = Tuning(
            stage: "tuning", steps: 3, learningRate: trainable == .lora ? 1e-2 : 1e-3,
            clean: try expected.tensor("\(model).clean"), draws: TuningDraws(seed: 15, timesteps: 1000))
        let prompt = Conditioning(embedding: try expected.tensor("\(model).imagic.embedding"))
        let losses = try tuning.run(parameters, in: DiffusionSession(continuing: session, with: tuned)) {
            prompt
        }
        let kind = "\(model).imagic.\(trainable.rawValue)"
        #expect(relativeError(Tensor(losses), try expected.tensor(kind + ".losses")) < 1e-4)
        let name = (trainable == .lora ? "up:" : "weight:") + Self.watched
        let found = try #require(tensors.first { $0.name == name }).tensor.detached
        let wanted = try expected.tensor(kind + (trainable == .lora ? ".up" : ".weight"))
        // Adam's first steps are of one length for each number, whose sign rounding decides where the slope is almost zero.
        #expect(relativeError(found, wanted) < 1e-3)
        #expect(session.spent.forwards == 3 && session.spent.backwards == 3)
    }
}
