public import Layers
public import Tensors

/// Text-prompted segmentation (`CLIPSegForImageSegmentation`): where an image shows what a text says.
///
/// Lüddecke and Ecker, "Image segmentation using text and image prompts", CVPR 2022: both towers of CLIP, and a small
/// decoder that reads what the image's tower knows after a few of its layers under the text's embedding.
public final class CLIPSegModel {
    /// How it is built.
    public let configuration: CLIPSegConfiguration
    private let clip: CLIPModel
    private let decoder: CLIPSegDecoder

    /// Builds the network from its weights.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public init(_ weights: Weights, _ configuration: CLIPSegConfiguration) throws {
        self.configuration = configuration
        clip = try CLIPModel(weights["clip"], configuration.clip)
        decoder = try CLIPSegDecoder(weights["decoder"], configuration)
    }

    /// What the image's tower knows of some images after the layers that the decoder reads.
    public struct Encoding {
        /// Embeddings [B, 1 + patches, D] after each layer, the class token first.
        fileprivate let states: [Tensor]
        fileprivate let grid: (rows: Int, columns: Int)

        /// Embeddings of the patches after the deepest of the layers, [B, patches, D].
        public var patches: Tensor {
            let last = states[states.count - 1]
            return last.narrowed(1, from: 1, count: last.shape[1] - 1)
        }
    }

    /// Relevance logits [B, H', W'] of preprocessed images [B, 3, H, W] to embeddings of texts [B, projection].
    ///
    /// H and W are multiples of the patch's side; H' and W' are H and W where a place becomes a patch again, as it does
    /// with patches of 16 pixels and in every decoder of one transposed convolution.
    public func callAsFunction(_ images: Tensor, texts: Tensor) -> Tensor {
        callAsFunction(encode(images), textsPerImage: 1, texts: texts)
    }

    /// Relevance logits [B·K, H', W'] of each of B images to K texts in turn, whose embeddings are [B·K, projection].
    public func callAsFunction(_ images: Encoding, textsPerImage count: Int, texts: Tensor) -> Tensor {
        let states = images.states.map { state in
            let (batch, length, width) = state.shape3
            return state.unsqueezed(1).expanded([batch, count, length, width])
                .reshaped([batch * count, length, width])
        }
        return decoder(states, texts: texts, grid: images.grid)
    }

    /// Looks at preprocessed images [B, 3, H, W], to ask about them as often as is wanted.
    public func encode(_ images: Tensor) -> Encoding {
        Encoding(
            states: clip.hiddenStates(of: images, after: configuration.extractLayers), grid: grid(of: images))
    }

    /// Embeddings [B, projection] of token ids, int64 [B, L], not normalised.
    public func features(of tokens: Tensor) -> Tensor { clip.features(of: tokens) }

    private func grid(of images: Tensor) -> (rows: Int, columns: Int) {
        let (_, _, height, width) = images.shape4
        let patch = configuration.clip.image.patchSize
        precondition(
            height % patch == 0 && width % patch == 0,
            "pictures of \(width)×\(height) pixels where patches have \(patch) a side")
        return (height / patch, width / patch)
    }
}

/// The decoder of CLIPSeg: embeddings after a few layers of the image's tower to one number a pixel.
struct CLIPSegDecoder {
    private let scale: Linear
    private let shift: Linear
    private let reduces: [Linear]
    private let layers: [TransformerLayer]
    private let conditional: Int
    private let enlarging: (Tensor) -> Tensor

    init(_ weights: Weights, _ configuration: CLIPSegConfiguration) throws {
        let (width, patch) = (configuration.reducedWidth, configuration.clip.image.patchSize)
        scale = try Linear(weights["film_mul"], configuration.clip.projection, width)
        shift = try Linear(weights["film_add"], configuration.clip.projection, width)
        conditional = configuration.conditionalLayer
        reduces = try configuration.extractLayers.indices.map {
            try Linear(weights["reduces"][$0], configuration.clip.image.hiddenSize, width)
        }
        layers = try configuration.extractLayers.indices.map {
            try TransformerLayer(
                weights["layers"][$0], width: width, inner: configuration.decoderIntermediateSize,
                heads: configuration.decoderHeads, activation: { $0.relu },
                epsilon: configuration.clip.image.layerNormEps, causal: false, norms: .after)
        }
        let end = weights["transposed_convolution"]
        guard configuration.usesSeveralConvolutions else {
            enlarging = try TransposedConvolution(end, width, 1, size: patch).callAsFunction
            return
        }
        let smoothing = try Convolution(end[0], width, width)
        let first = try TransposedConvolution(end[2], width, width / 2, size: patch / 4)
        let second = try TransposedConvolution(end[4], width / 2, 1, size: patch / 4)
        enlarging = { second(first(smoothing($0).relu).relu) }
    }

    /// Logits [B, H', W'] from the tower's embeddings [B, 1 + rows·columns, D], the first layer's first.
    func callAsFunction(_ states: [Tensor], texts: Tensor, grid: (rows: Int, columns: Int)) -> Tensor {
        var x: Tensor?
        // The deepest embeddings come first.
        for (index, state) in states.reversed().enumerated() {
            let reduced = reduces[index](state)
            var sum = x.map { reduced + $0 } ?? reduced
            if index == conditional { sum = scale(texts).unsqueezed(1) * sum + shift(texts).unsqueezed(1) }
            x = layers[index](sum)
        }
        guard let x else { preconditionFailure("a decoder without layers") }
        let (batch, length, width) = x.shape3
        let places = x.narrowed(1, from: 1, count: length - 1).transposed(1, 2)
            .reshaped([batch, width, grid.rows, grid.columns])
        return enlarging(places).squeezed(1)
    }
}
