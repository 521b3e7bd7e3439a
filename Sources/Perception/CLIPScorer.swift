import Diffusion
import Foundation
public import Imaging
import Layers
public import Networks
public import Prompts
public import Tensors

/// A CLIP folder as transformers writes it: how well images and texts belong together.
public final class CLIPScorer {
    let network: CLIPModel
    let tokenizer: Tokenizer
    let normalisation: ImageNormalisation
    let device: Device
    /// A short hash of the folder's files, by which what was made with the pair is kept; empty for networks in memory.
    public let fingerprint: String
    /// Rows of a pass.
    private static let batch = 64

    /// A pair from its folder: `config.json`, `model.safetensors`, the tokenizer's files and
    /// `preprocessor_config.json`.
    /// - Throws: `ConfigurationError`, `WeightError`, `SafetensorsError`, `TokenizerError`.
    public convenience init(folder: String, device: Device = .cpu) throws {
        let shape = try CLIPConfiguration(contentsOf: folder + "/config.json")
        let network = try withoutGradients {
            try CLIPModel(WeightStore(folder: folder, name: "model", device: device).weights, shape)
        }
        let tokenizer = try Tokenizer(folder: folder, contextLength: shape.text.contextLength)
        let normalisation = try ImageNormalisation(contentsOf: folder + "/preprocessor_config.json")
        self.init(
            network, tokenizer: tokenizer, normalisation: normalisation, device: device,
            fingerprint: try Fingerprint.of(network: folder))
    }

    /// A pair that uses a network.
    public init(
        _ network: CLIPModel, tokenizer: Tokenizer, normalisation: ImageNormalisation, device: Device,
        fingerprint: String = ""
    ) {
        self.fingerprint = fingerprint
        self.network = network
        self.tokenizer = tokenizer
        self.normalisation = normalisation
        self.device = device
    }

    /// Unit embeddings [B, projection] of images, resampled so that the short side fits and cut to the middle.
    public func embed(_ images: [Image]) -> Tensor {
        let side = network.configuration.image.imageSize
        let rows = stride(from: 0, to: images.count, by: Self.batch).map { start in
            let part = images[start..<min(start + Self.batch, images.count)]
            let prepared = Tensor.concatenated(part.map { Self.fitted($0, side: side).tensor() })
            return withoutGradients { network.embed(images: normalisation(prepared.to(device: device))) }
        }
        return .concatenated(rows)
    }

    /// Unit embeddings [B, projection] of images [B, 3, H, W] in about -1…1, through which gradients reach them: resampled
    /// so that the short side fits and cut to the middle.
    public func embed(images: Tensor) -> Tensor { embed(images: images, antialias: true) }

    /// The same, resampled with or without a window that widens where images get smaller (antialiasing).
    ///
    /// Code of 2021 resampled tensors without it.
    public func embed(images: Tensor, antialias: Bool) -> Tensor {
        let side = network.configuration.image.imageSize
        return network.embed(
            images: normalisation(
                Self.fitted(images.to(device: device), side: side, antialias: antialias)))
    }

    /// Unit embeddings [B, projection] of texts; what does not fit is cut off.
    public func embed(_ texts: [String]) -> Tensor {
        let rows = stride(from: 0, to: texts.count, by: Self.batch).map { start in
            let tokens = tokenizer.tokens(Array(texts[start..<min(start + Self.batch, texts.count)]))
            return withoutGradients { network.embed(tokens: tokens.to(device: device)) }
        }
        return .concatenated(rows)
    }

    /// The cosine of each image with its text.
    public func cosines(_ images: [Image], _ texts: [String]) -> [Double] {
        precondition(images.count == texts.count, "\(images.count) pictures, \(texts.count) texts")
        guard !images.isEmpty else { return [] }
        return (embed(images) * embed(texts)).sum([-1]).scalars(as: Double.self)
    }

    /// How well images changed in the direction in which the texts do, each a cosine: E(after) - E(before) of the
    /// images with that of the texts; zero for an image that did not change.
    ///
    /// Gal and others, "StyleGAN-NADA: CLIP-Guided Domain Adaptation of Image Generators", SIGGRAPH 2022.
    public func directions(
        from before: Image, to after: [Image], source: String, target: String
    ) -> [Double] {
        guard !after.isEmpty else { return [] }
        let texts = embed([source, target])
        let wanted = texts.rows(1..<2) - texts.rows(0..<1)
        let changes = embed(after) - embed([before])
        let lengths = changes.squared.sum([-1]).squareRoot * wanted.squared.sum.squareRoot.item
        let products = (changes * wanted).sum([-1]).scalars(as: Double.self)
        // An image that is the same has a change of zero, but for rounding.
        return zip(products, lengths.scalars(as: Double.self)).map { $1 > 1e-5 ? $0 / $1 : 0 }
    }

    private static func fitted(_ images: Tensor, side: Int, antialias: Bool) -> Tensor {
        let (_, _, height, width) = images.shape4
        guard height != side || width != side else { return images }
        let short = min(height, width)
        let (tall, wide) = (height * side / short, width * side / short)
        let resized =
            antialias
            ? images.resampledBicubicSmoothly(height: tall, width: wide)
            : images.resampledBicubic(height: tall, width: wide)
        return resized.narrowed(2, from: (tall - side) / 2, count: side)
            .narrowed(3, from: (wide - side) / 2, count: side)
    }

    private static func fitted(_ image: Image, side: Int) -> Image {
        guard image.width != side || image.height != side else { return image }
        let short = min(image.width, image.height)
        // The other side is cut off below, as transformers does.
        let resized = image.resized(
            width: image.width == short ? side : image.width * side / short,
            height: image.height == short ? side : image.height * side / short, by: .bicubic)
        let (left, top) = ((resized.width - side) / 2, (resized.height - side) / 2)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(side * side * 3)
        for row in top..<(top + side) {
            let start = (row * resized.width + left) * 3
            pixels += resized.pixels[start..<(start + side * 3)]
        }
        return Image(width: side, height: side, pixels: pixels)
    }
}

extension Tokenizer {
    /// The ids of texts as a text tower reads them, int64 [B, L]; what does not fit is cut off.
    func tokens(_ texts: [String]) -> Tensor {
        Tensor(
            texts.flatMap { encode($0).ids.map(Int64.init) }, shape: [texts.count, contextLength])
    }
}

/// Means and deviations by which an image tower wants its images shifted and scaled, for red, green and blue.
public struct ImageNormalisation: Sendable, Hashable {
    /// What is taken off values in 0…1.
    public var mean: [Double]
    /// What the rest is divided by.
    public var deviation: [Double]

    /// Means and deviations.
    public init(mean: [Double] = [0.5, 0.5, 0.5], deviation: [Double] = [0.5, 0.5, 0.5]) {
        self.mean = mean
        self.deviation = deviation
    }

    /// Reads `preprocessor_config.json`; without one, CLIP's own numbers.
    /// - Throws: `ConfigurationError` for a file that cannot be read.
    public init(contentsOf path: String) throws {
        // Radford and others' published means and deviations.
        self.init(
            mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])
        guard let data = FileManager.default.contents(atPath: path) else { return }
        guard let values = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw ConfigurationError.unreadable(path)
        }
        for (key, place) in [("image_mean", \Self.mean), ("image_std", \Self.deviation)] {
            guard let found = values[key] else { continue }
            guard let numbers = found as? [Double], numbers.count == 3, numbers.allSatisfy(\.isFinite),
                key == "image_mean" || numbers.allSatisfy({ $0 > 0 })
            else {
                throw ConfigurationError.type(
                    path: path, key: key, value: "\(found)", wanted: "a list of three numbers")
            }
            self[keyPath: place] = numbers
        }
    }

    /// The `preprocessor_config.json` that Python's transformers reads.
    public func json(side: Int) -> [String: any Sendable] {
        [
            "crop_size": ["height": side, "width": side], "do_center_crop": true, "do_convert_rgb": true,
            "do_normalize": true, "do_rescale": true, "do_resize": true,
            "feature_extractor_type": "CLIPFeatureExtractor", "image_mean": mean,
            "image_processor_type": "CLIPImageProcessor", "image_std": deviation, "resample": 3,
            "rescale_factor": 1 / 255.0, "size": ["shortest_edge": side],
        ]
    }

    /// The `preprocessor_config.json` of a segmentation, which looks at whole images as squares.
    public func segmentationJSON(side: Int) -> [String: any Sendable] {
        [
            "do_normalize": true, "do_rescale": true, "do_resize": true, "image_mean": mean,
            "image_processor_type": "ViTImageProcessor", "image_std": deviation, "resample": 2,
            "rescale_factor": 1 / 255.0, "size": ["height": side, "width": side],
        ]
    }

    /// Images [B, 3, H, W] in -1…1 as the tower wants them.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        func column(_ values: [Double]) -> Tensor {
            Tensor(values.map(Float.init), shape: [1, 3, 1, 1]).like(images)
        }
        return ((images + 1) * 0.5 - column(mean)) / column(deviation)
    }
}
