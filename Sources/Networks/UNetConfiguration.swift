import Foundation

/// The shape of a UNet, as `unet/config.json` of a diffusers folder gives it.
public struct UNetConfiguration: Sendable, Hashable {
    /// Channels of the latent (4), of latent and mask and masked picture (9), of two latents (8).
    public var inChannels = 4
    /// Channels of the prediction.
    public var outChannels = 4
    /// Side of the latent that the model was trained on.
    public var sampleSize = 64
    /// Channels per stage, outermost first.
    public var blockOutChannels = [320, 640, 1280, 1280]
    /// Which stages of the way down have transformers.
    public var downAttends = [true, true, true, false]
    /// Which stages of the way up have transformers, innermost first.
    public var upAttends = [false, true, true, true]
    /// Resnets per stage on the way down; one more on the way up.
    public var layersPerBlock = [2, 2, 2, 2]
    /// Width of the prompt embedding, D.
    public var crossAttentionDim = 768
    /// Attention heads per stage (diffusers calls it `attention_head_dim`).
    public var heads = [8, 8, 8, 8]
    /// Whether transformers use linear projections rather than 1×1 convolutions.
    public var useLinearProjection = false
    /// Groups of every group normalisation.
    public var normNumGroups = 32
    /// Added to variances.
    public var normEps = 1e-5
    /// Whether the time embedding begins with cosines.
    public var flipSinToCos = true
    /// Shift of the time embedding's frequencies.
    public var freqShift = 0.0

    /// Stable Diffusion 1.x.
    public init() {}

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming any key that would change the result and is not known here.
    public init(contentsOf path: String) throws {
        let file = try ConfigurationFile(path: path)
        inChannels = try file.count("in_channels", 4)
        outChannels = try file.count("out_channels", 4)
        // Some files hold [height, width] or nothing; it is only a hint for a default size.
        sampleSize =
            (try? file.value("sample_size", 64)) ?? (try? file.value("sample_size", [64, 64]).first) ?? 64
        blockOutChannels = try file.value("block_out_channels", [320, 640, 1280, 1280])
        let stages = blockOutChannels.count
        guard (1...8).contains(stages), blockOutChannels.allSatisfy({ $0 > 0 }) else {
            throw ConfigurationError.value(
                path: path, key: "block_out_channels", value: "\(blockOutChannels)",
                known: "1 to 8 positive numbers")
        }
        downAttends = try UNetConfiguration.attends(
            file, "down_block_types", ["DownBlock2D": false, "CrossAttnDownBlock2D": true],
            Array(repeating: "CrossAttnDownBlock2D", count: 3) + ["DownBlock2D"], stages: stages)
        upAttends = try UNetConfiguration.attends(
            file, "up_block_types", ["UpBlock2D": false, "CrossAttnUpBlock2D": true],
            ["UpBlock2D"] + Array(repeating: "CrossAttnUpBlock2D", count: 3), stages: stages)
        layersPerBlock = try file.counts("layers_per_block", 2, entries: stages)
        crossAttentionDim = try file.count("cross_attention_dim", 1280)
        // diffusers means "number of heads" by both names in this family.
        heads = try file.counts(
            file.has("num_attention_heads") ? "num_attention_heads" : "attention_head_dim", 8, entries: stages
        )
        useLinearProjection = try file.value("use_linear_projection", false)
        normNumGroups = try file.count("norm_num_groups", 32)
        normEps = try file.value("norm_eps", 1e-5)
        flipSinToCos = try file.value("flip_sin_to_cos", true)
        freqShift = try file.value("freq_shift", 0.0)
        for (stage, channels) in blockOutChannels.enumerated() {
            guard channels % heads[stage] == 0, channels % normNumGroups == 0 else {
                throw ConfigurationError.value(
                    path: path, key: "block_out_channels", value: "\(channels)",
                    known: "multiples of norm_num_groups \(normNumGroups) and of \(heads[stage]) heads")
            }
        }
        try file.allow(
            [
                "in_channels", "out_channels", "block_out_channels", "down_block_types", "up_block_types",
                "layers_per_block", "cross_attention_dim", "attention_head_dim", "num_attention_heads",
                "use_linear_projection", "norm_num_groups", "norm_eps", "flip_sin_to_cos", "freq_shift",
            ],
            // Attention in higher precision is what float32 does anyway; dropout is off outside training.
            ignored: ["sample_size", "upcast_attention", "dropout"],
            neutral: UNetConfiguration.neutral)
    }

    private static let neutral: [String: [String]] = [
        "act_fn": ["silu", "swish"], "mid_block_type": ["UNetMidBlock2DCrossAttn"],
        "downsample_padding": ["1"],
        "mid_block_scale_factor": ["1"], "resnet_time_scale_shift": ["default"],
        "time_embedding_type": ["positional"],
        "transformer_layers_per_block": ["1"], "conv_in_kernel": ["3"], "conv_out_kernel": ["3"],
        "attention_type": ["default"], "resnet_out_scale_factor": ["1"],
        "addition_embed_type_num_heads": ["64"],
        "mid_block_only_cross_attention": ["false"],
    ]

    private static func attends(
        _ file: ConfigurationFile, _ key: String, _ known: [String: Bool], _ fallback: [String], stages: Int
    ) throws -> [Bool] {
        let names = try file.value(key, fallback)
        guard names.count == stages else {
            throw ConfigurationError.value(
                path: file.path, key: key, value: "\(names)", known: "\(stages) entries")
        }
        return try names.map { name in
            guard let attends = known[name] else {
                throw ConfigurationError.value(
                    path: file.path, key: key, value: name, known: known.keys.sorted().joined(separator: ", ")
                )
            }
            return attends
        }
    }

    /// Whether operators on latents of this size are too small for a second thread to bring more than it costs.
    public func isSmall(height: Int, width: Int) -> Bool { height * width * blockOutChannels[0] < 1 << 16 }

    /// The `config.json` that Python's diffusers reads.
    public var json: [String: any Sendable] {
        [
            "_class_name": "UNet2DConditionModel", "act_fn": "silu", "attention_head_dim": heads,
            "block_out_channels": blockOutChannels, "center_input_sample": false,
            "cross_attention_dim": crossAttentionDim,
            "down_block_types": downAttends.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" },
            "downsample_padding": 1, "flip_sin_to_cos": flipSinToCos, "freq_shift": Int(freqShift),
            "in_channels": inChannels, "layers_per_block": layersPerBlock, "mid_block_scale_factor": 1,
            "norm_eps": normEps, "norm_num_groups": normNumGroups, "out_channels": outChannels,
            "sample_size": sampleSize,
            "up_block_types": upAttends.map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" },
            "use_linear_projection": useLinearProjection,
        ]
    }
}
