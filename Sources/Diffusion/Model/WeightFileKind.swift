import Tensors

/// What a file of weights is, told by the names and shapes in its header alone.
struct WeightFileKind: Equatable {
    /// As a sentence goes on after "is".
    let what: String
    /// What to do about it.
    let advice: String

    /// What a file's header says it is.
    init(of file: SafetensorsFile) {
        let header = Header(names: file.names, shape: { file.shape(of: $0) })
        self = Self.part(header) ?? Self.foreignNetwork(header) ?? Self.checkpoint(header)
    }

    private init(_ what: String, _ advice: String) {
        self.what = what
        self.advice = advice
    }

    /// A file's names, asked in the ways that tell kinds apart.
    private struct Header {
        let names: [String]
        let shape: (String) -> [Int]?

        func has(_ name: String) -> Bool { shape(name) != nil }
        func begins(_ beginnings: String...) -> Bool {
            names.contains { name in beginnings.contains { name.hasPrefix($0) } }
        }
        func ends(_ endings: String...) -> Bool { first(ending: endings) != nil }
        func contains(_ parts: String...) -> Bool {
            names.contains { name in parts.contains { name.contains($0) } }
        }
        func first(ending endings: [String]) -> String? {
            names.first { name in endings.contains { name.hasSuffix($0) } }
        }
        /// Whether a name stands at the top or below one of the prefixes that whole models have.
        func hasBelow(_ prefixes: [String], _ name: String) -> Bool { prefixes.contains { has($0 + name) } }

        /// What stands before the UNet's names in the layout that checkpoints are shared in.
        var networkPrefix: String? {
            ["model.diffusion_model.", "diffusion_model.", ""].first { has($0 + "input_blocks.0.0.weight") }
        }
    }

    private static let otherNetworks =
        "models of the Stable Diffusion 1.x and 2.x family run here, as diffusers folders"

    /// The family that a width of the prompt's embedding belongs to.
    private static func family(width: Int?) -> String? {
        [768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "Stable Diffusion XL (SDXL)"][
            width ?? 0]
    }

    /// What is no model of its own but goes with one, or is one part of one.
    private static func part(_ header: Header) -> WeightFileKind? {
        if header.ends(".lora_down.weight", ".lora_A.weight", "_lora.down.weight", ".lora.down.weight")
            || header.contains(".hada_w1_a", ".lokr_w", ".lora_A.", "lora_linear_layer")
        {
            let reader = header.first(ending: [
                "attn2_to_k.lora_down.weight", "attn2.to_k.lora_A.weight", "attn2.to_k.lora.down.weight",
                "attn2.processor.to_k_lora.down.weight",
            ])
            let named = family(width: reader.flatMap(header.shape)?.last).map { " for \($0)" } ?? ""
            return WeightFileKind(
                "a LoRA\(named), which changes a model and is none",
                "name the folder of a model, and this file as its LoRA"
            )
        }
        let isEmbedding =
            header.has("emb_params")
            || (!header.names.isEmpty && header.names.allSatisfy { ["clip_l", "clip_g"].contains($0) })
        let only = header.names.count == 1 ? header.shape(header.names[0]) : nil
        if isEmbedding || only.map({ $0.count <= 2 && [768, 1024, 1280].contains($0.last ?? 0) }) == true {
            return WeightFileKind(
                "a textual inversion (the embedding of a word), which goes with a model and is none",
                "embeddings are not read here; name the folder of a model")
        }
        let hasNetwork = header.networkPrefix != nil || header.has("conv_in.weight")
        let vae = ["", "first_stage_model.", "vae."]
        if header.hasBelow(vae, "encoder.conv_in.weight"), header.hasBelow(vae, "decoder.conv_in.weight"),
            !hasNetwork
        {
            return WeightFileKind(
                "an autoencoder (VAE) alone",
                "put it into the vae folder of a model (AutoencoderKL.from_single_file, save_pretrained) "
                    + "and name the model's folder")
        }
        if header.has("decoder.layers.0.weight") || (header.has("1.weight") && header.has("3.conv.0.weight"))
        {
            return WeightFileKind("a tiny autoencoder for previews (TAESD)", "name the folder of a model")
        }
        for (name, isIt) in [
            (
                "a ControlNet",
                header.begins("control_model.", "controlnet_cond_embedding.", "input_hint_block")
            ),
            ("a ControlNet-LLLite", header.contains("lllite_")),
            ("a motion module of AnimateDiff", header.contains("motion_modules.")),
            ("an IP-Adapter", header.begins("ip_adapter.", "image_proj.")),
        ] where isIt {
            return WeightFileKind(
                "\(name), which steers a model and is none", "it is not read here; name the folder of a model"
            )
        }
        return nil
    }

    /// Whole networks of other families, and parts in other layouts.
    private static func foreignNetwork(_ header: Header) -> WeightFileKind? {
        let prefixes = ["", "model.diffusion_model.", "diffusion_model.", "model.", "transformer."]
        func has(_ name: String) -> Bool { header.hasBelow(prefixes, name) }
        func any(_ part: String) -> Bool { header.contains(part) }
        let families: [(String, Bool)] = [
            (
                "Stable Diffusion 3 (SD 3)",
                any("joint_blocks.0.") || any("transformer_blocks.0.attn.add_q_proj") && any("pos_embed.proj")
            ),
            ("Chroma", any("distilled_guidance_layer.")),
            ("FLUX.2", has("single_stream_modulation.lin.weight")),
            (
                "FLUX",
                any("double_blocks.0.img_attn") && !any("txt_in.individual_token_refiner")
                    || any("single_transformer_blocks.0.")
            ),
            ("AuraFlow", has("double_layers.0.attn.w1q.weight")),
            ("Stable Cascade", has("clip_txt_mapper.weight") || has("clf.1.weight")),
            ("Hunyuan-DiT", has("mlp_t5.0.weight")),
            ("Lumina 2", has("cap_embedder.0.weight") && !any("noise_refiner.0.adaLN")),
            ("Z-Image", has("layers.0.adaLN_modulation.0.weight")),
            ("LTX-Video", has("patchify_proj.weight")),
            ("Wan", has("head.modulation") || any("blocks.0.cross_attn.norm_k")),
            ("Qwen-Image", any("txt_in.text_norm.weight") || any("transformer_blocks.0.img_mod")),
            ("HunyuanVideo", any("txt_in.individual_token_refiner")), ("PixArt", any("adaln_single.")),
            (
                "Stable Video Diffusion",
                any("time_stack.") || any("time_mix_blocks.") || any("temporal_transformer_blocks.")
            ),
            ("Stable Zero123", any("cc_projection.weight")),
            ("AltDiffusion", any("cond_stage_model.roberta.")),
        ]
        if let found = families.first(where: \.1) {
            return WeightFileKind(
                "a model of the family \(found.0), whose networks are others", otherNetworks)
        }
        if header.has("conv_in.weight"), header.has("down_blocks.0.resnets.0.norm1.weight") {
            let width = header.first(ending: ["attn2.to_k.weight"]).flatMap(header.shape)?.last
            return WeightFileKind(
                "a UNet alone" + (family(width: width).map { " (\($0))" } ?? ""),
                "a model is a diffusers folder: put it into the unet folder of one and name that")
        }
        if header.networkPrefix == nil {
            for (name, isIt) in [
                ("a T5 text encoder alone", header.contains("encoder.block.0.layer.0.SelfAttention")),
                (
                    "a CLIP text encoder alone",
                    header.begins("text_model.") && !header.begins("vision_model.")
                ),
                ("a CLIP model for pictures", header.begins("vision_model.")),
            ] where isIt { return WeightFileKind(name, "a model is a diffusers folder; name that") }
        }
        return nil
    }

    /// A whole model of the UNet families in one file, told by channels and widths.
    private static func checkpoint(_ header: Header) -> WeightFileKind {
        guard let prefix = header.networkPrefix,
            let convIn = header.shape(prefix + "input_blocks.0.0.weight"),
            convIn.count == 4
        else {
            return WeightFileKind(
                "a safetensors file of \(header.names.count) tensors that is no model known here",
                otherNetworks)
        }
        let reader = header.names.first {
            $0.hasPrefix(prefix) && $0.hasSuffix("transformer_blocks.0.attn2.to_k.weight")
        }
        let width = reader.flatMap(header.shape)?.last
        let label = header.shape(prefix + "label_emb.0.0.weight")?.last
        let inputs = ["4": "", "9": " for inpainting", "8": " for instructions (InstructPix2Pix)"][
            "\(convIn[1])"]
        let isWhole = header.begins(prefix + "middle_block.")
        switch (convIn[0], width, label, inputs) {
        case (320, 768, nil, let use?) where isWhole: return convertible("Stable Diffusion 1.x" + use)
        case (320, 1024, nil, let use?) where isWhole: return convertible("Stable Diffusion 2.x" + use)
        case (320, 1024, nil, _) where convIn[1] == 5: return other("Stable Diffusion 2 with depth")
        case (320, 1024, 1536?, _), (320, 1024, 2048?, _): return other("Stable unCLIP")
        case (256, 1024, _, _) where convIn[1] == 7: return other("the upscaler of Stable Diffusion 2")
        case (320, 2048, 2816?, _): return other("Stable Diffusion XL (SDXL)")
        case (384, 1280, 2560?, _): return other("the refiner of Stable Diffusion XL (SDXL)")
        default:
            let said = [convIn[0], convIn[1], width ?? 0, label ?? 0].map(String.init).joined(separator: ", ")
            return WeightFileKind(
                "a checkpoint of a UNet that is not known here (channels \(said))", otherNetworks)
        }
    }

    private static func convertible(_ family: String) -> WeightFileKind {
        WeightFileKind(
            "\(family) in one file",
            "diffusers folders are read here: convert it in Python with "
                + "StableDiffusionPipeline.from_single_file(file).save_pretrained(folder)")
    }

    private static func other(_ family: String) -> WeightFileKind {
        WeightFileKind("a model of the family \(family), whose networks are others", otherNetworks)
    }
}
