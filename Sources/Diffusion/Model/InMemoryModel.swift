public import Networks
public import Prompts
public import Tensors

/// A latent diffusion model of networks that are already there: in training, or with other weights laid over a folder's.
public final class InMemoryModel: LatentDiffusionModel {
    /// How the UNet was taught to see noise.
    public let schedule: NoiseSchedule
    /// What a program needs to know of it.
    public let facts: ModelFacts
    /// What the autoencoder's own latents are multiplied by to be what the UNet sees.
    public let latentScale: Double
    /// Where the networks' weights are.
    public let device: Device
    /// What the networks compute in; latents stay float32.
    public let dtype: DType
    /// Threads that the rows of a pass are shared out among where they are small.
    public let rowThreads: Int
    /// Whether the UNet's blocks run a second time for gradients instead of keeping what gradients need.
    public let checkpointing: Bool
    /// The words it was trained on, where they are known.
    public let knownWords: KnownWords?
    /// How images are best edited with it, where that is known.
    public let settings: ModelSettings?
    /// What the user should know of it before its first job.
    public let notices: [String]
    /// Whether the UNet has weights, or adapters beside them, that record gradients: no other thread takes rows then.
    public let isBeingTuned: Bool
    /// The networks' weights by part, where whoever made the model named them.
    public let weights: [(part: String, tensors: [(name: String, tensor: Tensor)])]

    private let noisePredictor: UNet
    private let imageCoder: Autoencoder?
    private let textReader: TextEncoder?
    private let textCutter: Tokenizer?

    /// A model of a UNet and the other networks that the jobs need.
    ///
    /// - `autoencoder`: for jobs that encode or decode images.
    /// - `textEncoder`, `tokenizer`: for jobs that give prompts as texts rather than as embeddings.
    /// - `facts`: of these weights; the fingerprint must differ from that of any other weights, because kept inversions
    ///   are found by it (`Fingerprint.of(weights:)`).
    /// - `latentScale`: the autoencoder's scaling factor where it is left out, and 1 without an autoencoder.
    /// - `device`, `dtype`: the device and dtype of the networks' weights.
    /// - `rowThreads`: as of `LoadedModel`.
    /// - `checkpointing`: whether gradients cost a second forward pass of each block instead of memory.
    /// - `isBeingTuned`: whether gradients are asked of the UNet's weights, or of adapters beside them.
    /// - `weights`: named so that an answer that is no number can be traced to them.
    public init(
        unet: UNet, autoencoder: Autoencoder? = nil, textEncoder: TextEncoder? = nil,
        tokenizer: Tokenizer? = nil, schedule: NoiseSchedule, facts: ModelFacts, latentScale: Double? = nil,
        device: Device = .cpu, dtype: DType = .float32, rowThreads: Int = 1, checkpointing: Bool = false,
        isBeingTuned: Bool = false, knownWords: KnownWords? = nil, settings: ModelSettings? = nil,
        notices: [String] = [],
        weights: [(part: String, tensors: [(name: String, tensor: Tensor)])] = []
    ) {
        noisePredictor = unet
        imageCoder = autoencoder
        textReader = textEncoder
        textCutter = tokenizer
        self.schedule = schedule
        self.facts = facts
        self.latentScale = latentScale ?? autoencoder?.configuration.scalingFactor ?? 1
        self.device = device
        self.dtype = dtype
        self.rowThreads = rowThreads
        self.checkpointing = checkpointing
        self.isBeingTuned = isBeingTuned
        self.knownWords = knownWords
        self.settings = settings
        self.notices = notices
        self.weights = weights
    }

    /// The UNet's shape.
    public var unetConfiguration: UNetConfiguration { noisePredictor.configuration }

    /// Tokens of a prompt (L): what the text encoder reads, and CLIP's 77 without one.
    public var contextLength: Int { textReader?.configuration.contextLength ?? 77 }

    /// The noise predictor.
    public func unet() -> UNet { noisePredictor }

    /// The autoencoder.
    /// - Throws: `DiffusionError.missingComponent` where the model was made without one.
    public func autoencoder() throws -> Autoencoder { try Self.given(imageCoder, "autoencoder") }

    /// The text encoder.
    /// - Throws: `DiffusionError.missingComponent` where the model was made without one.
    public func textEncoder() throws -> TextEncoder { try Self.given(textReader, "text encoder") }

    /// The tokenizer.
    /// - Throws: `DiffusionError.missingComponent` where the model was made without one.
    public func tokenizer() throws -> Tokenizer { try Self.given(textCutter, "tokenizer") }

    private static func given<Part>(_ part: Part?, _ name: String) throws(DiffusionError) -> Part {
        guard let part else { throw .missingComponent(name: name) }
        return part
    }
}
