public import Imaging
public import Tensors

/// Images in and out of the latent space.
extension DiffusionSession {
    /// The latent [1, C, H/f, W/f] of an image whose sides are multiples of the latent factor: the posterior's mean.
    /// - Throws: `CancellationError`, `TensorError.outOfMemory`.
    public func encode(_ image: Image) throws -> Tensor {
        try checkCancellation()
        let latent = try guardingMemory { try model.encode(image.tensor(device: model.device)).mean }
        remember(image, as: latent)
        return latent
    }

    /// A sample of the posterior instead of its mean; draws the latent's shape from the generator.
    public func encode(_ image: Image, sampledBy random: RandomGenerator) throws -> Tensor {
        try checkCancellation()
        return try guardingMemory {
            let (mean, deviation) = try model.encode(image.tensor(device: model.device))
            return mean + deviation * random.normal(mean.shape).like(mean)
        }
    }

    /// The image of a latent.
    /// - Throws: `DiffusionError.notFinite`, `.brokenWeights` where the image holds anything but numbers;
    ///   `TensorError.outOfMemory`.
    public func decode(_ latent: Tensor) throws -> Image {
        try checkCancellation()
        let image = try guardingMemory { try model.image(of: latent) }
        return try guardingMemory {
            guard image.isFinite else { throw notFinite(while: "decoding the picture") }
            return Image(image)
        }
    }

    /// Why an answer of the model is no number: weights that are none, or what was asked of them.
    func notFinite(while stage: String) -> DiffusionError {
        model.brokenWeights ?? .notFinite(stage: stage, dtype: model.dtype)
    }
}

extension Image {
    /// [1, 3, height, width] in -1…1: byte/127.5 - 1.
    public func tensor(device: Device = .cpu) -> Tensor {
        Tensor(pixels: pixels, height: height, width: width, device: device)
    }

    /// The image of a tensor [1, 3, height, width] in -1…1; what lies outside is clipped, the rest rounded.
    public init(_ tensor: Tensor) {
        let (_, _, height, width) = tensor.shape4
        self.init(width: width, height: height, pixels: tensor.pixels)
    }
}

extension Tensor {
    /// Images of one size, [B, 3, height, width] in -1…1, from their bytes one after the other.
    package init(pixels: [UInt8], height: Int, width: Int, device: Device = .cpu) {
        let count = pixels.count / (height * width * 3)
        let bytes = Tensor(pixels, shape: [count, height, width, 3]).to(device: device)
        self = bytes.permuted(0, 3, 1, 2).to(dtype: .float32).contiguous / 127.5 - 1
    }

    /// The bytes of images [B, 3, height, width] in -1…1, one after the other; what lies outside is clipped.
    fileprivate var pixels: [UInt8] {
        let bytes = ((detached.to(dtype: .float32) + 1) * 127.5 + 0.5).clamped(0, 255)
        return bytes.permuted(0, 2, 3, 1).contiguous.to(dtype: .uint8, device: .cpu).scalars(as: UInt8.self)
    }
}
