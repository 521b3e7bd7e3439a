extension OriginalNames {
    /// The layers of the autoencoder's attention: the first code's name and diffusers'.
    private static let attention = [
        "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
    ]

    /// What diffusers calls a layer of the autoencoder that has a name of the first code; nil for names of neither.
    /// - Parameters:
    ///   - module: the layer's name without the name of a tensor of it.
    ///   - stages: stages of the network (S): the first code counts those of the decoder from the picture, and
    ///     diffusers from the latent.
    static func autoencoder(of module: String, stages: Int) -> String? {
        let parts = module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if ["quant_conv", "post_quant_conv"].contains(module) { return module }
        guard parts.count > 1, ["encoder", "decoder"].contains(parts[0]) else { return nil }
        let side = parts[0]
        let rest = Array(parts.dropFirst(2))
        switch (parts[1], rest.count) {
        case ("conv_in", 0), ("conv_out", 0): return module
        case ("norm_out", 0): return side + ".conv_norm_out"
        case ("mid", 2) where rest[0] == "attn_1":
            return attention[rest[1]].map { "\(side).mid_block.attentions.0.\($0)" }
        case ("mid", 2):
            let resnets = ["block_1": 0, "block_2": 1]
            return resnets[rest[0]].map { "\(side).mid_block.resnets.\($0).\(shortcut(rest[1]))" }
        case ("down", 4) where side == "encoder" && rest[1] == "block":
            return "encoder.down_blocks.\(rest[0]).resnets.\(rest[2]).\(shortcut(rest[3]))"
        case ("down", 3) where side == "encoder" && rest[1] == "downsample":
            return "encoder.down_blocks.\(rest[0]).downsamplers.0.\(rest[2])"
        case ("up", 3...4) where side == "decoder":
            guard let stage = Int(rest[0]), (0..<stages).contains(stage) else { return nil }
            let block = "decoder.up_blocks.\(stages - 1 - stage)"
            return switch (rest[1], rest.count) {
            case ("block", 4): "\(block).resnets.\(rest[2]).\(shortcut(rest[3]))"
            case ("upsample", 3): "\(block).upsamplers.0.\(rest[2])"
            default: nil
            }
        default: return nil
        }
    }

    private static func shortcut(_ name: String) -> String { name == "nin_shortcut" ? "conv_shortcut" : name }
}
