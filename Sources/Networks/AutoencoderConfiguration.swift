public import Layers

/// The shape of an autoencoder, as `vae/config.json` of a diffusers folder gives it.
public struct AutoencoderConfiguration: Sendable, Hashable {
    /// Channels of images.
    public var inChannels = 3
    /// Channels of decoded images.
    public var outChannels = 3
    /// Channels of latents.
    public var latentChannels = 4
    /// Channels per stage, outermost first; each stage but the last halves the sides.
    public var blockOutChannels = [128, 256, 512, 512]
    /// Resnets per stage of the encoder; one more in the decoder.
    public var layersPerBlock = 2
    /// Groups of every group normalisation.
    public var normNumGroups = 32
    /// What latents are multiplied by for the UNet, so that their deviation is about 1.
    public var scalingFactor = 0.18215
    /// Whether the middle has self-attention.
    public var midBlockAddAttention = true
    /// Whether a 1×1 convolution follows the encoder.
    public var useQuantConv = true
    /// Whether a 1×1 convolution precedes the decoder.
    public var usePostQuantConv = true
    /// Side of the images that it was trained on.
    public var sampleSize = 512
    /// What stands between the layers of its resnets.
    public var activation = Activation.silu

    /// Stable Diffusion 1.x.
    public init() {}

    /// How many times smaller each side of a latent is than the image's: 4, 8, ….
    public var spatialFactor: Int { 1 << (blockOutChannels.count - 1) }

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming any key that would change the result and is not known here.
    public init(contentsOf path: String) throws { try self.init(ConfigurationFile(path: path)) }

    /// Reads what a `config.json` holds.
    package init(_ file: ConfigurationFile) throws {
        inChannels = try file.count("in_channels", 3)
        outChannels = try file.count("out_channels", 3)
        latentChannels = try file.count("latent_channels", 4)
        blockOutChannels = try file.value("block_out_channels", [64])
        layersPerBlock = try file.count("layers_per_block", 1)
        normNumGroups = try file.count("norm_num_groups", 32)
        scalingFactor = try file.positive("scaling_factor", 0.18215)
        midBlockAddAttention = try file.value("mid_block_add_attention", true)
        useQuantConv = try file.value("use_quant_conv", true)
        usePostQuantConv = try file.value("use_post_quant_conv", true)
        sampleSize = try file.side("sample_size") ?? 512
        let name = try file.value("act_fn", "silu")
        guard let found = Activation(named: name) else {
            throw file.valueError("act_fn", name, known: Activation.names.joined(separator: ", "))
        }
        activation = found
        let stages = blockOutChannels.count
        guard (1...8).contains(stages) else {
            throw file.valueError(
                "block_out_channels", "\(blockOutChannels)", known: "1 to 8 positive numbers")
        }
        for channels in blockOutChannels where channels <= 0 || channels % normNumGroups != 0 {
            throw file.valueError(
                "block_out_channels", "\(channels)",
                known: "positive multiples of norm_num_groups \(normNumGroups)")
        }
        for (key, only) in [
            ("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D"),
        ] {
            let names = try file.value(key, [only])
            guard names == Array(repeating: only, count: stages) else {
                throw file.valueError(
                    key, "[\(names.joined(separator: ", "))]", known: "\(stages) of \(only), one per stage")
            }
        }
        try file.allow(
            [
                "in_channels", "out_channels", "latent_channels", "block_out_channels", "layers_per_block",
                "norm_num_groups", "scaling_factor", "mid_block_add_attention", "use_quant_conv",
                "use_post_quant_conv", "down_block_types", "up_block_types", "sample_size", "act_fn",
            ],
            // float32 is the higher precision already.
            ignored: ["force_upcast"],
            neutral: [
                "shift_factor": ["null", "0"], "latents_mean": ["null"], "latents_std": ["null"],
            ])
    }

    /// The `config.json` that Python's diffusers reads.
    public var json: [String: any Sendable] {
        [
            "_class_name": "AutoencoderKL", "act_fn": activation.rawValue,
            "block_out_channels": blockOutChannels,
            "down_block_types": blockOutChannels.map { _ in "DownEncoderBlock2D" },
            "force_upcast": false, "in_channels": inChannels, "latent_channels": latentChannels,
            "layers_per_block": layersPerBlock, "mid_block_add_attention": midBlockAddAttention,
            "norm_num_groups": normNumGroups, "out_channels": outChannels, "sample_size": sampleSize,
            "scaling_factor": scalingFactor,
            "up_block_types": blockOutChannels.map { _ in "UpDecoderBlock2D" },
            "use_post_quant_conv": usePostQuantConv, "use_quant_conv": useQuantConv,
        ]
    }
}
