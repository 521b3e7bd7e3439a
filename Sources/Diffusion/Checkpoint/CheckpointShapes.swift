import Layers
import Networks

/// The shapes of a checkpoint's networks, as names and shapes of its tensors tell them.
///
/// What they do not tell (heads, activations, scales) is that of the family.
struct CheckpointShapes {
    private let base: ModelFileKind.Base?
    private let header: HeaderNames
    private let prefix: String

    init(_ checkpoint: CheckpointFile) {
        base = checkpoint.kind.base
        header = checkpoint.header
        prefix = checkpoint.prefix
    }

    /// The UNet's shape; a number that is not there is left as the family has it.
    var unet: UNetConfiguration {
        var shape = UNetConfiguration()
        let levels = CheckpointFile.levels(header, prefix)
        let stages = (1...8).first { !has("input_blocks.\($0 * (levels + 1)).0.op.weight") } ?? 4
        let places = (0..<stages).map { 1 + $0 * (levels + 1) }
        shape.inChannels = size("input_blocks.0.0.weight", 1) ?? 4
        shape.outChannels = size("out.2.weight", 0) ?? 4
        shape.blockOutChannels = places.map { size("input_blocks.\($0).0.out_layers.3.weight", 0) ?? 320 }
        shape.downAttends = places.map { has("input_blocks.\($0).1.norm.weight") }
        shape.upAttends = (0..<stages).map { has("output_blocks.\($0 * (levels + 1)).1.norm.weight") }
        shape.layersPerBlock = places.map { _ in levels }
        shape.crossAttentionDim =
            size("input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", 1) ?? shape.crossAttentionDim
        shape.useLinearProjection = header.shape(prefix + "input_blocks.1.1.proj_in.weight")?.count == 2
        shape.heads = shape.blockOutChannels.map { base == .sd2 ? max($0 / 64, 1) : 8 }
        return shape
    }

    /// The text encoder's shape.
    static func textEncoder(_ tower: TextTower, in header: HeaderNames) -> TextEncoderConfiguration {
        var shape = TextEncoderConfiguration()
        func size(_ name: String, _ axis: Int) -> Int? {
            tower.tensors[name].flatMap { header.size($0.name, axis) }
        }
        shape.vocabularySize = size("embeddings.token_embedding.weight", 0) ?? shape.vocabularySize
        shape.hiddenSize = size("embeddings.token_embedding.weight", 1) ?? shape.hiddenSize
        shape.contextLength = size("embeddings.position_embedding.weight", 0) ?? shape.contextLength
        shape.intermediateSize = size("encoder.layers.0.mlp.fc1.weight", 0) ?? shape.intermediateSize
        let layers = (0...64).first { tower.tensors["encoder.layers.\($0).layer_norm1.weight"] == nil } ?? 64
        // Stable Diffusion 2 reads what comes out of the last layer but one; diffusers' folders leave the last away.
        shape.layers = tower.layout == .openCLIP ? layers - 1 : layers
        shape.heads = max(shape.hiddenSize / 64, 1)
        // OpenAI's towers are as wide as this; OpenCLIP's stand in checkpoints in either layout.
        shape.activation = shape.hiddenSize == 768 ? .quickGelu : .gelu
        return shape
    }

    /// Refuses sizes that no network can be built of.
    static func check(_ unet: UNetConfiguration, path: String) throws {
        guard unet.layersPerBlock.allSatisfy({ $0 > 0 }), unet.inChannels > 0, unet.outChannels > 0,
            zip(unet.blockOutChannels, unet.heads).allSatisfy({
                $0 > 0 && $0 % $1 == 0 && $0 % unet.normNumGroups == 0
            })
        else { throw impossible("UNet", path) }
    }

    /// Refuses sizes that no autoencoder can be built of.
    static func check(_ shape: AutoencoderConfiguration, path: String) throws {
        guard !shape.blockOutChannels.isEmpty, shape.layersPerBlock > 0, shape.latentChannels > 0,
            shape.blockOutChannels.allSatisfy({ $0 > 0 && $0 % shape.normNumGroups == 0 })
        else { throw impossible("autoencoder", path) }
    }

    /// Refuses sizes that no text encoder can be built of.
    static func check(_ shape: TextEncoderConfiguration, path: String) throws {
        guard shape.layers > 0, shape.hiddenSize > 0, shape.hiddenSize % shape.heads == 0,
            shape.contextLength >= 3, shape.vocabularySize > 1
        else { throw impossible("text encoder", path) }
    }

    private static func impossible(_ part: String, _ path: String) -> DiffusionError {
        .malformedFile(path: path, reason: "the tensors of its \(part) have shapes that make no network")
    }

    private func has(_ name: String) -> Bool { header.has(prefix + name) }

    private func size(_ name: String, _ axis: Int) -> Int? { header.size(prefix + name, axis) }
}

extension AutoencoderConfiguration {
    /// The shape of an autoencoder in a file, by the shapes of its tensors.
    /// - Parameter shape: sizes of a tensor by the name that the network asks for; nil where there is none.
    init(shapes shape: (String) -> [Int]?) {
        self.init()
        let stages = (0...8).first { shape("encoder.down_blocks.\($0).resnets.0.conv1.weight") == nil } ?? 4
        blockOutChannels = (0..<stages).map {
            shape("encoder.down_blocks.\($0).resnets.0.conv1.weight")?.first ?? 128
        }
        layersPerBlock =
            (0...8).first { shape("encoder.down_blocks.0.resnets.\($0).conv1.weight") == nil } ?? 2
        latentChannels = shape("decoder.conv_in.weight").flatMap { $0.count > 1 ? $0[1] : nil } ?? 4
        useQuantConv = shape("quant_conv.weight") != nil
        usePostQuantConv = shape("post_quant_conv.weight") != nil
        midBlockAddAttention = shape("decoder.mid_block.attentions.0.group_norm.weight") != nil
    }
}
