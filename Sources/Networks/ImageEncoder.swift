public import Layers
public import Tensors

/// The image tower of CLIP (`CLIPVisionModel`): an image to a sequence of embeddings.
public final class ImageEncoder {
    /// How it is built.
    public let configuration: ImageEncoderConfiguration
    private let classEmbedding: Tensor
    private let patches: Tensor
    private let positions: Embedding
    private let normIn: LayerNorm
    private let layers: [TransformerLayer]
    private let normOut: LayerNorm

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: ImageEncoderConfiguration) throws {
        self.configuration = configuration
        // Towers of their own put everything below one more name or not; pairs always do.
        let bare = weights["embeddings"]["patch_embedding"].holds("weight")
        let root = bare ? weights : weights["vision_model"]
        let (width, side) = (configuration.hiddenSize, configuration.patchSize)
        let embeddings = root["embeddings"]
        classEmbedding = try embeddings.tensor("class_embedding", [width], .normal(0.02))
        patches = try embeddings["patch_embedding"].tensor(
            "weight", [width, 3, side, side], .fanIn(3 * side * side))
        positions = try Embedding(embeddings["position_embedding"], configuration.tokens, width)
        // Spelt like this in all published files.
        normIn = try LayerNorm(root["pre_layrnorm"], width, epsilon: configuration.layerNormEps)
        layers = try (0..<configuration.layers).map {
            try TransformerLayer(
                root["encoder"]["layers"][$0], width: width, inner: configuration.intermediateSize,
                heads: configuration.heads, activation: configuration.activation.apply,
                epsilon: configuration.layerNormEps, causal: false)
        }
        normOut = try LayerNorm(root["post_layernorm"], width, epsilon: configuration.layerNormEps)
    }

    /// Embeddings of preprocessed images [B, 3, H, W].
    ///
    /// Other sizes than the configuration's have the table of positions resized; what is left of a patch at the right
    /// and lower edge is not looked at.
    /// - Returns: every token's embedding [B, 1 + patches, D], the class token first and none of them normalised, and
    ///   the class token's after the last normalisation [B, D].
    public func callAsFunction(_ images: Tensor) -> (lastHiddenState: Tensor, pooled: Tensor) {
        var x = embedded(images)
        for layer in layers { x = layer(x) }
        return (x, normOut(x.selected(1, at: 0)))
    }

    /// The tower cut open at the self-attention of its last layer: its map over preprocessed images,
    /// [B, heads, 1 + patches, 1 + patches], and what the class token's embedding is with any such map in its place.
    func opened(_ images: Tensor) -> (map: Tensor, pooled: (Tensor) -> Tensor) {
        var x = embedded(images)
        for layer in layers.dropLast() { x = layer(x) }
        guard let last = layers.last else { preconditionFailure("a tower without layers") }
        let (input, normOut) = (x, normOut)
        return (
            last.attentionMap(of: input), { normOut(last(input, attendingBy: $0).selected(1, at: 0)) }
        )
    }

    /// Embeddings of preprocessed images [B, 3, H, W] after chosen layers, for dense predictions.
    ///
    /// H and W may be any multiples of the patch's side; the table of positions is resized for them.
    /// - Parameter layers: which layers, from 0; those behind the last of them are not run.
    /// - Returns: [B, 1 + patches, D] for each, in the order asked for, the class token first.
    func hiddenStates(of images: Tensor, after layers: [Int]) -> [Tensor] {
        let last = layers.max() ?? -1
        precondition(
            layers.allSatisfy(self.layers.indices.contains), "layers \(layers) of \(self.layers.count)")
        var x = embedded(images)
        var found: [Int: Tensor] = [:]
        for (index, layer) in self.layers.prefix(last + 1).enumerated() {
            x = layer(x)
            found[index] = x
        }
        return layers.compactMap { found[$0] }
    }

    /// What the first layer is given, [B, 1 + patches, D].
    private func embedded(_ images: Tensor) -> Tensor {
        let (batch, _, height, width) = images.shape4
        precondition(
            min(height, width) >= configuration.patchSize,
            "pictures of \(width)×\(height) pixels where a patch has \(configuration.patchSize) a side")
        let tokens = images.convolved(patches, nil, stride: configuration.patchSize)
            .reshaped([batch, configuration.hiddenSize, -1]).transposed(1, 2)
        let first = classEmbedding.reshaped([1, 1, -1]).expanded([batch, 1, -1])
        let places = Self.resized(
            positions.weight, rows: height / configuration.patchSize, columns: width / configuration.patchSize
        )
        return normIn(Tensor.concatenated([first, tokens], along: 1) + places)
    }

    /// A table of positions [1 + n², D] for a grid of other size, [1 + rows·columns, D].
    ///
    /// Bicubic over the square grid of patches, pixel centres at halves, as transformers does; the class token's stays.
    package static func resized(_ table: Tensor, rows: Int, columns: Int) -> Tensor {
        let (count, width) = (table.shape[0] - 1, table.shape[1])
        let side = Int(Double(count).squareRoot().rounded())
        guard rows != side || columns != side else { return table }
        let grid = table.narrowed(0, from: 1, count: count).reshaped([1, side, side, width])
            .permuted(0, 3, 1, 2).resampledBicubic(height: rows, width: columns)
        let places = grid.permuted(0, 2, 3, 1).reshaped([rows * columns, width])
        return .concatenated([table.narrowed(0, from: 0, count: 1), places])
    }
}

/// The shape of a CLIP image tower, as `config.json` gives it.
public struct ImageEncoderConfiguration: Sendable, Hashable {
    /// Side of the images it looks at, in pixels.
    public var imageSize = 224
    /// Side of a patch, in pixels.
    public var patchSize = 32
    /// Width of every embedding, D.
    public var hiddenSize = 768
    /// Width between the feed-forward layer's halves.
    public var intermediateSize = 3072
    /// Layers.
    public var layers = 12
    /// Attention heads.
    public var heads = 12
    /// The feed-forward layer's activation.
    public var activation = TextEncoderConfiguration.Activation.quickGelu
    /// Added to variances.
    public var layerNormEps = 1e-5

    /// CLIP ViT-B/32's.
    public init() {}

    /// Patches and the class token.
    public var tokens: Int { (imageSize / patchSize) * (imageSize / patchSize) + 1 }

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming what is not known here.
    public init(contentsOf path: String) throws { try self.init(ConfigurationFile(path: path)) }

    /// Reads a `config.json`, or the part of one that describes the image's tower.
    init(_ file: ConfigurationFile) throws {
        imageSize = try file.count("image_size", 224)
        patchSize = try file.count("patch_size", 32)
        hiddenSize = try file.count("hidden_size", 768)
        intermediateSize = try file.count("intermediate_size", 3072)
        layers = try file.count("num_hidden_layers", 12)
        heads = try file.count("num_attention_heads", 12)
        layerNormEps = try file.value("layer_norm_eps", 1e-5)
        let name = try file.value("hidden_act", "quick_gelu")
        guard let activation = TextEncoderConfiguration.Activation(rawValue: name) else {
            throw ConfigurationError.value(
                path: file.path, key: "hidden_act", value: name, known: "quick_gelu, gelu")
        }
        self.activation = activation
        for (key, value, known) in [
            ("num_channels", try file.count("num_channels", 3), "3"),
            ("hidden_size", hiddenSize % heads + 3, "a multiple of \(heads) heads"),
            ("image_size", imageSize % patchSize + 3, "a multiple of patch_size \(patchSize)"),
        ] where value != 3 {
            throw ConfigurationError.value(
                path: file.path, key: key, value: "\(try file.count(key, 3))", known: known)
        }
    }

    /// The part of a `config.json` that Python's transformers reads.
    public func json(projection: Int) -> [String: any Sendable] {
        [
            "attention_dropout": 0.0, "dropout": 0.0, "hidden_act": activation.rawValue,
            "hidden_size": hiddenSize, "image_size": imageSize, "initializer_factor": 1.0,
            "initializer_range": 0.02, "intermediate_size": intermediateSize,
            "layer_norm_eps": layerNormEps, "model_type": "clip_vision_model", "num_attention_heads": heads,
            "num_channels": 3, "num_hidden_layers": layers, "patch_size": patchSize,
            "projection_dim": projection,
        ]
    }
}
