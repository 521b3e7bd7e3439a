import Support

/// The shape of an unconditional UNet, as `unet/config.json` of a `UNet2DModel` gives it.
///
/// It holds what DDPM (Ho and others 2020) and ADM (Dhariwal and Nichol 2021, without class labels) look like there.
public struct PixelUNetConfiguration: Sendable, Hashable {
    /// What a stage is made of besides its resnets.
    public enum Block: Sendable {
        /// Nothing: `DownBlock2D`, `UpBlock2D`; sides change by a convolution.
        case plain
        /// Self-attention behind every resnet: `AttnDownBlock2D`, `AttnUpBlock2D`.
        case attention
        /// Nothing, and sides change within a resnet: `ResnetDownsampleBlock2D`, `ResnetUpsampleBlock2D`.
        case resnet
    }

    /// Channels of the image.
    public var inChannels = 3
    /// Channels of the answer: those of the image, or twice as many, the second half of which is a learned variance.
    public var outChannels = 3
    /// Side of the images that the model was trained on.
    public var sampleSize = 64
    /// Channels per stage, outermost first.
    public var blockOutChannels = [64, 128, 192, 256]
    /// The stages of the way down, outermost first.
    public var downBlocks: [Block] = [.plain, .plain, .attention, .attention]
    /// The stages of the way up, innermost first.
    public var upBlocks: [Block] = [.attention, .attention, .plain, .plain]
    /// Whether stages with attention halve sides within a resnet.
    public var downsamplesInResnets = false
    /// Whether stages with attention double sides within a resnet.
    public var upsamplesInResnets = false
    /// Whether the middle has self-attention between its resnets.
    public var middleAttends = true
    /// Resnets per stage on the way down; one more on the way up.
    public var layersPerBlock = 2
    /// Channels of an attention head; nil for one head of all channels.
    public var headChannels: Int? = 8
    /// Groups of every group normalisation.
    public var normNumGroups = 32
    /// Groups of the normalisation before the middle's attention; nil for the usual one, which it lacks where the time
    /// scales and shifts.
    public var middleNormGroups: Int?
    /// Added to variances.
    public var normEps = 1e-5
    /// Whether the time embedding begins with cosines.
    public var flipSinToCos = true
    /// Shift of the time embedding's frequencies.
    public var freqShift = 0.0
    /// Width of the time embedding; nil is four times the outermost channels.
    public var timeEmbeddingDim: Int?
    /// Whether the time scales and shifts features rather than being added to them (`scale_shift`).
    public var timeScales = false
    /// Whether images are doubled and less one on their way in.
    public var centersInput = false
    /// Whether images are halved with a border at the right and bottom alone (`downsample_padding` 0).
    public var downsamplesAsymmetrically = false
    /// What the parts of the middle divide their sums by.
    public var midBlockScale = 1.0

    /// Width of the time embedding.
    var timeChannels: Int { timeEmbeddingDim ?? blockOutChannels[0] * 4 }
    /// How often sides are halved, as a factor: they must be multiples of it.
    public var factor: Int { 1 << (blockOutChannels.count - 1) }

    /// A small network for images of 64×64 pixels.
    public init() {}

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming any key that would change the result and is not known here.
    public init(contentsOf path: String) throws { try self.init(ConfigurationFile(path: path)) }

    /// Reads what a `config.json` holds.
    package init(_ file: ConfigurationFile) throws {
        inChannels = try file.count("in_channels", 3)
        outChannels = try file.count("out_channels", 3)
        guard [inChannels, inChannels * 2].contains(outChannels) else {
            throw file.valueError(
                "out_channels", "\(outChannels)",
                known: "\(inChannels), or \(inChannels * 2) with a learned variance")
        }
        sampleSize = try file.side("sample_size") ?? 64
        blockOutChannels = try file.value("block_out_channels", [224, 448, 672, 896])
        let stages = blockOutChannels.count
        guard (1...8).contains(stages), blockOutChannels.allSatisfy({ $0 > 0 }) else {
            throw file.valueError(
                "block_out_channels", "\(blockOutChannels)", known: "1 to 8 positive numbers")
        }
        downBlocks = try Self.blocks(
            file, "down_block_types", Self.downNames,
            ["DownBlock2D"] + Array(repeating: "AttnDownBlock2D", count: 3), stages: stages)
        upBlocks = try Self.blocks(
            file, "up_block_types", Self.upNames,
            Array(repeating: "AttnUpBlock2D", count: 3) + ["UpBlock2D"], stages: stages)
        downsamplesInResnets = try Self.isResnet(file, "downsample_type")
        upsamplesInResnets = try Self.isResnet(file, "upsample_type")
        middleAttends = try file.value("add_attention", true)
        layersPerBlock = try file.count("layers_per_block", 2)
        headChannels =
            file["attention_head_dim"] == .null ? nil : try file.count("attention_head_dim", 8)
        normNumGroups = try file.count("norm_num_groups", 32)
        if file.has("attn_norm_num_groups") { middleNormGroups = try file.count("attn_norm_num_groups", 1) }
        normEps = try file.positive("norm_eps", 1e-5)
        try readTime(file)
        try readVariants(file)
        try checkChannels(file)
        try file.allow(Self.read, ignored: Self.ignored, neutral: Self.neutral)
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
        let shift = try file.value("resnet_time_scale_shift", "default")
        guard ["default", "scale_shift"].contains(shift) else {
            throw file.valueError("resnet_time_scale_shift", shift, known: "default, scale_shift")
        }
        timeScales = shift == "scale_shift"
    }

    /// What few networks have otherwise.
    private mutating func readVariants(_ file: ConfigurationFile) throws {
        centersInput = try file.value("center_input_sample", false)
        let padding = try file.value("downsample_padding", 1)
        guard (0...1).contains(padding) else {
            throw file.valueError("downsample_padding", "\(padding)", known: "0, 1")
        }
        downsamplesAsymmetrically = padding == 0
        midBlockScale = try file.positive("mid_block_scale_factor", 1)
    }

    /// Sees that channels can be cut into groups and heads.
    private func checkChannels(_ file: ConfigurationFile) throws {
        for (stage, channels) in blockOutChannels.enumerated() {
            let last = stage == blockOutChannels.count - 1
            let attends =
                downBlocks[stage] == .attention || (last && middleAttends)
                || upBlocks[blockOutChannels.count - 1 - stage] == .attention
            guard channels % normNumGroups == 0, !attends || channels % (headChannels ?? channels) == 0
            else {
                throw file.valueError(
                    "block_out_channels", "\(channels)",
                    known: "multiples of norm_num_groups \(normNumGroups) and, with attention, of "
                        + "attention_head_dim \(headChannels ?? channels)")
            }
        }
        if let groups = middleNormGroups, let channels = blockOutChannels.last, channels % groups != 0 {
            throw file.valueError(
                "attn_norm_num_groups", "\(groups)", known: "a divisor of the innermost \(channels) channels")
        }
    }

    private static func isResnet(_ file: ConfigurationFile, _ key: String) throws -> Bool {
        let name = try file.value(key, "conv")
        guard ["conv", "resnet"].contains(name) else {
            throw file.valueError(key, name, known: "conv, resnet")
        }
        return name == "resnet"
    }

    private static let downNames: [Block: String] = [
        .plain: "DownBlock2D", .attention: "AttnDownBlock2D", .resnet: "ResnetDownsampleBlock2D",
    ]
    private static let upNames: [Block: String] = [
        .plain: "UpBlock2D", .attention: "AttnUpBlock2D", .resnet: "ResnetUpsampleBlock2D",
    ]

    private static func blocks(
        _ file: ConfigurationFile, _ key: String, _ known: [Block: String], _ fallback: [String], stages: Int
    ) throws -> [Block] {
        let names = try file.value(key, fallback)
        guard names.count == stages else {
            throw file.valueError(key, "[\(names.joined(separator: ", "))]", known: "\(stages) entries")
        }
        return try names.map { name in
            guard let block = known.first(where: { $0.value == name })?.key else {
                throw file.valueError(key, name, known: known.values.sorted().joined(separator: ", "))
            }
            return block
        }
    }

    private static let read: Set<String> = [
        "in_channels", "out_channels", "block_out_channels", "down_block_types", "up_block_types",
        "downsample_type", "upsample_type", "add_attention", "layers_per_block", "attention_head_dim",
        "norm_num_groups", "attn_norm_num_groups", "norm_eps", "flip_sin_to_cos", "freq_shift",
        "time_embedding_dim", "resnet_time_scale_shift", "center_input_sample", "downsample_padding",
        "mid_block_scale_factor", "sample_size",
    ]

    /// Dropout is off outside training, and only a learned table of timesteps reads their number.
    private static let ignored = ConfigurationFile.averagingLeftovers.union([
        "dropout", "num_train_timesteps",
    ])

    private static let neutral: [String: [String]] = [
        "time_embedding_type": ["positional"], "mid_block_type": ["UNetMidBlock2D"],
        "act_fn": ["silu", "swish"], "class_embed_type": ["null"], "num_class_embeds": ["null"],
    ]

    /// The `config.json` that Python's diffusers reads.
    public var json: [String: any Sendable] {
        var values: [String: any Sendable] = [
            "_class_name": "UNet2DModel", "act_fn": "silu", "add_attention": middleAttends,
            "attention_head_dim": headChannels, "block_out_channels": blockOutChannels,
            "center_input_sample": centersInput,
            "down_block_types": downBlocks.compactMap { Self.downNames[$0] },
            "downsample_padding": downsamplesAsymmetrically ? 0 : 1,
            "downsample_type": downsamplesInResnets ? "resnet" : "conv", "flip_sin_to_cos": flipSinToCos,
            "freq_shift": Int(freqShift), "in_channels": inChannels, "layers_per_block": layersPerBlock,
            "mid_block_scale_factor": midBlockScale, "norm_eps": normEps, "norm_num_groups": normNumGroups,
            "out_channels": outChannels, "resnet_time_scale_shift": timeScales ? "scale_shift" : "default",
            "sample_size": sampleSize, "time_embedding_type": "positional",
            "up_block_types": upBlocks.compactMap { Self.upNames[$0] },
            "upsample_type": upsamplesInResnets ? "resnet" : "conv",
        ]
        if freqShift != freqShift.rounded() { values["freq_shift"] = freqShift }
        if let timeEmbeddingDim { values["time_embedding_dim"] = timeEmbeddingDim }
        if let middleNormGroups { values["attn_norm_num_groups"] = middleNormGroups }
        return values
    }
}
