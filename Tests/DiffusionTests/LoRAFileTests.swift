import Foundation
import Layers
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// LoRA files on a model: names of all writers, strengths, several at once, and what is refused.
@Suite struct LoRAFileTests {
    static let attention = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"

    static func model() throws -> LoadedModel {
        LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
    }

    /// The noise that a model sees in a latent.
    static func predict(_ model: any DiffusionModel) throws -> Tensor {
        let session = DiffusionSession(model: model)
        let level = try session.schedule.levels(steps: 4)[3]
        let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
        return try session.predict([Query(latent, at: level, prompt: session.prompt("a pear"))])[0]
    }

    /// A file of pairs of rank 2 for layers of the UNet and the text encoder, named in a way.
    /// - Parameters:
    ///   - name: what a tensor of a layer is called: by the layer's network and name, and "down" or "up".
    static func write(
        to path: String, metadata: [String: String] = [:], scale: Double = 1,
        name: (_ part: String, _ module: String, _ role: String) -> String
    ) throws {
        let model = try model()
        let layers =
            try model.unetTensors().map { ("unet", $0) } + model.textEncoderTensors().map { ("text", $0) }
        var tensors: [(String, Tensor)] = []
        for (number, (part, layer)) in layers.enumerated() where layer.name.hasSuffix(".weight") {
            let wanted = ["attn1.to_q", "attn2.to_out.0", "resnets.0.conv1", "conv_in", "self_attn.v_proj"]
            let module = String(layer.name.dropLast(7))
            guard wanted.contains(where: { module.hasSuffix($0) }) else { continue }
            let shape = layer.tensor.shape
            let random = RandomGenerator(seed: UInt64(number))
            let tail = Array(shape.dropFirst(2))
            let down = random.normal([2, shape[1]] + tail) * (0.2 * scale)
            let up = random.normal([shape[0], 2] + tail.map { _ in 1 }) * 0.2
            tensors.append((name(part, module, "down"), down))
            tensors.append((name(part, module, "up"), up))
        }
        try Safetensors.write(tensors, metadata: metadata, to: path)
    }

    static func kohya(_ part: String, _ module: String, _ role: String) -> String {
        let bare = module
        return (part == "unet" ? "lora_unet_" : "lora_te_")
            + bare.split(separator: ".").joined(separator: "_")
            + ".lora_\(role).weight"
    }

    static func peft(_ part: String, _ module: String, _ role: String) -> String {
        (part == "unet" ? "unet." : "text_encoder.") + module
            + (role == "down" ? ".lora_A.weight" : ".lora_B.weight")
    }

    @Test("Files spelt by kohya, peft and early diffusers mean the same layers")
    func spellings() throws {
        let folder = try Folder()
        try Self.write(to: folder["kohya.safetensors"], name: Self.kohya)
        let base = try Self.model()
        let wanted = try Self.predict(base.changed(by: [LoRAChoice(path: folder["kohya.safetensors"])]))
        #expect(relativeError(wanted, try Self.predict(base)) > 0.01)
        let spellings: [(String, (String, String, String) -> String)] = [
            ("peft", Self.peft),
            ("bare", { _, module, role in module + (role == "down" ? ".lora_A.weight" : ".lora_B.weight") }),
            (
                "old",
                { part, module, role in
                    let parts = module.split(separator: ".").map(String.init)
                    // Attention had processors of its own; its output was called without a place.
                    let spelt = module.replacing("to_out.0", with: "to_out")
                    guard part == "unet", let last = spelt.split(separator: ".").last,
                        parts.contains(where: { $0.hasPrefix("attn") })
                    else { return Self.peft(part, module, role) }
                    return "unet." + spelt.dropLast(last.count) + "processor.\(last)_lora.\(role).weight"
                }
            ),
        ]
        for (name, spelling) in spellings {
            let path = folder[name + ".safetensors"]
            try Self.write(to: path, name: spelling)
            let found = try Self.predict(base.changed(by: [LoRAChoice(path: path)]))
            #expect(found.isEqual(to: wanted), "\(name)")
        }
    }

    @Test("Names of Stable Diffusion's first code lead to the layers that they mean")
    func firstNames() {
        let names = LoRANames(
            unet: [
                "conv_in", "time_embedding.linear_2", "down_blocks.0.resnets.0.conv1",
                "down_blocks.0.resnets.1.conv1",
                "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_k",
                "down_blocks.0.downsamplers.0.conv",
                "mid_block.resnets.1.time_emb_proj", "mid_block.attentions.0.proj_in",
                "up_blocks.1.resnets.2.conv_shortcut", "up_blocks.1.attentions.2.proj_out",
                "up_blocks.0.upsamplers.0.conv", "up_blocks.1.upsamplers.0.conv",
                "down_blocks.3.resnets.1.conv2",
                "conv_out",
            ].map { $0 + ".weight" },
            textEncoder: ["text_model.encoder.layers.0.mlp.fc1.weight"])
        for (name, module) in [
            ("lora_unet_input_blocks_0_0", "conv_in"), ("lora_unet_time_embed_2", "time_embedding.linear_2"),
            ("lora_unet_input_blocks_1_0_in_layers_2", "down_blocks.0.resnets.0.conv1"),
            ("lora_unet_input_blocks_2_0_in_layers_2", "down_blocks.0.resnets.1.conv1"),
            (
                "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_k",
                "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_k"
            ), ("lora_unet_input_blocks_3_0_op", "down_blocks.0.downsamplers.0.conv"),
            ("lora_unet_input_blocks_11_0_out_layers_3", "down_blocks.3.resnets.1.conv2"),
            ("lora_unet_middle_block_2_emb_layers_1", "mid_block.resnets.1.time_emb_proj"),
            ("diffusion_model.middle_block.1.proj_in", "mid_block.attentions.0.proj_in"),
            ("lora_unet_output_blocks_5_0_skip_connection", "up_blocks.1.resnets.2.conv_shortcut"),
            ("lora_unet_output_blocks_5_1_proj_out", "up_blocks.1.attentions.2.proj_out"),
            ("lora_unet_output_blocks_2_1_conv", "up_blocks.0.upsamplers.0.conv"),
            ("lora_unet_output_blocks_5_2_conv", "up_blocks.1.upsamplers.0.conv"),
            ("lora_unet_out_2", "conv_out"), ("unet.conv_out", "conv_out"),
            ("lora_te_text_model_encoder_layers_0_mlp_fc1", "text_model.encoder.layers.0.mlp.fc1"),
            ("text_encoder.text_model.encoder.layers.0.mlp.fc1", "text_model.encoder.layers.0.mlp.fc1"),
        ] {
            #expect(names.module(name)?.module == module, "\(name)")
        }
        #expect(names.module("lora_unet_input_blocks_10_0_in_layers_2") == nil)
        #expect(names.module("lora_te2_text_projection") == nil)
    }

    @Test("Strengths count for each part, add up over files, and are part of the fingerprint")
    func strengths() throws {
        let folder = try Folder()
        let path = folder["a.safetensors"]
        try Self.write(to: path, name: Self.peft)
        let base = try Self.model()
        func changed(_ strengths: [LoRAChoice.Strength]) throws -> InMemoryModel {
            try base.changed(by: strengths.map { LoRAChoice(path: path, strength: $0) })
        }
        let plain = try Self.predict(base)
        #expect(try Self.predict(changed([.init(unet: 0)])).isEqual(to: plain))
        let half = try Self.predict(changed([.init(unet: 0.5)]))
        let sum = try Self.predict(changed([.init(unet: 0.75), .init(unet: -0.25)]))
        #expect(relativeError(half, sum) < 1e-5 && relativeError(half, plain) > 0.01)
        let text = try changed([.init(unet: 0, textEncoder: 1)])
        #expect(try !text.embed("a pear").embedding.isEqual(to: base.embed("a pear").embedding))
        let image = try changed([.init(unet: 1, textEncoder: 0)])
        #expect(try image.embed("a pear").embedding.isEqual(to: base.embed("a pear").embedding))
        let prints = [base.facts.fingerprint, text.facts.fingerprint, image.facts.fingerprint]
        #expect(Set(prints).count == 3)
        let facts = try #require(image.facts.loras)
        #expect(facts.count == 1 && facts[0].name == "a.safetensors" && facts[0].hash.count == 12)
        #expect(facts[0].strength == 1 && facts[0].textStrength == 0)
    }

    @Test("A file that was opened is used as it was then, whatever became of its name")
    func openedOnce() throws {
        let folder = try Folder()
        let path = folder["a.safetensors"]
        try Self.write(to: path, name: Self.peft)
        let base = try Self.model()
        let choice = try LoRAChoice(path: path).opening()
        let wanted = try base.changed(by: [LoRAChoice(path: path)])
        // Whoever opens the path a second time finds nothing.
        try FileManager.default.removeItem(atPath: path)
        let found = try base.changed(by: [choice])
        #expect(found.facts == wanted.facts && choice == LoRAChoice(path: path))
        #expect(try Self.predict(found).isEqual(to: Self.predict(wanted)))
    }

    @Test("α in diffusers' metadata counts where no tensor tells it")
    func metadata() throws {
        let folder = try Folder()
        try Self.write(to: folder["a.safetensors"], name: Self.peft)
        let told = "{\"unet.r\": 2, \"unet.lora_alpha\": 1, \"text_encoder.lora_alpha\": 1}"
        try Self.write(
            to: folder["b.safetensors"], metadata: ["lora_adapter_metadata": told], name: Self.peft)
        let base = try Self.model()
        let half = try Self.predict(
            base.changed(by: [LoRAChoice(path: folder["a.safetensors"], strength: .init(unet: 0.5))]))
        let found = try Self.predict(base.changed(by: [LoRAChoice(path: folder["b.safetensors"])]))
        #expect(relativeError(found, half) < 1e-6)
    }

    @Test("What fits no layer, is of another kind or makes no sense is refused in one line")
    func refused() throws {
        let folder = try Folder()
        let base = try Self.model()
        func said(_ tensors: [(String, Tensor)]) throws -> String {
            let path = folder["x.safetensors"]
            try? FileManager.default.removeItem(atPath: path)
            try Safetensors.write(tensors, to: path)
            do {
                let model = try base.changed(by: [LoRAChoice(path: path)])
                return model.notices.last ?? "nothing"
            } catch { return "\(error)" }
        }
        let path = folder["x.safetensors"]
        #expect(
            try said([("a.weight", .ones([2]))])
                == "\(path) holds no update of a layer: it is no LoRA, or one spelt as none is known")
        #expect(
            try said([("lora_unet_a.oft_blocks", .ones([2]))])
                == "\(path) is OFT, which is not read; LoRA, LoCon, LoHa, LoKr and DoRA are")
        #expect(
            try said([
                ("lora_unet_x_attn2_to_k.lora_down.weight", .ones([2, 768])),
                ("lora_unet_x_attn2_to_k.lora_up.weight", .ones([8, 2])),
            ])
                == "\(path) is for another network, of Stable Diffusion 1.x: 1 of its 1 layers are none of this model's "
                + "(lora_unet_x_attn2_to_k)")
        let name = "unet." + Self.attention
        #expect(
            try said([(name + ".lora_A.weight", .ones([0, 8])), (name + ".lora_B.weight", .ones([8, 0]))])
                == "\(path): \(name): its rank is 0")
        #expect(
            try said([
                (name + ".lora_A.weight", .full([2, 8], .nan)), (name + ".lora_B.weight", .ones([8, 2])),
            ])
                == "\(path): \(name): it holds values that are not numbers")
        #expect(
            try said([
                (name + ".lora_A.weight", .ones([2, 8])), (name + ".lora_B.weight", .ones([8, 2])),
                ("unet.nowhere.lora_A.weight", .ones([2, 8])), ("unet.nowhere.lora_B.weight", .ones([8, 2])),
            ]) == "x.safetensors: 1 of its layers are none of this model's and are not used (unet.nowhere)")
    }
}
