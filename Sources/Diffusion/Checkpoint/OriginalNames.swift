/// The names that Stable Diffusion's first code gives to a UNet's layers, in which checkpoints are shared, and those of
/// diffusers for the same.
enum OriginalNames {
    /// Pairs of parts that are called the same wherever they stand: diffusers' name and the first code's.
    static let fixed = [
        ("conv_in", "input_blocks.0.0"), ("time_embedding.linear_1", "time_embed.0"),
        ("time_embedding.linear_2", "time_embed.2"), ("add_embedding.linear_1", "label_emb.0.0"),
        ("add_embedding.linear_2", "label_emb.0.2"), ("conv_norm_out", "out.0"), ("conv_out", "out.2"),
    ]
    /// The layers of a resnet, likewise.
    static let resnet = [
        ("norm1", "in_layers.0"), ("conv1", "in_layers.2"), ("time_emb_proj", "emb_layers.1"),
        ("norm2", "out_layers.0"), ("conv2", "out_layers.3"), ("conv_shortcut", "skip_connection"),
    ]

    /// What the first code may call a layer of the UNet.
    /// - Parameters:
    ///   - module: diffusers' name of the layer, without the name of a tensor of it.
    ///   - levels: resnets of a stage on the way down (L).
    static func original(of module: String, levels: Int) -> [String] {
        if let name = fixed.first(where: { $0.0 == module })?.1 { return [name] }
        let parts = module.split(separator: ".").map(String.init)
        guard parts.count > 3 else { return [] }
        let mid = parts[0] == "mid_block"
        let (kind, rest) = mid ? (parts[1], parts.dropFirst(3)) : (parts[2], parts.dropFirst(4))
        guard let n = Int(mid ? parts[2] : parts[3]), let b = mid ? 0 : Int(parts[1]) else { return [] }
        let tail = rest.joined(separator: ".")
        let inner = kind == "resnets" ? resnet.first { $0.0 == tail }?.1 ?? tail : tail
        if mid { return ["middle_block.\(kind == "attentions" ? 1 : 2 * n).\(inner)"] }
        let isDown = parts[0] == "down_blocks"
        let side = isDown ? "input_blocks" : "output_blocks"
        let start = (isDown ? 1 : 0) + b * (levels + 1)
        switch kind {
        case "resnets": return ["\(side).\(start + n).0.\(inner)"]
        case "attentions": return ["\(side).\(start + n).1.\(inner)"]
        case "downsamplers": return ["\(side).\(start + levels).0.op"]
        // It stands behind the transformer where the stage has one.
        case "upsamplers": return [1, 2].map { "\(side).\(start + levels).\($0).conv" }
        default: return []
        }
    }

    /// What diffusers calls a layer of the UNet that has a name of the first code; nil for names of neither.
    ///
    /// Names are compared part by part: `input_blocks.1` is no beginning of `input_blocks.10`.
    static func diffusers(of module: String, levels: Int) -> String? {
        if let name = fixed.first(where: { $0.1 == module })?.0 { return name }
        let parts = module.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count > 2, let i = Int(parts[1]), i >= 0 else { return nil }
        if parts[0] == "middle_block" {
            let rest = Array(parts.dropFirst(2))
            switch i {
            case 0, 2: return inner(rest).map { "mid_block.resnets.\(i / 2).\($0)" }
            case 1: return "mid_block.attentions.0." + rest.joined(separator: ".")
            default: return nil
            }
        }
        guard parts.count > 3, let j = Int(parts[2]) else { return nil }
        let rest = Array(parts.dropFirst(3))
        let isDown = parts[0] == "input_blocks"
        guard isDown ? i > 0 : parts[0] == "output_blocks" else { return nil }
        let place = isDown ? i - 1 : i
        let (stage, n) = (place / (levels + 1), place % (levels + 1))
        let block = isDown ? "down_blocks.\(stage)" : "up_blocks.\(stage)"
        switch (j, rest[0]) {
        case (0, "op") where isDown: return rest.count == 1 ? "\(block).downsamplers.0.conv" : nil
        case (1...2, "conv") where !isDown: return rest.count == 1 ? "\(block).upsamplers.0.conv" : nil
        case (0, _): return inner(rest).map { "\(block).resnets.\(n).\($0)" }
        case (1, _): return "\(block).attentions.\(n)." + rest.joined(separator: ".")
        default: return nil
        }
    }

    /// A layer of a resnet as diffusers calls it.
    private static func inner(_ parts: [String]) -> String? {
        let name = parts.joined(separator: ".")
        return resnet.first { $0.1 == name }?.0
    }
}
