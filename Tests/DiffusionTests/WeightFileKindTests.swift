import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// What files and folders are that are no models, told by names and shapes.
@Suite struct WeightFileKindTests {
    /// A file with a header of these names and shapes, and no bytes that would take room.
    static func write(_ tensors: [(String, [Int])], to path: String) throws {
        var place = 0
        let entries = tensors.map { name, shape in
            let begin = place
            place += shape.reduce(1, *)
            return #""\#(name)":{"dtype":"I8","shape":\#(shape),"data_offsets":[\#(begin),\#(place)]}"#
        }
        let header = Data(("{" + entries.joined(separator: ",") + "}").utf8)
        let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
        try (Data(length) + header).write(to: URL(fileURLWithPath: path))
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.truncate(atOffset: UInt64(8 + header.count + place))
        try file.close()
    }

    /// What a whole checkpoint's UNet shows of itself.
    static func network(
        _ channels: Int, _ inputs: Int, width: Int, label: Int? = nil,
        prefix: String = "model.diffusion_model."
    ) -> [(String, [Int])] {
        [
            (prefix + "input_blocks.0.0.weight", [channels, inputs, 3, 3]),
            (prefix + "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [channels, width]),
            (prefix + "middle_block.0.in_layers.0.weight", [channels]),
        ] + (label.map { [(prefix + "label_emb.0.0.weight", [1280, $0])] } ?? [])
    }

    static let others = "models of the Stable Diffusion 1.x and 2.x family run here, as diffusers folders"
    static let convert =
        "diffusers folders are read here: convert it in Python with "
        + "StableDiffusionPipeline.from_single_file(file).save_pretrained(folder)"

    @Test("A whole checkpoint is told by its channels and widths")
    func checkpoints() throws {
        for (tensors, what, advice) in [
            (Self.network(320, 4, width: 768), "Stable Diffusion 1.x in one file", Self.convert),
            (
                Self.network(320, 9, width: 768), "Stable Diffusion 1.x for inpainting in one file",
                Self.convert
            ),
            (
                Self.network(320, 8, width: 768),
                "Stable Diffusion 1.x for instructions (InstructPix2Pix) in one file", Self.convert
            ),
            (Self.network(320, 4, width: 1024), "Stable Diffusion 2.x in one file", Self.convert),
            (
                Self.network(320, 4, width: 768, prefix: "diffusion_model."),
                "Stable Diffusion 1.x in one file",
                Self.convert
            ),
            (Self.network(320, 5, width: 1024), family("Stable Diffusion 2 with depth"), Self.others),
            (Self.network(320, 4, width: 1024, label: 2048), family("Stable unCLIP"), Self.others),
            (Self.network(256, 7, width: 1024), family("the upscaler of Stable Diffusion 2"), Self.others),
            (
                Self.network(320, 4, width: 2048, label: 2816), family("Stable Diffusion XL (SDXL)"),
                Self.others
            ),
            (
                Self.network(384, 4, width: 1280, label: 2560),
                family("the refiner of Stable Diffusion XL (SDXL)"), Self.others
            ),
            (
                Self.network(64, 4, width: 32),
                "a checkpoint of a UNet that is not known here (channels 64, 4, 32, 0)", Self.others
            ),
        ] {
            try expect(tensors, what, advice)
        }
    }

    private func family(_ name: String) -> String {
        "a model of the family \(name), whose networks are others"
    }

    private func expect(_ tensors: [(String, [Int])], _ what: String, _ advice: String? = nil) throws {
        let scratch = try ScratchFile("", named: "x.safetensors")
        try Self.write(tensors, to: scratch.path)
        let error = #expect(throws: DiffusionError.self) { try ModelFolder(path: scratch.path) }
        guard case .notAModel(let path, let found, let said)? = error else {
            Issue.record("\(what): \(String(describing: error))")
            return
        }
        #expect(path == scratch.path)
        #expect(found == what)
        if let advice { #expect(said == advice) }
        #expect(error?.description == "\(path) is \(found); \(said)")
    }

    @Test(
        "Parts, and what goes with a model, are told by a name of theirs",
        arguments: [
            (
                ["lora_unet_down_blocks_0_attn2_to_k.lora_down.weight"],
                "a LoRA, which changes a model and is none"
            ),
            (["unet.down.attn1.to_q.lora_A.weight"], "a LoRA, which changes a model and is none"),
            (["lora_unet_mid.hada_w1_a"], "a LoRA, which changes a model and is none"),
            (
                ["emb_params"],
                "a textual inversion (the embedding of a word), which goes with a model and is none"
            ),
            (
                ["clip_l", "clip_g"],
                "a textual inversion (the embedding of a word), which goes with a model and is none"
            ),
            (["encoder.conv_in.weight", "decoder.conv_in.weight"], "an autoencoder (VAE) alone"),
            (
                ["first_stage_model.encoder.conv_in.weight", "first_stage_model.decoder.conv_in.weight"],
                "an autoencoder (VAE) alone"
            ),
            (["decoder.layers.0.weight", "x"], "a tiny autoencoder for previews (TAESD)"),
            (["control_model.time_embed.0.weight", "x"], "a ControlNet, which steers a model and is none"),
            (
                ["controlnet_cond_embedding.conv_in.weight", "x"],
                "a ControlNet, which steers a model and is none"
            ),
            (
                ["image_proj.norm.weight", "ip_adapter.1.to_k_ip.weight"],
                "an IP-Adapter, which steers a model and is none"
            ),
            (["conv_in.weight", "down_blocks.0.resnets.0.norm1.weight"], "a UNet alone"),
            (["text_model.final_layer_norm.weight", "x"], "a CLIP text encoder alone"),
            (["a", "b", "c"], "a safetensors file of 3 tensors that is no model known here"),
        ])
    func parts(names: [String], what: String) throws { try expect(names.map { ($0, [3]) }, what) }

    @Test(
        "A LoRA says which family it is for",
        arguments: [(768, "Stable Diffusion 1.x"), (2048, "Stable Diffusion XL (SDXL)")])
    func lora(width: Int, family: String) throws {
        try expect(
            [
                (
                    "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight",
                    [4, width]
                )
            ],
            "a LoRA for \(family), which changes a model and is none",
            "name the folder of a model, and this file as its LoRA")
    }

    @Test(
        "Networks of other families are told by name",
        arguments: [
            ("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", "Stable Diffusion 3 (SD 3)"),
            ("double_blocks.0.img_attn.norm.key_norm.scale", "FLUX"),
            ("distilled_guidance_layer.in_proj.weight", "Chroma"),
            ("single_stream_modulation.lin.weight", "FLUX.2"), ("clf.1.weight", "Stable Cascade"),
            ("head.modulation", "Wan"), ("adaln_single.linear.weight", "PixArt"),
            ("mlp_t5.0.weight", "Hunyuan-DiT"), ("patchify_proj.weight", "LTX-Video"),
            ("txt_in.individual_token_refiner.blocks.0.norm1.weight", "HunyuanVideo"),
            ("txt_in.text_norm.weight", "Qwen-Image"), ("cc_projection.weight", "Stable Zero123"),
        ])
    func families(name: String, wanted: String) throws {
        try expect([(name, [3]), ("x", [1])], family(wanted), Self.others)
    }

    @Test("Pickles are never opened, and other files are no models")
    func otherFiles() throws {
        for ending in ["ckpt", "pt", "bin"] {
            let scratch = try ScratchFile("x", named: "model.\(ending)")
            #expect(throws: DiffusionError.pickledWeights(path: scratch.path)) {
                try ModelFolder(path: scratch.path)
            }
        }
        let text = try ScratchFile("x", named: "notes.txt")
        #expect(
            throws: DiffusionError.malformedFile(
                path: text.path, reason: "not a folder; a model is a diffusers folder with a model_index.json"
            )
        ) { try ModelFolder(path: text.path) }
    }
}

@Suite struct ModelIndexTests {
    private func index(_ json: String) throws -> ModelIndex {
        let file = try ScratchFile(json, named: "model_index.json")
        return try ModelIndex(folder: URL(fileURLWithPath: file.path).deletingLastPathComponent().path)
    }

    @Test(
        "Pipelines of other families are told by name",
        arguments: [
            ("StableDiffusionXLPipeline", "Stable Diffusion XL (SDXL)"),
            ("StableDiffusionXLInstructPix2PixPipeline", "Stable Diffusion XL (SDXL)"),
            ("StableDiffusion3Img2ImgPipeline", "Stable Diffusion 3 (SD 3)"), ("FluxFillPipeline", "FLUX"),
            ("Flux2Pipeline", "FLUX.2"), ("WanImageToVideoPipeline", "Wan"),
            ("PixArtSigmaPipeline", "PixArt"),
            ("KandinskyV22Pipeline", "Kandinsky"), ("StableCascadePriorPipeline", "Stable Cascade"),
            ("StableDiffusionDepth2ImgPipeline", "Stable Diffusion 2 with depth"),
            ("StableUnCLIPImg2ImgPipeline", "Stable unCLIP"), ("IFSuperResolutionPipeline", "DeepFloyd IF"),
            ("LatentConsistencyModelPipeline", "latent consistency models (LCM)"),
            ("AltDiffusionPipeline", "AltDiffusion"), ("QwenImageEditPipeline", "Qwen-Image"),
        ])
    func families(className: String, family: String) throws {
        let error = #expect(throws: DiffusionError.self) { try index(#"{"_class_name": "\#(className)"}"#) }
        guard case .otherFamily(let path, let found)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == family)
        #expect(
            error?.description
                == "\(path): a model of the family \(family), whose networks are others; Stable Diffusion 1.x and "
                + "2.x run here")
    }

    private static let parts =
        #""unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"], "#
        + #""text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]"#

    @Test("A part without effect is told, and what judges or prepares pictures is not")
    func otherParts() throws {
        let found = try index(
            "{\"_class_name\": \"StableDiffusionControlNetPipeline\", \(Self.parts), "
                + #""controlnet": ["diffusers", "ControlNetModel"], "safety_checker": ["x", "Checker"], "#
                + #""image_encoder": [null, null], "requires_safety_checker": true}"#)
        #expect(found.notices.count == 1)
        #expect(
            found.notices[0].hasSuffix("/model_index.json: the part controlnet (ControlNetModel) is not used")
        )
        #expect(found.corrects)
        let instructions = try index(
            "{\"_class_name\": \"StableDiffusionInstructPix2PixPipeline\", \(Self.parts)}")
        #expect(!instructions.corrects)
        #expect(instructions.notices == [])
    }

    @Test("A second text encoder means SDXL, and another network is named")
    func otherNetworks() throws {
        let two = #expect(throws: DiffusionError.self) {
            try index(#"{"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}"#)
        }
        if case .otherFamily(_, "Stable Diffusion XL (SDXL)")? = two {
        } else {
            Issue.record("\(String(describing: two))")
        }
        let network = #expect(throws: DiffusionError.self) {
            try index(
                #"{"_class_name": "NewPipeline", "transformer": ["diffusers", "NewTransformer2DModel"]}"#)
        }
        if case .unsupportedClass(_, "the network", "NewTransformer2DModel")? = network {
        } else {
            Issue.record("\(String(describing: network))")
        }
    }

    @Test("A folder without a list of parts is told for what it is")
    func otherFolders() throws {
        let config = try ScratchFile(#"{"_class_name": "ControlNetModel"}"#)
        let folder = URL(fileURLWithPath: config.path).deletingLastPathComponent().path
        #expect(
            throws: DiffusionError.notAModel(
                path: folder, what: "one network (ControlNetModel) and no whole model",
                advice: "name the folder that holds its model_index.json")
        ) { try ModelFolder(path: folder) }
        let weights = try ScratchFile("", named: "adapter.safetensors")
        try WeightFileKindTests.write([("unet.x.lora_A.weight", [3])], to: weights.path)
        let error = #expect(throws: DiffusionError.self) {
            try ModelFolder(path: URL(fileURLWithPath: weights.path).deletingLastPathComponent().path)
        }
        if case .notAModel(weights.path, "a LoRA, which changes a model and is none", _)? = error {
        } else {
            Issue.record("\(String(describing: error))")
        }
        let cache = URL(fileURLWithPath: folder).appendingPathComponent("models--a--b").path
        try FileManager.default.createDirectory(
            atPath: cache + "/snapshots/0123abcd", withIntermediateDirectories: true)
        #expect(
            throws: DiffusionError.notAModel(
                path: cache, what: "an entry of the Hugging Face cache",
                advice: "the model lies further down: name \(cache)/snapshots/0123abcd")
        ) { try ModelFolder(path: cache) }
    }
}
