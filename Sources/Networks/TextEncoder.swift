public import Layers
public import Tensors

/// The text tower of CLIP (`CLIPTextModel`): token ids to a sequence of embeddings.
public final class TextEncoder {
    /// How it is built.
    public let configuration: TextEncoderConfiguration
    private let tokens: Embedding
    private let positions: Embedding
    private let layers: [TransformerLayer]
    private let normOut: LayerNorm
    /// Embeddings of ids behind the vocabulary, [n, D].
    private var words: Tensor?

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: TextEncoderConfiguration) throws {
        self.configuration = configuration
        // Most files put everything below one more name; the newest leave it out.
        let bare = weights["embeddings"]["token_embedding"].holds("weight")
        let root = bare ? weights : weights["text_model"]
        let width = configuration.hiddenSize
        tokens = try Embedding(root["embeddings"]["token_embedding"], configuration.vocabularySize, width)
        positions = try Embedding(
            root["embeddings"]["position_embedding"], configuration.contextLength, width, deviation: 0.01)
        layers = try (0..<configuration.layers).map {
            try TransformerLayer(
                root["encoder"]["layers"][$0], width: width, inner: configuration.intermediateSize,
                heads: configuration.heads, activation: configuration.activation.apply,
                epsilon: configuration.layerNormEps, causal: true)
        }
        normOut = try LayerNorm(root["final_layer_norm"], width, epsilon: configuration.layerNormEps)
    }

    /// The network with embeddings of further words, [n, D], for the ids that follow its vocabulary; it shares all else.
    public func adding(words: Tensor) -> TextEncoder { TextEncoder(self, words: words) }

    private init(_ other: TextEncoder, words: Tensor) {
        configuration = other.configuration
        tokens = other.tokens
        positions = other.positions
        layers = other.layers
        normOut = other.normOut
        self.words = words.like(other.tokens.weight)
    }

    /// The tokens' own embeddings, before positions.
    private func embedded(_ ids: Tensor) -> Tensor {
        guard let words else { return tokens(ids) }
        // The two tables are never joined, which would copy the whole vocabulary.
        let vocabulary = Double(configuration.vocabularySize)
        let own = ids.clamped(0, vocabulary - 1).to(dtype: .int64)
        let added = (ids - vocabulary).clamped(0, Double(words.shape[0] - 1)).to(dtype: .int64)
        let isAdded = (ids - own).equals(0).to(dtype: tokens.weight.dtype).unsqueezed(-1)
        return tokens(own) * isAdded + Tensor.embedding(words, added) * (1 - isAdded)
    }

    /// Embeddings of token ids, int64 [B, L] with L at most the context length.
    /// - Returns: every token's embedding [B, L, D] and that of the first end token [B, D].
    public func callAsFunction(_ ids: Tensor) -> (lastHiddenState: Tensor, pooled: Tensor) {
        let length = ids.shape[1]
        precondition(
            length <= configuration.contextLength, "\(length) tokens, \(configuration.contextLength) fit")
        var x = embedded(ids) + positions.weight.narrowed(0, from: 0, count: length)
        for layer in layers { x = layer(x) }
        let hidden = normOut(x)
        // Old configurations give end-token id 2 and mean "the largest id".
        let scores =
            configuration.endTokenId == 2
            ? ids.to(dtype: .int64) : ids.equals(Double(configuration.endTokenId))
        let ends = scores.to(dtype: .int32).argmax(-1).reshaped([-1, 1, 1])
        let pooled = hidden.gathered(1, ends.expanded([-1, 1, configuration.hiddenSize])).squeezed(1)
        return (hidden, pooled)
    }
}

/// The shape of a CLIP text tower, as `text_encoder/config.json` gives it.
public struct TextEncoderConfiguration: Sendable, Hashable {
    /// What stands between the feed-forward layer's halves.
    public enum Activation: String, Sendable {
        /// x · sigmoid(1.702 x), OpenAI's.
        case quickGelu = "quick_gelu"
        /// x · Φ(x), OpenCLIP's.
        case gelu

        func apply(_ x: Tensor) -> Tensor { self == .gelu ? x.gelu() : x * (x * 1.702).sigmoid }
    }

    /// Entries of the vocabulary.
    public var vocabularySize = 49408
    /// Width of every embedding, D.
    public var hiddenSize = 768
    /// Width between the feed-forward layer's halves.
    public var intermediateSize = 3072
    /// Layers.
    public var layers = 12
    /// Attention heads.
    public var heads = 12
    /// Tokens that fit, L.
    public var contextLength = 77
    /// The feed-forward layer's activation.
    public var activation = Activation.quickGelu
    /// Added to variances.
    public var layerNormEps = 1e-5
    /// The token whose embedding is pooled; 2 means the largest id.
    public var endTokenId = 2

    /// CLIP ViT-L/14's, as in Stable Diffusion 1.x.
    public init() {}

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming what is not known here.
    public init(contentsOf path: String) throws { try self.init(ConfigurationFile(path: path)) }

    /// Reads a `config.json`, or the part of one that describes the text's tower.
    ///
    /// - `kind`: what `model_type` says of such a tower.
    package init(_ file: ConfigurationFile, kind: String = "clip_text_model") throws {
        let path = file.path
        vocabularySize = try file.count("vocab_size", 49408)
        hiddenSize = try file.count("hidden_size", 512)
        intermediateSize = try file.count("intermediate_size", 2048)
        layers = try file.count("num_hidden_layers", 12)
        heads = try file.count("num_attention_heads", 8)
        contextLength = try file.count("max_position_embeddings", 77)
        layerNormEps = try file.positive("layer_norm_eps", 1e-5)
        endTokenId = try file.value("eos_token_id", 49407)
        let name = try file.value("hidden_act", "quick_gelu")
        guard let activation = Activation(rawValue: name) else {
            throw ConfigurationError.value(
                path: path, key: "hidden_act", value: name, known: "quick_gelu, gelu")
        }
        self.activation = activation
        let found = try file.value("model_type", kind)
        guard found == kind else {
            throw ConfigurationError.value(path: path, key: "model_type", value: found, known: kind)
        }
        guard hiddenSize % heads == 0 else {
            throw ConfigurationError.value(
                path: path, key: "hidden_size", value: "\(hiddenSize)", known: "a multiple of \(heads) heads")
        }
        // transformers reads no other key of this class; only compressed weights would need one.
        guard !file.has("quantization_config") else {
            throw ConfigurationError.value(
                path: path, key: "quantization_config", value: "{…}", known: "null")
        }
    }

    /// The `config.json` that Python's transformers reads.
    public func json(startTokenId: Int, endTokenId: Int) -> [String: any Sendable] {
        [
            "architectures": ["CLIPTextModel"], "attention_dropout": 0.0, "bos_token_id": startTokenId,
            "dropout": 0.0, "eos_token_id": endTokenId, "hidden_act": activation.rawValue,
            "hidden_size": hiddenSize, "initializer_factor": 1.0, "initializer_range": 0.02,
            "intermediate_size": intermediateSize, "layer_norm_eps": layerNormEps,
            "max_position_embeddings": contextLength, "model_type": "clip_text_model",
            "num_attention_heads": heads, "num_hidden_layers": layers, "pad_token_id": endTokenId,
            "projection_dim": hiddenSize, "torch_dtype": "float32", "vocab_size": vocabularySize,
        ]
    }
}
