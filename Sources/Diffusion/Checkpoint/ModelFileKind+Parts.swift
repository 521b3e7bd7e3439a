extension ModelFileKind {
    /// What is no model of its own but goes with one, or is one part of one.
    static func part(_ header: HeaderNames) -> ModelFileKind? {
        lora(header) ?? embedding(header) ?? autoencoder(header) ?? steering(header)
    }

    private static func lora(_ header: HeaderNames) -> ModelFileKind? {
        guard
            header.ends(".lora_down.weight", ".lora_A.weight", "_lora.down.weight", ".lora.down.weight")
                || header.contains(".hada_w1_a", ".lokr_w", ".lora_A.", "lora_linear_layer", "lora_unet_")
                || header.contains("lora_te_", "lora_te1_", "lycoris_")
        else { return nil }
        let reader = header.first(ending: [
            "attn2_to_k.lora_down.weight", "attn2.to_k.lora_A.weight", "attn2.to_k.lora.down.weight",
            "attn2.processor.to_k_lora.down.weight",
        ])
        var named = family(width: reader.flatMap(header.shape)?.last)
        for (family, isIt) in [
            ("FLUX", header.contains("double_blocks", "single_transformer_blocks")),
            ("Stable Diffusion 3 (SD 3)", header.contains("joint_blocks", "add_q_proj")),
            ("Stable Cascade", header.contains("lora_prior_")),
        ] where isIt && named == nil { named = family }
        return ModelFileKind(
            "a LoRA\(named.map { " for \($0)" } ?? ""), which changes a model and is none",
            "name the folder of a model, and this file as its LoRA", use: .lora)
    }

    private static func embedding(_ header: HeaderNames) -> ModelFileKind? {
        let isNamed =
            header.has("emb_params")
            || (!header.names.isEmpty && header.names.allSatisfy { ["clip_l", "clip_g"].contains($0) })
        let only = header.names.count == 1 ? header.shape(header.names[0]) : nil
        guard isNamed || only.map({ $0.count <= 2 && [768, 1024, 1280].contains($0.last ?? 0) }) == true
        else { return nil }
        return ModelFileKind(
            "a textual inversion (the embedding of a word), which goes with a model and is none",
            "name a model, and this file as its embedding", use: .embedding)
    }

    private static func autoencoder(_ header: HeaderNames) -> ModelFileKind? {
        let hasNetwork = header.networkPrefix != nil || header.has("conv_in.weight")
        if header.autoencoderPrefix != nil, !hasNetwork {
            return ModelFileKind(
                "an autoencoder (VAE) alone",
                "name a model, and this file as its autoencoder", use: .autoencoder)
        }
        if header.has("decoder.layers.0.weight") || (header.has("1.weight") && header.has("3.conv.0.weight"))
        {
            return ModelFileKind("a tiny autoencoder for previews (TAESD)", "name the folder of a model")
        }
        return nil
    }

    /// Networks that steer a model from its side, and what enlarges pictures.
    private static func steering(_ header: HeaderNames) -> ModelFileKind? {
        for (name, isIt) in [
            (
                "a ControlNet",
                header.begins("control_model.", "controlnet_cond_embedding.", "input_hint_block")
            ),
            ("a ControlNet-LLLite", header.contains("lllite_")),
            ("a Control-LoRA", header.has("lora_controlnet")),
            ("a T2I-Adapter", header.has("adapter.body.0.resnets.0.block1.weight")),
            ("a motion module of AnimateDiff", header.contains("motion_modules.")),
            ("an IP-Adapter", header.begins("ip_adapter.", "image_proj.")),
        ] where isIt {
            return ModelFileKind(
                "\(name), which steers a model and is none", "it is not read here; name the folder of a model"
            )
        }
        if header.has("conv_first.weight"), header.contains("rdb1.conv1.", "RDB1.conv1.") {
            return ModelFileKind(
                "a network that enlarges pictures (ESRGAN)", "it is not read here; name the folder of a model"
            )
        }
        return nil
    }
}
