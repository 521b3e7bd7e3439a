public import Networks
import Prompts
public import Tensors

/// A latent diffusion model of three networks: UNet, autoencoder and text encoder, wherever they come from.
///
/// Whoever conforms says where the networks are; encoding, prediction and decoding are the same for all.
public protocol LatentDiffusionModel: DiffusionModel {
    /// The UNet's shape, known before its weights are loaded.
    var unetConfiguration: UNetConfiguration { get }
    /// Tokens of a prompt (L).
    var contextLength: Int { get }
    /// Threads that the rows of a pass are shared out among where they are small.
    var rowThreads: Int { get }
    /// Whether the UNet's blocks run a second time for gradients instead of keeping what gradients need (gradient
    /// checkpointing); passes without gradients are not changed by it.
    var checkpointing: Bool { get }
    /// Whether the UNet has weights, or adapters beside them, that record gradients.
    var isBeingTuned: Bool { get }
    /// The weights of the networks that are loaded, by the part that holds them, to name those that are broken.
    var weights: [(part: String, tensors: [(name: String, tensor: Tensor)])] { get }

    /// The noise predictor.
    func unet() throws -> UNet
    /// The autoencoder.
    func autoencoder() throws -> Autoencoder
    /// The text encoder.
    func textEncoder() throws -> TextEncoder
}

extension LatentDiffusionModel {
    /// Its weights are as they were loaded.
    public var isBeingTuned: Bool { false }

    /// Where plans may record and edit.
    public var sites: [Site] { get throws { try unet().sites } }

    /// The first tensor of the loaded networks that holds values that are not numbers.
    public var brokenWeights: DiffusionError? { DiffusionError.broken(in: weights) }

    /// A text as the text encoder reads it: tokens, last hidden state, pooled vector.
    public func embed(_ text: String) throws -> TextEmbedding {
        let tokens = try tokenizer().encode(text)
        let ids = Tensor(tokens.ids.map(Int64.init), shape: [1, tokens.ids.count]).to(device: device)
        let read = try textEncoder()(ids)
        return TextEmbedding(
            read.lastHiddenState, tokens: tokens, pooled: read.pooled, cutOff: tokens.truncatedText)
    }

    /// Keys and values of a prompt's embedding [1, L, D] for every cross-attention.
    public func context(of embedding: Tensor) throws -> PromptContext {
        try unet().context(embedding.to(dtype: dtype, device: device))
    }

    /// One pass of the UNet; the answer has the dtype of the latents.
    /// - Throws: `DiffusionError.channels` where the UNet reads another number of channels.
    public func predict(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]
    ) throws -> Tensor {
        guard latents.shape[1] == unetConfiguration.inChannels else {
            throw DiffusionError.channels(found: latents.shape[1], wanted: unetConfiguration.inChannels)
        }
        let (unet, input) = (try unet(), latents.to(dtype: dtype))
        let parts = partCount(of: input, context, plans)
        guard parts > 1 else {
            let answer = unet(
                input, timesteps: timesteps, context: context, plans: plans,
                checkpointing: checkpointing && isRecordingGradients)
            return answer.to(dtype: latents.dtype)
        }
        let rows = latents.shape[0]
        let answers = Backend.sideBySide(parts, threads: rowThreads) { part in
            let range = (rows * part / parts)..<(rows * (part + 1) / parts)
            return unet(
                input.rows(range), timesteps: timesteps.rows(range), context: context.rows(range))
        }
        return Tensor.concatenated(answers).to(dtype: latents.dtype)
    }

    /// How many parts of a batch are computed side by side: one where rows are large, looked into or differentiated.
    private func partCount(of latents: Tensor, _ context: PromptContext, _ plans: [Plan]) -> Int {
        let (rows, _, height, width) = latents.shape4
        let isPlain =
            plans.isEmpty && !latents.recordsGradient && !context.embedding.recordsGradient
            && !isBeingTuned
        guard device == .cpu, isPlain, unetConfiguration.isSmall(height: height, width: width) else {
            return 1
        }
        return min(rows, rowThreads)
    }

    /// Encodes an image [1, 3, H, W]: mean and deviation of its latent [1, C, H/f, W/f], scaled, float32.
    public func encode(_ image: Tensor) throws -> (mean: Tensor, deviation: Tensor) {
        let (mean, logVariance) = try autoencoder().encode(image.to(dtype: dtype, device: device))
        let deviation = (logVariance.to(dtype: .float32) * 0.5).exp
        return (mean.to(dtype: .float32) * latentScale, deviation * latentScale)
    }

    /// Decodes a scaled latent [1, C, h, w] to its image [1, 3, H, W], float32.
    public func image(of latent: Tensor) throws -> Tensor {
        let unscaled = latent.to(dtype: dtype, device: device) / latentScale
        return try autoencoder().decode(unscaled).to(dtype: .float32)
    }

    /// Bytes of some forty values per element of the outermost stage, and of every map that a plan looks at.
    ///
    /// The forty were counted in Stable Diffusion's widest resnet: skips of all stages, the joined input, its
    /// normalised copy, the convolution's workspace.
    public func bytesPerRow(latentShape: [Int], plan: Plan) -> Int {
        let elements = latentShape[2] * latentShape[3]
        var values = elements * unetConfiguration.blockOutChannels[0] * 40
        for site in plan.sites where site.value == .map {
            let tokens = elements / (site.scale * site.scale)
            let others = site.attention == .selfAttention ? tokens : contextLength
            // Scores, softmax and the copy that is recorded.
            values += 3 * (unetConfiguration.heads.max() ?? 8) * tokens * others
        }
        return values * dtype.byteCount
    }
}

extension ModelFacts {
    /// Facts of a latent diffusion model from the shapes of its networks.
    public init(
        name: String, fingerprint: String, unet: UNetConfiguration, autoencoder: AutoencoderConfiguration
    ) {
        self.init(
            name: name, fingerprint: fingerprint, latentChannels: autoencoder.latentChannels,
            latentFactor: autoencoder.spatialFactor,
            imageSide: unet.sampleSize * autoencoder.spatialFactor, inputChannels: unet.inChannels)
    }
}

extension DiffusionError {
    /// The first tensor of some parts that holds values that are not numbers.
    static func broken(
        in weights: [(part: String, tensors: [(name: String, tensor: Tensor)])]
    ) -> DiffusionError? {
        for (part, tensors) in weights {
            if let broken = tensors.first(where: { $0.tensor.dtype.isFloatingPoint && !$0.tensor.isFinite }) {
                return .brokenWeights(part: part, tensor: broken.name)
            }
        }
        return nil
    }
}
