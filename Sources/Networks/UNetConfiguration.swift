public import Layers

/// The shape of a UNet, as `unet/config.json` of a diffusers folder gives it.
public struct UNetConfiguration: Sendable, Hashable {
    /// Channels of the latent (4), of latent and mask and masked image (9), of two latents (8).
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
    /// What stands between its layers.
    public var activation = Activation.silu
    /// Width of the time embedding; nil is four times the outermost channels.
    public var timeEmbeddingDim: Int?
    /// What the time embedding ends with (`timestep_post_act`).
    public var timeInnerActivation: Activation?
    /// What it goes through once more (`time_embedding_act_fn`).
    public var timeOuterActivation: Activation?
    /// Whether the time scales and shifts features rather than being added to them.
    public var timeScales = false
    /// Whether latents are doubled and less one on their way in.
    public var centersInput = false
    /// Whether images are halved with a border at the right and bottom alone (`downsample_padding` 0).
    public var downsamplesAsymmetrically = false
    /// What the resnets of the middle divide their sums by.
    public var midBlockScale = 1.0
    /// Side of the first convolution.
    public var wayInSize = 3
    /// Side of the last convolution.
    public var wayOutSize = 3

    /// Width of the time embedding.
    var timeChannels: Int { timeEmbeddingDim ?? blockOutChannels[0] * 4 }

    /// Stable Diffusion 1.x.
    public init() {}

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming any key that would change the result and is not known here.
    public init(contentsOf path: String) throws { try self.init(ConfigurationFile(path: path)) }

    /// Reads what a `config.json` holds.
    package init(_ file: ConfigurationFile) throws {
        inChannels = try file.count("in_channels", 4)
        outChannels = try file.count("out_channels", 4)
        // It is only a hint for a default size, and many files say nothing.
        sampleSize = try file.side("sample_size") ?? 64
        blockOutChannels = try file.value("block_out_channels", [320, 640, 1280, 1280])
        let stages = blockOutChannels.count
        guard (1...8).contains(stages), blockOutChannels.allSatisfy({ $0 > 0 }) else {
            throw file.valueError(
                "block_out_channels", "\(blockOutChannels)", known: "1 to 8 positive numbers")
        }
        downAttends = try UNetConfiguration.attends(
            file, "down_block_types", ["DownBlock2D": false, "CrossAttnDownBlock2D": true],
            Array(repeating: "CrossAttnDownBlock2D", count: 3) + ["DownBlock2D"], stages: stages)
        upAttends = try UNetConfiguration.attends(
            file, "up_block_types", ["UpBlock2D": false, "CrossAttnUpBlock2D": true],
            ["UpBlock2D"] + Array(repeating: "CrossAttnUpBlock2D", count: 3), stages: stages)
        layersPerBlock = try file.counts("layers_per_block", 2, entries: stages)
        crossAttentionDim = try file.sameCount("cross_attention_dim", 1280, entries: stages)
        // diffusers means the number of heads by this name in this family, and refuses the other name.
        heads = try file.counts("attention_head_dim", 8, entries: stages)
        useLinearProjection = try file.value("use_linear_projection", false)
        normNumGroups = try file.count("norm_num_groups", 32)
        normEps = try file.positive("norm_eps", 1e-5)
        for (stage, channels) in blockOutChannels.enumerated() {
            guard channels % heads[stage] == 0, channels % normNumGroups == 0 else {
                throw file.valueError(
                    "block_out_channels", "\(channels)",
                    known: "multiples of norm_num_groups \(normNumGroups) and of \(heads[stage]) heads")
            }
        }
        try readTime(file)
        try readVariants(file)
        try file.allow(
            UNetConfiguration.read,
            ignored: UNetConfiguration.ignored.union(ConfigurationFile.averagingLeftovers),
            neutral: UNetConfiguration.neutral)
    }

    /// How the network is told the time.
    private mutating func readTime(_ file: ConfigurationFile) throws {
        flipSinToCos = try file.value("flip_sin_to_cos", true)
        freqShift = try file.value("freq_shift", 0.0)
        guard freqShift != Double(blockOutChannels[0] / 2) else {
            throw file.valueError(
                "freq_shift", "\(freqShift)", known: "less than half the outermost channels")
        }
        if file.has("time_embedding_dim") { timeEmbeddingDim = try file.count("time_embedding_dim", 1) }
        timeInnerActivation = try UNetConfiguration.activation(file, "timestep_post_act")
        timeOuterActivation = try UNetConfiguration.activation(file, "time_embedding_act_fn")
        let shift = try file.value("resnet_time_scale_shift", "default")
        guard ["default", "scale_shift"].contains(shift) else {
            throw file.valueError("resnet_time_scale_shift", shift, known: "default, scale_shift")
        }
        timeScales = shift == "scale_shift"
    }

    /// What few networks have otherwise.
    private mutating func readVariants(_ file: ConfigurationFile) throws {
        let name = try file.value("act_fn", "silu")
        guard let found = Activation(named: name) else {
            throw file.valueError("act_fn", name, known: Activation.names.joined(separator: ", "))
        }
        activation = found
        centersInput = try file.value("center_input_sample", false)
        let padding = try file.value("downsample_padding", 1)
        guard (0...1).contains(padding) else {
            throw file.valueError("downsample_padding", "\(padding)", known: "0, 1")
        }
        downsamplesAsymmetrically = padding == 0
        midBlockScale = try file.positive("mid_block_scale_factor", 1)
        for (key, place) in [("conv_in_kernel", \Self.wayInSize), ("conv_out_kernel", \Self.wayOutSize)] {
            let size = try file.value(key, 3)
            guard [1, 3, 5, 7].contains(size) else {
                throw file.valueError(key, "\(size)", known: "1, 3, 5, 7")
            }
            self[keyPath: place] = size
        }
    }

    private static func activation(_ file: ConfigurationFile, _ key: String) throws -> Activation? {
        guard let name: String = try file.optional(key) else { return nil }
        guard let found = Activation(named: name) else {
            throw file.valueError(key, name, known: (["null"] + Activation.names).joined(separator: ", "))
        }
        return found
    }

    private static let read: Set<String> = [
        "in_channels", "out_channels", "block_out_channels", "down_block_types", "up_block_types",
        "layers_per_block", "cross_attention_dim", "attention_head_dim", "use_linear_projection",
        "norm_num_groups", "norm_eps", "flip_sin_to_cos", "freq_shift", "time_embedding_dim",
        "timestep_post_act", "time_embedding_act_fn", "resnet_time_scale_shift", "act_fn",
        "center_input_sample", "downsample_padding", "mid_block_scale_factor", "conv_in_kernel",
        "conv_out_kernel", "sample_size",
    ]

    /// What changes nothing in the blocks that are built here, in diffusers neither.
    private static let ignored: Set<String> = [
        // Attention in higher precision is what float32 does anyway; dropout is off outside training.
        "upcast_attention", "dropout",
        // Only other kinds of blocks read these.
        "resnet_skip_time_act", "resnet_out_scale_factor", "cross_attention_norm",
        "mid_block_only_cross_attention",
        // Parts that these would describe are refused by the key that asks for them.
        "addition_embed_type_num_heads", "addition_time_embed_dim", "projection_class_embeddings_input_dim",
    ]

    private static let neutral: [String: [String]] = [
        "mid_block_type": ["UNetMidBlock2DCrossAttn"], "time_embedding_type": ["positional"],
        "transformer_layers_per_block": ["1"], "attention_type": ["default"],
        "reverse_transformer_layers_per_block": ["null"], "num_attention_heads": ["null"],
        "only_cross_attention": ["false"], "dual_cross_attention": ["false"], "class_embed_type": ["null"],
        "num_class_embeds": ["null"], "class_embeddings_concat": ["false"], "addition_embed_type": ["null"],
        "encoder_hid_dim": ["null"], "encoder_hid_dim_type": ["null"], "time_cond_proj_dim": ["null"],
    ]

    private static func attends(
        _ file: ConfigurationFile, _ key: String, _ known: [String: Bool], _ fallback: [String], stages: Int
    ) throws -> [Bool] {
        let names = try file.value(key, fallback)
        guard names.count == stages else {
            throw file.valueError(key, "[\(names.joined(separator: ", "))]", known: "\(stages) entries")
        }
        return try names.map { name in
            guard let attends = known[name] else {
                throw file.valueError(key, name, known: known.keys.sorted().joined(separator: ", "))
            }
            return attends
        }
    }

    /// Whether operators on latents of this size are too small for a second thread to bring more than it costs.
    public func isSmall(height: Int, width: Int) -> Bool { height * width * blockOutChannels[0] < 1 << 16 }

    /// The `config.json` that Python's diffusers reads.
    public var json: [String: any Sendable] {
        var values: [String: any Sendable] = [
            "_class_name": "UNet2DConditionModel", "act_fn": activation.rawValue, "attention_head_dim": heads,
            "block_out_channels": blockOutChannels, "center_input_sample": centersInput,
            "cross_attention_dim": crossAttentionDim,
            "down_block_types": downAttends.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" },
            "downsample_padding": downsamplesAsymmetrically ? 0 : 1, "flip_sin_to_cos": flipSinToCos,
            "freq_shift": Int(freqShift), "in_channels": inChannels, "layers_per_block": layersPerBlock,
            "mid_block_scale_factor": 1, "norm_eps": normEps, "norm_num_groups": normNumGroups,
            "out_channels": outChannels, "sample_size": sampleSize,
            "up_block_types": upAttends.map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" },
            "use_linear_projection": useLinearProjection,
        ]
        // What is as usual is not written.
        if midBlockScale != 1 { values["mid_block_scale_factor"] = midBlockScale }
        if freqShift != freqShift.rounded() { values["freq_shift"] = freqShift }
        if wayInSize != 3 { values["conv_in_kernel"] = wayInSize }
        if wayOutSize != 3 { values["conv_out_kernel"] = wayOutSize }
        if timeScales { values["resnet_time_scale_shift"] = "scale_shift" }
        if let timeEmbeddingDim { values["time_embedding_dim"] = timeEmbeddingDim }
        if let timeInnerActivation { values["timestep_post_act"] = timeInnerActivation.rawValue }
        if let timeOuterActivation { values["time_embedding_act_fn"] = timeOuterActivation.rawValue }
        return values
    }
}
