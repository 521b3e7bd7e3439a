import Diffusion
import Foundation
import Layers
public import Networks
public import Prompts
public import Support
public import Tensors

/// Text-prompted segmentation in a folder as transformers writes it: where an image shows what a text says.
///
/// Lüddecke and Ecker, "Image segmentation using text and image prompts", CVPR 2022.
public final class CLIPSeg: RelevanceNetwork {
    /// The network.
    public let network: CLIPSegModel
    /// Whether images are shifted and scaled as the network learned to see them; without, they go in as they are.
    public let isNormalising: Bool
    private let tokenizer: Tokenizer
    private let normalisation: ImageNormalisation
    private let side: Int
    private let device: Device
    /// Rows of a pass.
    private static let batch = 64

    /// A network from its folder: `config.json`, `model.safetensors`, the tokenizer's files and
    /// `preprocessor_config.json`.
    ///
    /// - `isNormalising`: false for what is fed with images in -1…1 as they are, as published region guidance does.
    /// - Throws: `ConfigurationError`, `WeightError`, `SafetensorsError`, `TokenizerError`.
    public convenience init(folder: String, isNormalising: Bool = true, device: Device = .cpu) throws {
        let shape = try CLIPSegConfiguration(contentsOf: folder + "/config.json")
        let network = try withoutGradients {
            try CLIPSegModel(WeightStore(folder: folder, name: "model", device: device).weights, shape)
        }
        let preprocessing = folder + "/preprocessor_config.json"
        self.init(
            network, tokenizer: try Tokenizer(folder: folder, contextLength: shape.clip.text.contextLength),
            normalisation: try ImageNormalisation(contentsOf: preprocessing),
            side: try Self.side(of: preprocessing, for: shape), isNormalising: isNormalising, device: device)
    }

    /// A network from its folder; nil where the folder's `config.json` tells of another kind of network.
    public convenience init?(ifSegmenting folder: String, device: Device = .cpu) throws {
        guard try CLIPSegConfiguration.describes(folder + "/config.json") else { return nil }
        try self.init(folder: folder, device: device)
    }

    /// A network with what belongs to it.
    ///
    /// - `side`: the side that images are resized to for it, in pixels; that of its image tower where not given.
    public init(
        _ network: CLIPSegModel, tokenizer: Tokenizer, normalisation: ImageNormalisation, side: Int? = nil,
        isNormalising: Bool = true, device: Device
    ) {
        self.network = network
        self.tokenizer = tokenizer
        self.normalisation = normalisation
        self.side = side ?? network.configuration.clip.image.imageSize
        self.isNormalising = isNormalising
        self.device = device
    }

    /// Relevance logits [B, H, W] of images [B, 3, H, W] in -1…1 to one text each; what does not fit of a text is cut off.
    ///
    /// Images are resized to the network's square, as its preprocessing does, and the logits back, bilinearly.
    /// - Throws: `RelevanceError.emptyText`.
    public func relevance(of images: Tensor, to texts: [String]) throws -> Tensor {
        let (rows, _, height, width) = images.shape4
        precondition(rows == texts.count, "\(rows) pictures, \(texts.count) texts")
        if let place = texts.firstIndex(where: { $0.allSatisfy(\.isWhitespace) }) {
            throw RelevanceError.emptyText(place: place)
        }
        let parts = stride(from: 0, to: rows, by: Self.batch).map { start -> Tensor in
            let range = start..<min(start + Self.batch, rows)
            let logits = network(seen(images.rows(range)), texts: features(of: Array(texts[range])))
            return logits.unsqueezed(1).resampledSmoothly(height: height, width: width).squeezed(1)
        }
        return .concatenated(parts).to(device: images.device)
    }

    /// Images [B, 3, H, W] in -1…1 as the network sees them.
    private func seen(_ images: Tensor) -> Tensor {
        let (_, _, height, width) = images.shape4
        let own = images.to(dtype: .float32, device: device)
        let fitted =
            height == side && width == side ? own : own.resampledSmoothly(height: side, width: side)
        return isNormalising ? normalisation(fitted) : fitted
    }

    /// Embeddings of texts; no gradient leads to them.
    private func features(of texts: [String]) -> Tensor {
        let tokens = tokenizer.tokens(texts).to(device: device)
        return withoutGradients { network.features(of: tokens) }
    }

    /// The side that a `preprocessor_config.json` has images resized to; that of the image tower without one.
    private static func side(of path: String, for shape: CLIPSegConfiguration) throws -> Int {
        let (usual, patch) = (shape.clip.image.imageSize, shape.clip.image.patchSize)
        guard let data = FileManager.default.contents(atPath: path) else { return usual }
        guard let values = JSONValue.object(of: data) else { throw ConfigurationError.unreadable(path) }
        let found: JSONValue
        switch values["size"] {
        case nil, .null: return usual
        case .object(let sides)?: found = sides["height"] ?? sides["shortest_edge"] ?? .null
        case let value?: found = value
        }
        guard case .whole(let side) = found, side > 0, side % patch == 0 else {
            throw ConfigurationError.type(
                path: path, key: "size", value: "\(values["size"] ?? .null)",
                wanted: "a number of pixels, a multiple of the patches' \(patch),")
        }
        return side
    }
}

/// Why a network cannot say where an image shows a text.
public enum RelevanceError: UserError, Equatable {
    /// A text says nothing; `place` counts from 0.
    case emptyText(place: Int)

    /// It is about what was asked for.
    public var kind: UserErrorKind { .request }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .emptyText(let place):
            "text \(place + 1) of those to look for is empty; say what the picture may show"
        }
    }
}
