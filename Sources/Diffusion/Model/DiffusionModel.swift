public import Networks
public import Prompts
public import Tensors

/// What the engine asks of a model: a loaded folder, or a closed form in tests.
///
/// Latents are scaled (as the network sees them) and have the dtype of the caller, float32 unless a test wants more.
public protocol DiffusionModel: AnyObject {
    /// How it was taught to see noise.
    var schedule: NoiseSchedule { get }
    /// What a program needs to know before it asks anything.
    var facts: ModelFacts { get }
    /// What the autoencoder's own latents are multiplied by to be what the network sees.
    var latentScale: Double { get }
    /// Where latents belong.
    var device: Device { get }
    /// The words it was trained on, where they are known.
    var knownWords: KnownWords? { get }
    /// How images are best edited with it, where that is known.
    var settings: ModelSettings? { get }
    /// What the network computes in.
    var dtype: DType { get }
    /// What the user should know of the model before its first job, a line each.
    var notices: [String] { get }
    /// Which of its weights are not numbers, if any; asked once an answer was none.
    var brokenWeights: DiffusionError? { get }

    /// Where plans may record and edit, in the order of the network.
    var sites: [Site] { get throws }
    /// What cuts prompts into tokens; positions in its ids are columns of the prompt's maps.
    func tokenizer() throws -> Tokenizer
    /// A text as the text encoder reads it.
    func embed(_ text: String) throws -> TextEmbedding
    /// A prompt prepared for many passes.
    func context(of embedding: Tensor) throws -> PromptContext
    /// One pass: what the network was trained to answer, for each row.
    ///
    /// - `latents`: [B, inputChannels, h, w]
    /// - `timesteps`: [B], int64, or float32 where a sampler halts between two
    /// - `plans`: one per row, or none at all
    func predict(_ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]) throws -> Tensor
    /// The posterior of an image [1, 3, H, W] in -1…1: mean and standard deviation, [1, C, H/f, W/f].
    func encode(_ image: Tensor) throws -> (mean: Tensor, deviation: Tensor)
    /// The image [1, 3, H, W] of a latent, about -1…1.
    func image(of latent: Tensor) throws -> Tensor
    /// An estimate of the memory that one row of a pass takes, the sites that its plan looks at included.
    func bytesPerRow(latentShape: [Int], plan: Plan) -> Int
}

extension DiffusionModel {
    /// Latents as the autoencoder makes them.
    public var latentScale: Double { 1 }
    /// Nothing is known.
    public var knownWords: KnownWords? { nil }
    /// Nothing is known.
    public var settings: ModelSettings? { nil }
    /// What closed forms compute in.
    public var dtype: DType { .float32 }
    /// Nothing.
    public var notices: [String] { [] }
    /// None.
    public var brokenWeights: DiffusionError? { nil }
}

/// Sizes and names of a model.
public struct ModelFacts: Sendable, Hashable, Codable {
    /// What to call it: the folder's name.
    public var name: String
    /// A short hash of its weights and settings, see `Fingerprint`.
    public var fingerprint: String
    /// Channels of a latent (C).
    public var latentChannels: Int
    /// Pixels per latent element along a side (f).
    public var latentFactor: Int
    /// Side of the images it was trained on, in pixels.
    public var imageSide: Int
    /// Channels the network reads: C, or more where it wants a mask or a second image too.
    public var inputChannels: Int
    /// LoRAs that its weights were changed by; nil without any.
    public var loras: [LoRAFacts]?
    /// Textual inversions that its prompts may name; nil without any.
    public var embeddings: [EmbeddingFacts]?

    /// Facts of a model.
    public init(
        name: String, fingerprint: String, latentChannels: Int, latentFactor: Int, imageSide: Int,
        inputChannels: Int, loras: [LoRAFacts]? = nil
    ) {
        self.name = name
        self.fingerprint = fingerprint
        self.latentChannels = latentChannels
        self.latentFactor = latentFactor
        self.imageSide = imageSide
        self.inputChannels = inputChannels
        self.loras = loras
    }
}
