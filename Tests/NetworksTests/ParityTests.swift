import Layers
import Networks
import Tensors
import TestSupport
import Testing

/// Networks against diffusers and transformers on random weights (fixtures: `Scripts/fixtures/make_networks.py`).
@Suite struct ParityTests {
    /// DESIGN's bound for tiny configurations; half-precision files are widened first and compared in float32.
    static let tolerance = 2e-5

    static func unet(_ model: String, dtype: DType = .float32) throws -> UNet {
        let folder = Fixtures.model(model) + "/unet"
        let store = try WeightStore(folder: folder, name: "diffusion_pytorch_model", dtype: dtype)
        return try UNet(store.weights, UNetConfiguration(contentsOf: folder + "/config.json"))
    }

    @Test("The UNet predicts what diffusers predicts", arguments: Fixtures.models)
    func unetAgrees(model: String) throws {
        let expected = try Fixtures.expected(model)
        let unet = try ParityTests.unet(model)
        let prompts = try expected.tensor("unet.encoder_hidden_states")
        let sample = try expected.tensor("unet.sample")
        let timesteps = try expected.tensor("unet.timestep")
        let reference = try expected.tensor("unet.output")
        withoutGradients {
            for context in [unet.context(prompts), PromptContext(embedding: prompts)] {
                #expect(
                    relativeError(unet(sample, timesteps: timesteps, context: context), reference)
                        < Self.tolerance)
            }
        }
    }

    @Test("The autoencoder encodes and decodes as diffusers does", arguments: Fixtures.models)
    func autoencoderAgrees(model: String) throws {
        let expected = try Fixtures.expected(model)
        let folder = Fixtures.model(model) + "/vae"
        let store = try WeightStore(folder: folder, name: "diffusion_pytorch_model")
        let autoencoder = try Autoencoder(
            store.weights, AutoencoderConfiguration(contentsOf: folder + "/config.json"))
        let moments = autoencoder.encode(try expected.tensor("vae-encoder.image"))
        #expect(relativeError(moments.mean, try expected.tensor("vae-encoder.mean")) < Self.tolerance)
        #expect(
            relativeError(moments.logVariance, try expected.tensor("vae-encoder.logvar")) < Self.tolerance)
        let image = autoencoder.decode(try expected.tensor("vae-decoder.latent"))
        #expect(relativeError(image, try expected.tensor("vae-decoder.image")) < Self.tolerance)
    }

    @Test("The text encoder embeds as transformers does", arguments: Fixtures.models)
    func textEncoderAgrees(model: String) throws {
        let expected = try Fixtures.expected(model)
        let folder = Fixtures.model(model) + "/text_encoder"
        let store = try WeightStore(folder: folder, name: "model")
        let encoder = try TextEncoder(
            store.weights, TextEncoderConfiguration(contentsOf: folder + "/config.json"))
        let (hidden, pooled) = encoder(try expected.tensor("text-encoder.input_ids"))
        #expect(relativeError(hidden, try expected.tensor("text-encoder.last_hidden_state")) < Self.tolerance)
        #expect(relativeError(pooled, try expected.tensor("text-encoder.pooled")) < Self.tolerance)
    }

    @Test("Recorded values are those inside diffusers", arguments: ["tiny-sd1", "tiny-sd2"])
    func sitesAgree(model: String) throws {
        let expected = try Fixtures.expected(model)
        let unet = try ParityTests.unet(model)
        let sample = try expected.tensor("unet.sample")
        let recordings = (0..<sample.shape[0]).map { _ in Recording(unet.sites) }
        try withoutGradients {
            _ = unet(
                sample, timesteps: try expected.tensor("unet.timestep"),
                context: PromptContext(embedding: try expected.tensor("unet.encoder_hidden_states")),
                plans: recordings.map { .recording(into: $0) })
        }
        var compared = 0
        for site in unet.sites {
            let name = "unet-sites." + site.diffusersName
            guard expected.names.contains(name) else { continue }
            let recorded = Tensor.concatenated(recordings.map { $0[site] })
            #expect(relativeError(recorded, try expected.tensor(name)) < Self.tolerance, "\(site)")
            compared += 1
        }
        #expect(compared > 10)
    }
}

extension Site {
    /// The module path under which the fixture's script stored the value.
    var diffusersName: String {
        let block =
            switch stage {
            case .down(let index): "down_blocks.\(index)"
            case .middle: "mid_block"
            case .up(let index): "up_blocks.\(index)"
            }
        guard let attention else { return "\(block).resnets.\(layer).branch" }
        let module = attention == .selfAttention ? "attn1" : "attn2"
        return "\(block).attentions.\(layer).transformer_blocks.0.\(module).\(value.rawValue)"
    }
}
