/// The shape of text-prompted segmentation, as the `config.json` of a `CLIPSegForImageSegmentation` gives it.
public struct CLIPSegConfiguration: Sendable, Hashable {
    /// Both towers.
    public var clip = CLIPConfiguration()
    /// The layers of the image's tower whose embeddings are read, from 0; the decoder begins with the last of the list.
    public var extractLayers = [3, 6, 9]
    /// Width of the decoder.
    public var reducedWidth = 64
    /// Attention heads of the decoder.
    public var decoderHeads = 4
    /// Width between the halves of the decoder's feed-forward layers.
    public var decoderIntermediateSize = 2048
    /// The layer of the decoder before which the text's embedding comes in, from 0.
    public var conditionalLayer = 0
    /// Whether a convolution and two transposed ones make pixels of places, or one transposed convolution does.
    public var usesSeveralConvolutions = false

    /// CLIPSeg's with the patches of ViT-B/32.
    public init() {}

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming what is not known here.
    public init(contentsOf path: String) throws {
        let file = try ConfigurationFile(path: path)
        clip = try CLIPConfiguration(file, kind: "clipseg")
        extractLayers = try file.value("extract_layers", extractLayers)
        reducedWidth = try file.count("reduce_dim", reducedWidth)
        decoderHeads = try file.count("decoder_num_attention_heads", decoderHeads)
        decoderIntermediateSize = try file.count("decoder_intermediate_size", decoderIntermediateSize)
        conditionalLayer = try file.value("conditional_layer", conditionalLayer)
        usesSeveralConvolutions = try file.value("use_complex_transposed_convolution", false)
        let layers = clip.image.layers
        guard !extractLayers.isEmpty, extractLayers.allSatisfy((0..<layers).contains) else {
            throw file.valueError(
                "extract_layers", "\(extractLayers)", known: "numbers of the \(layers) layers, from 0")
        }
        guard extractLayers.indices.contains(conditionalLayer) else {
            throw file.valueError(
                "conditional_layer", "\(conditionalLayer)", known: "0 to \(extractLayers.count - 1)")
        }
        guard reducedWidth % decoderHeads == 0 else {
            throw file.valueError(
                "reduce_dim", "\(reducedWidth)", known: "a multiple of \(decoderHeads) heads")
        }
        guard !usesSeveralConvolutions || clip.image.patchSize >= 4 && reducedWidth >= 2 else {
            throw file.valueError(
                "use_complex_transposed_convolution", "true",
                known: "false with patches of less than 4 pixels")
        }
    }

    /// Whether a `config.json` is of such a network.
    public static func describes(_ path: String) throws -> Bool {
        try ConfigurationFile(path: path).value("model_type", "") == "clipseg"
    }

    /// The `config.json` that Python's transformers reads.
    public func json(startTokenId: Int, endTokenId: Int) -> [String: any Sendable] {
        var json = clip.json(startTokenId: startTokenId, endTokenId: endTokenId)
        for (key, kind) in [("text_config", "clipseg_text_model"), ("vision_config", "clipseg_vision_model")]
        {
            var part = json[key] as? [String: any Sendable] ?? [:]
            part["model_type"] = kind
            for unknown in ["projection_dim", "dropout"] { part[unknown] = nil }
            json[key] = part
        }
        json["architectures"] = ["CLIPSegForImageSegmentation"]
        json["model_type"] = "clipseg"
        json["extract_layers"] = extractLayers
        json["reduce_dim"] = reducedWidth
        json["decoder_num_attention_heads"] = decoderHeads
        json["decoder_intermediate_size"] = decoderIntermediateSize
        json["decoder_attention_dropout"] = 0.0
        json["decoder_hidden_act"] = "relu"
        json["conditional_layer"] = conditionalLayer
        json["use_complex_transposed_convolution"] = usesSeveralConvolutions
        return json
    }
}
