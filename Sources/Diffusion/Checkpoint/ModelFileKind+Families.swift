extension ModelFileKind {
    /// Whole networks of other families, and parts in other layouts.
    static func foreignNetwork(_ header: HeaderNames) -> ModelFileKind? {
        if let found = families(header).first(where: \.1) { return other(found.0) }
        if header.has("conv_in.weight"), header.has("down_blocks.0.resnets.0.norm1.weight") {
            let width = header.first(ending: ["attn2.to_k.weight"]).flatMap(header.shape)?.last
            return ModelFileKind(
                "a UNet alone" + (family(width: width).map { " (\($0))" } ?? ""),
                "a model is a diffusers folder: put it into the unet folder of one and name that")
        }
        return header.networkPrefix == nil ? tower(header) : nil
    }

    /// Families by names that only they have, those that others would pass for first.
    private static func families(_ header: HeaderNames) -> [(String, Bool)] {
        let prefixes = ["", "model.diffusion_model.", "diffusion_model.", "model.", "transformer."]
        func has(_ name: String) -> Bool { header.hasBelow(prefixes, name) }
        func any(_ part: String) -> Bool { header.contains(part) }
        return [
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
                    || any("conditioner.embedders.0.open_clip.")
            ),
            ("Stable Zero123", any("cc_projection.weight")),
            ("AltDiffusion", any("cond_stage_model.roberta.")),
            ("CosXL", has("edm_vpred.sigma_max") || header.has("edm_vpred.sigma_max")),
            ("Playground 2.5", header.has("edm_mean") && header.has("edm_std")),
        ]
    }

    /// One tower of a model, alone in a file.
    private static func tower(_ header: HeaderNames) -> ModelFileKind? {
        for (name, isIt, use) in [
            (
                "a T5 text encoder alone", header.contains("encoder.block.0.layer.0.SelfAttention"),
                Use.nothing
            ),
            (
                "a CLIP text encoder alone",
                header.begins("text_model.", "cond_stage_model.transformer.text_model.")
                    && !header.begins("vision_model."), .textEncoder
            ),
            ("a CLIP model for pictures", header.begins("vision_model."), .nothing),
        ] where isIt {
            return ModelFileKind(
                name,
                use == .textEncoder
                    ? "name a model, and this file as its text encoder"
                    : "a model is a diffusers folder; name that",
                use: use)
        }
        return nil
    }

    /// A whole model of the UNet families in one file, told by channels, widths and the depths of its stages.
    static func checkpoint(_ header: HeaderNames) -> ModelFileKind {
        guard let prefix = header.networkPrefix,
            let convIn = header.shape(prefix + "input_blocks.0.0.weight"),
            convIn.count == 4
        else {
            return ModelFileKind(
                "a safetensors file of \(header.names.count) tensors that is no model known here",
                otherNetworks)
        }
        if let quantised = quantised(header) { return quantised }
        let reader = header.first(
            ending: ["transformer_blocks.0.attn2.to_k.weight"], below: prefix + "input_blocks.")
        let width = reader.flatMap(header.shape)?.last
        let label = header.shape(prefix + "label_emb.0.0.weight")?.last
        let inputs = [4: "", 9: " for inpainting", 8: " for instructions (InstructPix2Pix)"][convIn[1]]
        let isWhole = header.begins(prefix + "middle_block.")
        switch (convIn[0], width, label, inputs) {
        case (320, 768, nil, let use?) where isWhole: return oneFile(.sd1, use)
        case (320, 1024, nil, let use?) where isWhole: return oneFile(.sd2, use)
        case (320, 768, nil, _) where !isWhole:
            return other("BK-SDM and SDXS (a smaller Stable Diffusion 1.x)")
        case (320, 1024, nil, _) where !isWhole: return other("SDXS (a smaller Stable Diffusion 2.x)")
        case (320, 1024, nil, _) where convIn[1] == 5: return other("Stable Diffusion 2 with depth")
        case (320, 1024, 1536?, _), (320, 1024, 2048?, _): return other("Stable unCLIP")
        case (256, 1024, _, _) where convIn[1] == 7: return other("the upscaler of Stable Diffusion 2")
        case (320, 2048, 2816?, _): return other(largeFamily(header, prefix, inputs: convIn[1]))
        case (384, 1280, 2560?, _): return other("the refiner of Stable Diffusion XL (SDXL)")
        default:
            let said = [convIn[0], convIn[1], width ?? 0, label ?? 0].map(String.init).joined(separator: ", ")
            return ModelFileKind(
                "a checkpoint of a UNet that is not known here (channels \(said))", otherNetworks)
        }
    }

    /// Which of the networks of SDXL's widths it is, by the transformer blocks of its stages.
    private static func largeFamily(_ header: HeaderNames, _ prefix: String, inputs: Int) -> String {
        func blocks(_ place: String) -> Int {
            (0...32).first { !header.has("\(prefix)\(place).1.transformer_blocks.\($0).norm1.weight") } ?? 33
        }
        let base = "Stable Diffusion XL (SDXL)"
        guard header.has(prefix + "input_blocks.4.1.transformer_blocks.0.norm1.weight") else { return base }
        let hasMiddle = header.begins(prefix + "middle_block.1.")
        if header.has(prefix + "input_blocks.2.0.op.weight") { return "KOALA (a smaller SDXL)" }
        switch (blocks("input_blocks.4"), blocks("input_blocks.7"), hasMiddle) {
        case (2, 10, true): break
        case (1, 2, _): return "Segmind Vega (a smaller SDXL)"
        case (_, _, false): return "SSD-1B (a smaller SDXL)"
        default: return "of SDXL's widths with other depths"
        }
        return base + ([9: ", for inpainting", 8: ", for instructions"][inputs] ?? "")
    }

    /// Weights that were squeezed in ways that are not undone here.
    private static func quantised(_ header: HeaderNames) -> ModelFileKind? {
        for (name, isIt) in [
            ("in fp8 with scales", header.ends("scaled_fp8", ".scale_weight")),
            ("quantised by bitsandbytes", header.contains(".absmax", ".quant_map")),
        ] where isIt {
            return ModelFileKind("a checkpoint \(name)", "fetch the file in float16 or float32")
        }
        return nil
    }

    private static func oneFile(_ base: Base, _ use: String) -> ModelFileKind {
        ModelFileKind(
            "\(base.rawValue)\(use) in one file", "name it as the model", use: .model, base: base)
    }
}
