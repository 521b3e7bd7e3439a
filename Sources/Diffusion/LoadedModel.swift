import Layers
public import Networks
public import Prompts
public import Tensors

/// A diffusers folder as a model whose parts are loaded when they are first needed.
public final class LoadedModel: DiffusionModel {
    /// What was read before loading.
    public let folder: ModelFolder
    /// What a program needs to know of it; the fingerprint is made at the first use.
    public private(set) lazy var facts = ModelFacts(
        name: folder.name, fingerprint: Fingerprint.of(folder: folder.path),
        latentChannels: folder.autoencoder.latentChannels, latentFactor: folder.autoencoder.spatialFactor,
        pictureSide: folder.unet.sampleSize * folder.autoencoder.spatialFactor,
        inputChannels: folder.unet.inChannels)
    /// Where it computes.
    public let device: Device
    /// What it computes in; latents stay float32.
    public let dtype: DType
    /// Threads that the rows of a pass are shared out among where they are small.
    private let rowThreads: Int

    private var loadedUNet: UNet?
    private var loadedAutoencoder: Autoencoder?
    private var loadedTextEncoder: TextEncoder?
    private var loadedTokenizer: Tokenizer?
    /// Where the loaded parts have their weights from.
    private var stores: [(part: ModelFolder.Part, store: WeightStore)] = []

    /// A model that loads nothing yet; float16 on a CPU is widened to float32.
    ///
    /// - `rowThreads`: threads that the rows of a pass are shared out among where they are small. It differs from the
    ///   threads of one operator: for small networks one of those is best.
    public init(
        folder: ModelFolder, device: Device = .cpu, dtype: DType = .float32, rowThreads: Int = 1
    ) {
        self.folder = folder
        self.device = device
        self.rowThreads = rowThreads
        self.dtype = device == .cpu && dtype == .float16 ? .float32 : dtype
    }

    /// How the network was taught to see noise.
    public var schedule: NoiseSchedule { folder.schedule }

    /// The autoencoder's scaling factor.
    public var latentScale: Double { folder.autoencoder.scalingFactor }

    /// The words it was trained on, where its folder lists them.
    public private(set) lazy var knownWords = KnownWords(folder: folder.path)

    /// What of the folder's settings is not used as it stands.
    public var notices: [String] { folder.notices }

    /// The first tensor of the loaded parts that holds values that are not numbers.
    public var brokenWeights: DiffusionError? {
        for (part, store) in stores {
            if let broken = store.parameters.first(where: {
                $0.tensor.dtype.isFloatingPoint && !$0.tensor.isFinite
            }) {
                return .brokenWeights(part: folder.path + "/" + part.rawValue, tensor: broken.name)
            }
        }
        return nil
    }

    /// Where plans may record and edit.
    public var sites: [Site] { get throws { try unet().sites } }

    /// The noise predictor.
    public func unet() throws -> UNet {
        if let loadedUNet { return loadedUNet }
        let unet = try withoutGradients { try UNet(weights(of: .unet), folder.unet) }
        loadedUNet = unet
        return unet
    }

    /// The autoencoder.
    public func autoencoder() throws -> Autoencoder {
        if let loadedAutoencoder { return loadedAutoencoder }
        let autoencoder = try withoutGradients {
            try Autoencoder(weights(of: .autoencoder), folder.autoencoder)
        }
        loadedAutoencoder = autoencoder
        return autoencoder
    }

    /// The text encoder.
    public func textEncoder() throws -> TextEncoder {
        if let loadedTextEncoder { return loadedTextEncoder }
        let encoder = try withoutGradients { try TextEncoder(weights(of: .textEncoder), folder.textEncoder) }
        loadedTextEncoder = encoder
        return encoder
    }

    /// The tokenizer, its context no longer than the text encoder's.
    public func tokenizer() throws -> Tokenizer {
        if let loadedTokenizer { return loadedTokenizer }
        var tokenizer = try Tokenizer(folder: folder.path + "/tokenizer")
        if tokenizer.contextLength > folder.textEncoder.contextLength {
            tokenizer = try Tokenizer(
                folder: folder.path + "/tokenizer", contextLength: folder.textEncoder.contextLength)
        }
        guard tokenizer.vocabularySize <= folder.textEncoder.vocabularySize else {
            throw DiffusionError.mismatch(
                "the tokenizer knows \(tokenizer.vocabularySize) tokens and the text encoder "
                    + "\(folder.textEncoder.vocabularySize)")
        }
        loadedTokenizer = tokenizer
        return tokenizer
    }

    private func weights(of part: ModelFolder.Part) throws -> Weights {
        let store = try WeightStore(
            folder: folder.path + "/" + part.rawValue, name: part.weights, dtype: dtype, device: device)
        stores.append((part, store))
        return store.weights
    }

    /// A text's embedding [1, L, D], and what of it did not fit.
    public func embed(_ text: String) throws -> (embedding: Tensor, cutOff: String?) {
        let tokens = try tokenizer().encode(text)
        let ids = Tensor(tokens.ids.map(Int64.init), shape: [1, tokens.ids.count]).to(device: device)
        return (try textEncoder()(ids).lastHiddenState, tokens.truncatedText)
    }

    /// Keys and values of a prompt for every cross-attention.
    public func context(of embedding: Tensor) throws -> PromptContext {
        try unet().context(embedding.to(dtype: dtype, device: device))
    }

    /// One pass of the UNet; the answer has the dtype of the latents.
    /// - Throws: `DiffusionError.mismatch` where the UNet reads another number of channels.
    public func answer(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]
    ) throws -> Tensor {
        guard latents.shape[1] == folder.unet.inChannels else {
            throw DiffusionError.mismatch(
                "the UNet reads \(folder.unet.inChannels) channels, not \(latents.shape[1]): an inpainting "
                    + "or instruction model needs the method made for it (--method inpaint, instruct-pix2pix)"
            )
        }
        let (unet, input) = (try unet(), latents.to(dtype: dtype))
        let parts = partCount(of: input, context, plans)
        guard parts > 1 else {
            return unet(input, timesteps: timesteps, context: context, plans: plans).to(dtype: latents.dtype)
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
        let isPlain = plans.isEmpty && !latents.recordsGradient && !context.embedding.recordsGradient
        guard device == .cpu, isPlain, folder.unet.isSmall(height: height, width: width) else { return 1 }
        return min(rows, rowThreads)
    }

    /// Mean and deviation of a picture's latent, scaled, float32.
    public func posterior(of picture: Tensor) throws -> (mean: Tensor, deviation: Tensor) {
        let (mean, logVariance) = try autoencoder().encode(picture.to(dtype: dtype, device: device))
        let scale = folder.autoencoder.scalingFactor
        let deviation = (logVariance.to(dtype: .float32) * 0.5).exponential
        return (mean.to(dtype: .float32) * scale, deviation * scale)
    }

    /// The picture of a scaled latent, float32.
    public func picture(of latent: Tensor) throws -> Tensor {
        let unscaled = latent.to(dtype: dtype, device: device) / folder.autoencoder.scalingFactor
        return try autoencoder().decode(unscaled).to(dtype: .float32)
    }

    /// Bytes of some forty values per element of the outermost stage, and of every map that a plan looks at.
    ///
    /// The forty were counted in Stable Diffusion's widest resnet: skips of all stages, the joined input, its
    /// normalised copy, the convolution's workspace.
    public func bytesPerRow(latentShape: [Int], plan: Plan) -> Int {
        let elements = latentShape[2] * latentShape[3]
        var values = elements * folder.unet.blockOutChannels[0] * 40
        for site in plan.sites where site.value == .map {
            let tokens = elements / (site.scale * site.scale)
            let others = site.attention == .own ? tokens : folder.textEncoder.contextLength
            // Scores, softmax and the copy that is recorded.
            values += 3 * (folder.unet.heads.max() ?? 8) * tokens * others
        }
        return values * dtype.byteCount
    }
}
