public import Layers
public import Tensors

/// CLIP as a whole (`CLIPModel`): images and texts in one space, where what belongs together lies together.
///
/// Radford and others, "Learning transferable visual models from natural language supervision", ICML 2021.
public final class CLIPModel {
    /// How it is built.
    public let configuration: CLIPConfiguration
    private let imageEncoder: ImageEncoder
    private let texts: TextEncoder
    private let imageProjection: Linear
    private let textProjection: Linear
    /// The logarithm of what cosines are multiplied by, a scalar.
    public let logitScale: Tensor

    /// Builds both towers from their weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: CLIPConfiguration) throws {
        self.configuration = configuration
        let width = configuration.projection
        imageEncoder = try ImageEncoder(weights, configuration.image)
        texts = try TextEncoder(weights, configuration.text)
        imageProjection = try Linear(
            weights["visual_projection"], configuration.image.hiddenSize, width, bias: false)
        textProjection = try Linear(
            weights["text_projection"], configuration.text.hiddenSize, width, bias: false)
        logitScale = try weights.tensor("logit_scale", [], .constant(configuration.initialLogitScale))
    }

    /// Unit embeddings [B, projection] of preprocessed images [B, 3, side, side].
    public func embed(images: Tensor) -> Tensor { Self.unit(features(ofImages: images)) }

    /// Embeddings [B, projection] of preprocessed images [B, 3, H, W] of any size as they come.
    package func features(ofImages images: Tensor) -> Tensor { imageProjection(imageEncoder(images).pooled) }

    /// Every token's embedding [B, 1 + patches, D] of preprocessed images after the last layer, the class token's first.
    package func tokens(ofImages images: Tensor) -> Tensor { imageEncoder(images).lastHiddenState }

    /// The image's tower cut open at its last self-attention: the map over preprocessed images, [B, heads, L, L], and
    /// their embeddings [B, projection] with any such map in its place.
    package func opened(_ images: Tensor) -> (map: Tensor, features: (Tensor) -> Tensor) {
        let (map, pooled) = imageEncoder.opened(images)
        return (map, { self.imageProjection(pooled($0)) })
    }

    /// Unit embeddings [B, projection] of token ids, int64 [B, L].
    public func embed(tokens: Tensor) -> Tensor { Self.unit(features(of: tokens)) }

    /// Embeddings [B, projection] of token ids as they come, which dense predictions are conditioned on.
    package func features(of tokens: Tensor) -> Tensor { textProjection(texts(tokens).pooled) }

    /// Embeddings of preprocessed images after chosen layers (`ImageEncoder.hiddenStates`).
    func hiddenStates(of images: Tensor, after layers: [Int]) -> [Tensor] {
        imageEncoder.hiddenStates(of: images, after: layers)
    }

    private static func unit(_ x: Tensor) -> Tensor { x / x.norm([-1], keeping: true).clamped(1e-12, nil) }
}

/// The shapes of both towers, as the `config.json` of a `CLIPModel` gives them.
public struct CLIPConfiguration: Sendable, Hashable {
    /// The image's tower.
    public var image = ImageEncoderConfiguration()
    /// The text's tower.
    public var text = TextEncoderConfiguration()
    /// Numbers of an embedding.
    public var projection = 512
    /// The logarithm of what cosines are multiplied by, before training.
    public var initialLogitScale = 2.6592

    /// CLIP ViT-B/32's image tower and the text tower of ViT-L/14.
    public init() {}

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming what is not known here.
    public init(contentsOf path: String) throws {
        let file = try ConfigurationFile(path: path)
        try self.init(file, kind: "clip")
    }

    /// Reads the towers out of the `config.json` of a kind of model that has them.
    init(_ file: ConfigurationFile, kind: String) throws {
        let found = try file.value("model_type", kind)
        guard found == kind else {
            throw ConfigurationError.value(path: file.path, key: "model_type", value: found, known: kind)
        }
        // Old files may say it twice; then the second counts.
        func section(_ key: String) throws -> ConfigurationFile {
            try file.section(kind != "clip" && file.has(key + "_dict") ? key + "_dict" : key)
        }
        image = try ImageEncoderConfiguration(section("vision_config"))
        text = try TextEncoderConfiguration(section("text_config"), kind: kind + "_text_model")
        projection = try file.count("projection_dim", 512)
        initialLogitScale = try file.value("logit_scale_init_value", 2.6592)
    }

    /// The `config.json` that Python's transformers reads.
    public func json(startTokenId: Int, endTokenId: Int) -> [String: any Sendable] {
        var text = text.json(startTokenId: startTokenId, endTokenId: endTokenId)
        text["projection_dim"] = projection
        text["architectures"] = nil
        text["torch_dtype"] = nil
        return [
            "architectures": ["CLIPModel"], "initializer_factor": 1.0,
            "logit_scale_init_value": initialLogitScale, "model_type": "clip",
            "projection_dim": projection, "text_config": text, "torch_dtype": "float32",
            "vision_config": image.json(projection: projection),
        ]
    }
}
