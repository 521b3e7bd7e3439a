@testable import Diffusion

/// A header's names and shapes, and what is said of it.
struct KindRow: Sendable {
    let said: String
    let use: ModelFileKind.Use
    let tensors: [(String, [Int])]

    static let others =
        "models of the Stable Diffusion 1.x and 2.x family run here, as diffusers folders or as one file"

    init(_ use: ModelFileKind.Use, _ said: String, _ tensors: [(String, [Int])]) {
        self.use = use
        self.said = said
        self.tensors = tensors
    }

    /// What is said of a family whose networks do not run here.
    static func family(_ name: String, _ tensors: [(String, [Int])]) -> KindRow {
        KindRow(.nothing, "a model of the family \(name), whose networks are others; \(others)", tensors)
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

    /// What a UNet of SDXL's widths shows: so many transformer blocks in its second stage and in its third.
    static func large(
        _ second: Int, _ third: Int, inputs: Int = 4, middle: Bool = true
    ) -> [(String, [Int])] {
        let prefix = "model.diffusion_model."
        func blocks(_ place: String, _ count: Int) -> [(String, [Int])] {
            (0..<count).flatMap { block in
                ["norm1.weight", "attn2.to_k.weight"].map {
                    ("\(prefix)\(place).1.transformer_blocks.\(block).\($0)", [640, 2048])
                }
            }
        }
        return [
            (prefix + "input_blocks.0.0.weight", [320, inputs, 3, 3]),
            (prefix + "label_emb.0.0.weight", [1280, 2816]),
            (prefix + "middle_block.0.in_layers.0.weight", [1280]),
        ] + blocks("input_blocks.4", second) + blocks("input_blocks.7", third)
            + (middle ? blocks("middle_block", third) : [])
    }
}

/// Files of all families by what their headers show, and the whole line that is said of each.
let kindTable: [KindRow] = [
    KindRow(
        .lora,
        "a LoRA, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("lora_unet_mid_block_resnets_0_conv1.lora_down.weight", [4, 3])]),
    KindRow(
        .lora,
        "a LoRA for Stable Diffusion 1.x, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", [4, 768])]),
    KindRow(
        .lora,
        "a LoRA for Stable Diffusion 2.x, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [
            (
                "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight",
                [4, 1024]
            )
        ]),
    KindRow(
        .lora,
        "a LoRA for Stable Diffusion XL (SDXL), which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("unet.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight", [4, 2048])]),
    KindRow(
        .lora,
        "a LoRA, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("lora_unet_mid.hada_w1_a", [3, 2])]),
    KindRow(
        .lora,
        "a LoRA, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("lycoris_mid.lokr_w1", [3, 2])]),
    KindRow(
        .lora,
        "a LoRA, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("lora_unet_mid_block_resnets_0_norm1.diff", [3])]),
    KindRow(
        .lora,
        "a LoRA for FLUX, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight", [4, 3072])]),
    KindRow(
        .lora,
        "a LoRA for Stable Diffusion 3 (SD 3), which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("transformer.transformer_blocks.0.attn.add_q_proj.lora_A.weight", [4, 1536])]),
    KindRow(
        .lora,
        "a LoRA for Stable Cascade, which changes a model and is none; name the folder of a model, and this file as its LoRA",
        [("lora_prior_unet_x.lora_down.weight", [4, 10])]),
    KindRow(
        .embedding,
        "a textual inversion (the embedding of a word), which goes with a model and is none; name a model, and this file as its embedding",
        [("emb_params", [4, 768])]),
    KindRow(
        .embedding,
        "a textual inversion (the embedding of a word), which goes with a model and is none; name a model, and this file as its embedding",
        [("clip_l", [4, 768]), ("clip_g", [4, 1280])]),
    KindRow(
        .embedding,
        "a textual inversion (the embedding of a word), which goes with a model and is none; name a model, and this file as its embedding",
        [("<cat-toy>", [768])]),
    KindRow(
        .autoencoder, "an autoencoder (VAE) alone; name a model, and this file as its autoencoder",
        [("encoder.conv_in.weight", [128, 3, 3, 3]), ("decoder.conv_in.weight", [512, 4, 3, 3])]),
    KindRow(
        .autoencoder, "an autoencoder (VAE) alone; name a model, and this file as its autoencoder",
        [
            ("first_stage_model.encoder.conv_in.weight", [128, 3, 3, 3]),
            ("first_stage_model.decoder.conv_in.weight", [512, 4, 3, 3]),
        ]),
    KindRow(
        .nothing, "a tiny autoencoder for previews (TAESD); name the folder of a model",
        [("decoder.layers.0.weight", [3]), ("x", [1])]),
    KindRow(
        .nothing, "a tiny autoencoder for previews (TAESD); name the folder of a model",
        [("1.weight", [3]), ("3.conv.0.weight", [1])]),
    KindRow(
        .nothing,
        "a ControlNet, which steers a model and is none; it is not read here; name the folder of a model",
        [("control_model.time_embed.0.weight", [3]), ("x", [1])]),
    KindRow(
        .nothing,
        "a ControlNet, which steers a model and is none; it is not read here; name the folder of a model",
        [("controlnet_cond_embedding.conv_in.weight", [3]), ("x", [1])]),
    KindRow(
        .nothing,
        "a ControlNet-LLLite, which steers a model and is none; it is not read here; name the folder of a model",
        [("lllite_unet_x.cond_emb.weight", [3]), ("x", [1])]),
    KindRow(
        .nothing,
        "a Control-LoRA, which steers a model and is none; it is not read here; name the folder of a model",
        [("lora_controlnet", [0]), ("input_hint.0.weight", [1])]),
    KindRow(
        .nothing,
        "a T2I-Adapter, which steers a model and is none; it is not read here; name the folder of a model",
        [("adapter.body.0.resnets.0.block1.weight", [3]), ("x", [1])]),
    KindRow(
        .nothing,
        "a motion module of AnimateDiff, which steers a model and is none; it is not read here; name the folder of a model",
        [("down_blocks.0.motion_modules.0.temporal_transformer.norm.weight", [3]), ("x", [1])]),
    KindRow(
        .nothing,
        "an IP-Adapter, which steers a model and is none; it is not read here; name the folder of a model",
        [("image_proj.norm.weight", [3]), ("ip_adapter.1.to_k_ip.weight", [1])]),
    KindRow(
        .nothing,
        "a network that enlarges pictures (ESRGAN); it is not read here; name the folder of a model",
        [("conv_first.weight", [64, 3, 3, 3]), ("body.0.rdb1.conv1.weight", [1])]),
    .family(
        "Stable Diffusion 3 (SD 3)",
        [("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight", [3]), ("x", [1])]),
    .family("FLUX", [("double_blocks.0.img_attn.norm.key_norm.scale", [3]), ("x", [1])]),
    .family(
        "Chroma",
        [
            ("distilled_guidance_layer.in_proj.weight", [3]),
            ("double_blocks.0.img_attn.norm.key_norm.scale", [3]),
        ]),
    .family(
        "FLUX.2",
        [("single_stream_modulation.lin.weight", [3]), ("double_blocks.0.img_attn.norm.key_norm.scale", [3])]),
    .family("AuraFlow", [("model.double_layers.0.attn.w1q.weight", [3]), ("x", [1])]),
    .family("Stable Cascade", [("clf.1.weight", [3]), ("x", [1])]),
    .family("Hunyuan-DiT", [("mlp_t5.0.weight", [3]), ("x", [1])]),
    .family("Lumina 2", [("cap_embedder.0.weight", [3]), ("x", [1])]),
    .family("Z-Image", [("layers.0.adaLN_modulation.0.weight", [3]), ("x", [1])]),
    .family("LTX-Video", [("patchify_proj.weight", [3]), ("adaln_single.linear.weight", [1])]),
    .family("Wan", [("head.modulation", [3]), ("x", [1])]),
    .family("Qwen-Image", [("txt_in.text_norm.weight", [3]), ("x", [1])]),
    .family(
        "HunyuanVideo",
        [
            ("txt_in.individual_token_refiner.blocks.0.norm1.weight", [3]),
            ("double_blocks.0.img_attn.qkv.weight", [1]),
        ]),
    .family("PixArt", [("adaln_single.linear.weight", [3]), ("x", [1])]),
    .family(
        "Stable Video Diffusion",
        KindRow.network(320, 8, width: 1024) + [
            ("model.diffusion_model.input_blocks.1.1.time_stack.0.norm1.weight", [3])
        ]),
    .family(
        "Stable Video Diffusion",
        KindRow.network(320, 8, width: 1024) + [
            ("conditioner.embedders.0.open_clip.model.ln_final.weight", [3])
        ]),
    .family("Stable Zero123", KindRow.network(320, 8, width: 768) + [("cc_projection.weight", [768, 772])]),
    .family(
        "AltDiffusion",
        KindRow.network(320, 4, width: 768) + [("cond_stage_model.roberta.pooler.weight", [3])]),
    .family("CosXL", KindRow.network(320, 4, width: 2048, label: 2816) + [("edm_vpred.sigma_max", [])]),
    .family(
        "Playground 2.5",
        KindRow.network(320, 4, width: 2048, label: 2816) + [
            ("edm_mean", [1, 4, 1, 1]), ("edm_std", [1, 4, 1, 1]),
        ]),
    KindRow(
        .nothing,
        "a UNet alone; a model is a diffusers folder: put it into the unet folder of one and name that",
        [("conv_in.weight", [3]), ("down_blocks.0.resnets.0.norm1.weight", [3])]),
    KindRow(
        .nothing,
        "a UNet alone (Stable Diffusion XL (SDXL)); a model is a diffusers folder: put it into the unet folder of one and name that",
        [
            ("conv_in.weight", [3]), ("down_blocks.0.resnets.0.norm1.weight", [3]),
            ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", [640, 2048]),
        ]),
    KindRow(
        .nothing, "a T5 text encoder alone; a model is a diffusers folder; name that",
        [("encoder.block.0.layer.0.SelfAttention.q.weight", [3]), ("x", [1])]),
    KindRow(
        .textEncoder, "a CLIP text encoder alone; name a model, and this file as its text encoder",
        [("text_model.final_layer_norm.weight", [3]), ("x", [1])]),
    KindRow(
        .nothing, "a CLIP model for pictures; a model is a diffusers folder; name that",
        [("vision_model.post_layernorm.weight", [3]), ("x", [1])]),
    KindRow(
        .model, "Stable Diffusion 1.x in one file; name it as the model", KindRow.network(320, 4, width: 768)),
    KindRow(
        .model, "Stable Diffusion 1.x in one file; name it as the model",
        KindRow.network(320, 4, width: 768, prefix: "diffusion_model.")),
    KindRow(
        .model, "Stable Diffusion 1.x in one file; name it as the model",
        KindRow.network(320, 4, width: 768, prefix: "")),
    KindRow(
        .model, "Stable Diffusion 1.x for inpainting in one file; name it as the model",
        KindRow.network(320, 9, width: 768)),
    KindRow(
        .model, "Stable Diffusion 1.x for instructions (InstructPix2Pix) in one file; name it as the model",
        KindRow.network(320, 8, width: 768)),
    KindRow(
        .model, "Stable Diffusion 2.x in one file; name it as the model", KindRow.network(320, 4, width: 1024)
    ),
    KindRow(
        .model, "Stable Diffusion 2.x for inpainting in one file; name it as the model",
        KindRow.network(320, 9, width: 1024)),
    .family(
        "BK-SDM and SDXS (a smaller Stable Diffusion 1.x)",
        Array(KindRow.network(320, 4, width: 768).prefix(2))),
    .family("SDXS (a smaller Stable Diffusion 2.x)", Array(KindRow.network(320, 4, width: 1024).prefix(2))),
    .family("Stable Diffusion 2 with depth", KindRow.network(320, 5, width: 1024)),
    .family("Stable unCLIP", KindRow.network(320, 4, width: 1024, label: 2048)),
    .family("Stable unCLIP", KindRow.network(320, 4, width: 1024, label: 1536)),
    .family("the upscaler of Stable Diffusion 2", KindRow.network(256, 7, width: 1024)),
    .family("Stable Diffusion XL (SDXL)", KindRow.large(2, 10)),
    .family("Stable Diffusion XL (SDXL), for inpainting", KindRow.large(2, 10, inputs: 9)),
    .family("Stable Diffusion XL (SDXL), for instructions", KindRow.large(2, 10, inputs: 8)),
    .family("SSD-1B (a smaller SDXL)", KindRow.large(4, 4, middle: false)),
    .family("Segmind Vega (a smaller SDXL)", KindRow.large(1, 2)),
    .family(
        "KOALA (a smaller SDXL)",
        KindRow.large(2, 6) + [("model.diffusion_model.input_blocks.2.0.op.weight", [3])]),
    .family("the refiner of Stable Diffusion XL (SDXL)", KindRow.network(384, 4, width: 1280, label: 2560)),
    KindRow(
        .nothing, "a checkpoint of a UNet that is not known here (channels 64, 4, 32, 0); \(KindRow.others)",
        KindRow.network(64, 4, width: 32)),
    KindRow(
        .nothing, "a checkpoint in fp8 with scales; fetch the file in float16 or float32",
        KindRow.network(320, 4, width: 768) + [("scaled_fp8", [0])]),
    KindRow(
        .nothing, "a checkpoint quantised by bitsandbytes; fetch the file in float16 or float32",
        KindRow.network(320, 4, width: 768) + [("model.diffusion_model.out.2.weight.absmax", [3])]),
    KindRow(
        .nothing, "a safetensors file of 3 tensors that is no model known here; \(KindRow.others)",
        [("a", [3]), ("b", [3]), ("c", [3])]),
]
