import Diffusion
import Layers
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The laws of low-rank adapters beside the weights of a UNet.
@Suite struct AdapterTests {
    static func predict(_ model: any DiffusionModel) throws -> Tensor {
        let session = DiffusionSession(model: model)
        let level = try session.schedule.levels(steps: 4)[3]
        let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
        return try session.predict([Query(latent, at: level, prompt: session.prompt("a pear"))])[0]
    }

    /// Adapters with values, by the weights' names.
    static func adapters(_ base: LoadedModel, scale: Double = 1) throws -> [String: LowRankAdapter] {
        let random = RandomGenerator(seed: 5)
        let shapes = try TunableWeights.shapes(.lora, of: base, rank: 2)
        return Dictionary(
            uniqueKeysWithValues: shapes.keys.filter { $0.hasPrefix("up:") }.sorted().map { key in
                let name = String(key.dropFirst(3))
                let (up, down) = (shapes["up:" + name] ?? [], shapes["down:" + name] ?? [])
                return (
                    name,
                    LowRankAdapter(down: random.normal(down) * 0.1, up: random.normal(up) * 0.1, scale: scale)
                )
            })
    }

    @Test("Queries, keys, values and outputs of every attention have one: 8 for each transformer block")
    func places() throws {
        let shapes = try TunableWeights.shapes(.lora, of: tinyModel(), rank: 3)
        let blocks = try tinyModel().unetTensors().count {
            $0.name.hasSuffix("norm1.weight") && $0.name.contains("transformer")
        }
        #expect(blocks > 0 && shapes.count == blocks * 8 * 2)
        #expect(shapes["down:mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"] == [3, 16])
        #expect(shapes["up:mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"] == [8, 3])
    }

    @Test("A fresh adapter changes no bit, and one with values what adding its product to the weight changes")
    func merged() throws {
        let base = try tinyModel()
        let plain = try Self.predict(base)
        #expect(try Self.predict(TunableWeights(.lora, of: base, rank: 2, seed: 0).model).isEqual(to: plain))
        let adapters = try Self.adapters(base, scale: 0.7)
        let beside = try Self.predict(base.adapted(unet: adapters))
        let deltas = adapters.mapValues { $0.delta }
        let within = try Self.predict(base.overlaid(unet: [.adding(deltas, scale: 0.7)]))
        #expect(relativeError(beside, within) < 1e-4)
        #expect(relativeError(beside, plain) > 1e-3)
        #expect(try Self.predict(base).isEqual(to: plain))
    }

    @Test("The first step moves U alone, as D has no say while U is zero")
    func firstStep() throws {
        let base = try tinyModel()
        let weights = try TunableWeights(.lora, of: base, rank: 2, seed: 0)
        let session = DiffusionSession(model: weights.model)
        let prompt = Conditioning(embedding: try session.prompt("a pear").embedding)
        let clean = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
        let loss = try withGradients {
            try session.denoisingLoss(of: clean, noise: clean * 0.5, timestep: 500, prompt: prompt)
        }
        let slopes = try session.gradients(of: loss, withRespectTo: weights.tensors.map(\.tensor), rows: 1)
        for (slope, (name, _)) in zip(slopes, weights.tensors) {
            // Queries and keys have no say where there is one place to look at.
            guard name.hasPrefix("down:") || name.hasSuffix("to_v.weight") else { continue }
            #expect((slope.absolute.amax().item == 0) == name.hasPrefix("down:"), "\(name)")
        }
    }

    @Test("A model with adapters has a fingerprint of its own, which their scale is part of")
    func fingerprints() throws {
        let base = try tinyModel()
        let prints = try [1, 0.5].map {
            try base.adapted(unet: Self.adapters(base, scale: $0)).facts.fingerprint
        }
        #expect(Set(prints + [base.facts.fingerprint]).count == 3)
        #expect(try base.adapted(unet: [:]).facts.fingerprint == base.facts.fingerprint)
    }

    @Test("Adapters of other networks are refused by the first name that does not fit")
    func refused() throws {
        let base = try tinyModel()
        let name = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"
        let wrong = LowRankAdapter(down: .zeros([2, 9]), up: .zeros([8, 2]))
        func said(_ adapters: [String: LowRankAdapter]) -> String {
            do { return "\(try base.adapted(unet: adapters).facts.name)" } catch { return "\(error)" }
        }
        let place = "\(Fixtures.model("tiny-sd1"))/unet"
        #expect(
            said([name: wrong, "x.weight": wrong])
                == "the overlay's tensor \(name) has shape [8, 9], but that in \(place) has [8, 8]; was it made for another "
                + "network?")
        #expect(
            said(["x.weight": wrong])
                == "the overlay changes tensor x.weight, which is not in \(place); was it made for another network?"
        )
    }
}
