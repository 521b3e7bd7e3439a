public import Layers
public import Networks
public import Prompts
public import Tensors

/// An unconditional diffusion model in pixel space: images in -1…1 are its latents, and it reads no prompts.
///
/// It is asked with `Conditioning.unconditional()`. What is never changed is the model; other weights make another.
public final class PixelModel: DiffusionModel {
    /// How the UNet was taught to see noise.
    public let schedule: NoiseSchedule
    /// What a program needs to know of it.
    public let facts: ModelFacts
    /// Where the UNet's weights are.
    public let device: Device
    /// What the UNet computes in; images stay float32.
    public let dtype: DType
    /// What the user should know of it before its first job.
    public let notices: [String]
    /// The noise predictor.
    public let unet: PixelUNet

    private let store: WeightStore

    /// A model of a folder; float16 on a CPU is widened to float32.
    /// - Throws: `WeightError`, `SafetensorsError` for weights that cannot be used.
    public convenience init(
        folder: PixelModelFolder, device: Device = .cpu, dtype: DType = .float32
    ) throws {
        let dtype = device == .cpu && dtype == .float16 ? .float32 : dtype
        let store = try WeightStore(
            folder: folder.path + "/" + ModelFolder.Part.unet.rawValue,
            name: ModelFolder.Part.unet.weights, dtype: dtype, device: device)
        try self.init(
            store, folder.unet, schedule: folder.schedule,
            facts: ModelFacts(name: folder.name, fingerprint: folder.fingerprint, unet: folder.unet),
            device: device, dtype: dtype, notices: folder.notices)
    }

    /// A model of weights in memory, such as one in training.
    ///
    /// - `weights`: the UNet's by the names of its weight files, all of one dtype on one device.
    /// - `facts`: of these weights; see `InMemoryModel`.
    /// - Throws: `WeightError` for a missing or misshapen tensor.
    public convenience init(
        weights: [(name: String, tensor: Tensor)], _ configuration: PixelUNetConfiguration,
        schedule: NoiseSchedule, facts: ModelFacts, device: Device = .cpu, dtype: DType = .float32
    ) throws {
        let tensors = Dictionary(uniqueKeysWithValues: weights)
        try self.init(
            WeightStore(tensors: tensors, dtype: dtype, device: device), configuration, schedule: schedule,
            facts: facts, device: device, dtype: dtype, notices: [])
    }

    private init(
        _ store: WeightStore, _ configuration: PixelUNetConfiguration, schedule: NoiseSchedule,
        facts: ModelFacts, device: Device, dtype: DType, notices: [String]
    ) throws {
        self.store = store
        unet = try PixelUNet(store.weights, configuration)
        self.schedule = schedule
        self.facts = facts
        self.device = device
        self.dtype = dtype
        self.notices = notices
    }

    /// The model with replacements laid over its weights, with a fingerprint of its own; gradients reach those that record
    /// them.
    /// - Throws: `WeightError.unknownChange`, `.changeShape` for tensors of another network.
    public func overlaid(unet overlay: WeightOverlay) throws -> PixelModel {
        var facts = facts
        facts.fingerprint = Fingerprint.of(base: facts.fingerprint, overlays: [(.unet, [overlay])])
        return try PixelModel(
            store.overlaid(with: overlay), unet.configuration, schedule: schedule, facts: facts,
            device: device, dtype: dtype, notices: notices)
    }

    /// The UNet's tensors by the names of its weight files, in the shapes that they have there.
    public func unetTensors() -> [(name: String, tensor: Tensor)] {
        store.parameters.map { name, tensor in
            (name, store.shape(of: name).map { $0 == tensor.shape ? tensor : tensor.reshaped($0) } ?? tensor)
        }
    }

    /// Where plans may record and edit.
    public var sites: [Site] { unet.sites }

    /// The first of the UNet's tensors that holds values that are not numbers.
    public var brokenWeights: DiffusionError? { .broken(in: [("unet", store.parameters)]) }

    /// There is none.
    /// - Throws: `DiffusionError.missingComponent`.
    public func tokenizer() throws -> Tokenizer { throw DiffusionError.missingComponent(name: "tokenizer") }

    /// It reads no texts.
    /// - Throws: `DiffusionError.missingComponent`.
    public func embed(_ text: String) throws -> TextEmbedding {
        throw DiffusionError.missingComponent(name: "text encoder")
    }

    /// What it is asked with, which says nothing.
    public func context(of embedding: Tensor) -> PromptContext { PromptContext(embedding: embedding) }

    /// One pass of the UNet: the noise alone, where it learned a variance too; the answer has the dtype of the images.
    /// - Throws: `DiffusionError.channels` for anything but images.
    public func predict(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]
    ) throws -> Tensor {
        let channels = unet.configuration.inChannels
        guard latents.shape[1] == channels else {
            throw DiffusionError.channels(found: latents.shape[1], wanted: channels)
        }
        let answer = unet(latents.to(dtype: dtype), timesteps: timesteps, plans: plans)
            .to(dtype: latents.dtype)
        return answer.shape[1] == channels ? answer : answer.narrowed(1, from: 0, count: channels)
    }

    /// The image itself, without any scatter.
    public func encode(_ image: Tensor) -> (mean: Tensor, deviation: Tensor) {
        let image = image.to(dtype: .float32, device: device)
        return (image, image.zerosLike)
    }

    /// The latent itself.
    public func image(of latent: Tensor) -> Tensor { latent.to(dtype: .float32) }

    /// As `LatentDiffusionModel` estimates it: some forty values per element of the outermost stage, and maps.
    public func bytesPerRow(latentShape: [Int], plan: Plan) -> Int {
        let elements = latentShape[2] * latentShape[3]
        let shape = unet.configuration
        var values = elements * shape.blockOutChannels[0] * 40
        for site in plan.sites where site.value == .map {
            let tokens = elements / (site.scale * site.scale)
            let channels = shape.blockOutChannels.max() ?? 0
            values += 3 * channels / (shape.headChannels ?? channels) * tokens * tokens
        }
        return values * dtype.byteCount
    }
}

extension ModelFacts {
    /// Facts of a model in pixel space from the shape of its network.
    public init(name: String, fingerprint: String, unet: PixelUNetConfiguration) {
        self.init(
            name: name, fingerprint: fingerprint, latentChannels: unet.inChannels, latentFactor: 1,
            imageSide: unet.sampleSize, inputChannels: unet.inChannels)
    }
}
