import Foundation
import Layers
import Networks
import Support
import Tensors
import TestSupport
import Testing

/// Unconditional UNets against diffusers on random weights (fixtures: `Scripts/fixtures/make_pixels.py`).
@Suite struct PixelUNetTests {
    static let models = ["tiny-ddpm", "tiny-adm"]

    static func shape(_ name: String) throws -> PixelUNetConfiguration {
        try PixelUNetConfiguration(contentsOf: Fixtures.model(name) + "/unet/config.json")
    }

    static func network(_ name: String) throws -> PixelUNet {
        try PixelUNet(
            WeightStore(folder: Fixtures.model(name) + "/unet", name: "diffusion_pytorch_model").weights,
            try shape(name))
    }

    // Fails for channels of a head read as heads, for a normalisation before the middle's attention of tiny-adm, for
    // sums there that are not divided, for sides changed before the normalisation or by a convolution on the shortcut
    // alone, for skips of an asymmetric border, and for sines and cosines swapped.
    @Test("What it answers is diffusers' answer, the variance included", arguments: models)
    func agrees(name: String) throws {
        let expected = try Fixtures.expected(name)
        let network = try Self.network(name)
        let answer = try withoutGradients {
            network(try expected.tensor("images"), timesteps: try expected.tensor("timesteps"))
        }
        #expect(relativeError(answer, try expected.tensor("answer")) < ParityTests.tolerance)
    }

    // Fails for gradients that take another way than the answer, such as through cached Winograd filters.
    @Test("Gradients by the images follow the answer", arguments: models)
    func gradients(name: String) throws {
        let expected = try Fixtures.expected(name)
        let network = try Self.network(name)
        let images = try expected.tensor("images").rows(0..<1)
        let timesteps = try expected.tensor("timesteps").rows(0..<1)
        let leaf = images.copied.requiringGradient
        let slope = gradient(
            of: withGradients { network(leaf, timesteps: timesteps).squared.sum }, withRespectTo: leaf)
        let direction = RandomGenerator(seed: 5).normal(images.shape)
        func value(_ share: Double) -> Double {
            withoutGradients { network(images + direction * share, timesteps: timesteps).squared.sum.item }
        }
        let found = (slope * direction).sum.item
        #expect(abs((value(1e-2) - value(-1e-2)) / 2e-2 - found) < 2e-2 * abs(found))
    }

    @Test("Plans record and replace what passes in a row, its own alone")
    func plans() throws {
        let expected = try Fixtures.expected("tiny-adm")
        let network = try Self.network("tiny-adm")
        let (images, timesteps) = (try expected.tensor("images"), try expected.tensor("timesteps"))
        let site = try #require(network.sites.named("up0.1.self.map"))
        withoutGradients {
            let recording = Recording([site])
            let plain = network(images, timesteps: timesteps)
            let watched = network(
                images, timesteps: timesteps, plans: [.recording(into: recording), .none])
            #expect(relativeError(watched, plain) < 1e-5)
            // 24 channels in heads of 8; a quarter of 16 × 24 pixels a side.
            #expect(recording[site].shape == [1, 3, 24, 24])
            let edited = network(
                images, timesteps: timesteps, plans: [.none, .editing([site]) { $1 * 0 }])
            #expect(relativeError(edited.rows(0..<1), plain.rows(0..<1)) < 1e-5)
            #expect(relativeError(edited.rows(1..<2), plain.rows(1..<2)) > 1e-3)
        }
    }

    @Test("A configuration survives being written and read", arguments: models)
    func configuration(name: String) throws {
        let shape = try Self.shape(name)
        let file = NSTemporaryDirectory() + "pixels-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Data(PythonJSON.text(shape.json).utf8).write(to: URL(fileURLWithPath: file))
        #expect(try PixelUNetConfiguration(contentsOf: file) == shape)
    }

    @Test(
        "What a configuration asks for and this network has not is named",
        arguments: [
            (#""out_channels": 4"#, "out_channels is 4, which is not supported; known here: 3, or 6 with a"),
            (
                #""down_block_types": ["DownBlock2D", "SkipDownBlock2D", "DownBlock2D"]"#,
                "known here: AttnDownBlock2D, DownBlock2D, ResnetDownsampleBlock2D"
            ),
            (#""down_block_types": ["DownBlock2D"]"#, "known here: 3 entries"),
            (#""time_embedding_type": "fourier""#, "time_embedding_type is"),
            (#""num_class_embeds": 1000"#, "num_class_embeds is 1000, which is not supported"),
            (#""class_embed_type": "timestep""#, "class_embed_type is"),
            (#""mid_block_type": null"#, "mid_block_type is null"),
            (
                #""downsample_type": "fir""#,
                "downsample_type is fir, which is not supported; known here: conv"
            ),
            (#""act_fn": "relu""#, "act_fn is"),
            (#""attention_head_dim": 7"#, "norm_num_groups 4 and, with attention, of attention_head_dim 7"),
            (#""resnet_time_scale_shift": "spatial""#, "known here: default, scale_shift"),
            (#""new_trick": true"#, "new_trick (true) is not known here, and it may change the result"),
        ])
    func refused(setting: String, expected: String) throws {
        let path = Fixtures.model("tiny-adm") + "/unet/config.json"
        var values = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path)))
                as? [String: Any])
        let change = try JSONSerialization.jsonObject(with: Data("{\(setting)}".utf8))
        for (key, value) in try #require(change as? [String: Any]) { values[key] = value }
        let file = NSTemporaryDirectory() + "pixels-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try JSONSerialization.data(withJSONObject: values).write(to: URL(fileURLWithPath: file))
        let error = #expect(throws: ConfigurationError.self) { try PixelUNetConfiguration(contentsOf: file) }
        let message = error.map { "\($0)" } ?? ""
        #expect(message.contains(expected), "\(message)")
    }
}
