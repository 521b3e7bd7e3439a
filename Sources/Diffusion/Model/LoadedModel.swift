public import Layers
public import Networks
public import Prompts
public import Tensors

/// A diffusers folder or a checkpoint file as a latent diffusion model whose networks are loaded when they are needed.
public final class LoadedModel: TunableModel {
    /// What was read before loading.
    public let folder: ModelFolder
    /// Where it computes.
    public let device: Device
    /// What it computes in; latents stay float32.
    public let dtype: DType
    /// Threads that the rows of a pass are shared out among where they are small.
    public let rowThreads: Int
    /// Whether the UNet's blocks run a second time for gradients instead of keeping what gradients need.
    public let checkpointing: Bool

    private var loadedUNet: UNet?
    private var loadedAutoencoder: Autoencoder?
    private var loadedTextEncoder: TextEncoder?
    private var loadedTokenizer: Tokenizer?
    /// Words that were added to the vocabulary, and their vectors.
    private var words: (facts: [EmbeddingFacts], tokens: [Tokenizer.AddedWord], vectors: Tensor)?
    /// Where the loaded parts have their weights from.
    private var stores: [(part: ModelFolder.Part, store: WeightStore)] = []

    /// A model that loads nothing yet; float16 on a CPU is widened to float32.
    ///
    /// - `rowThreads`: threads that the rows of a pass are shared out among where they are small. It differs from the
    ///   threads of one operator: for small networks one of those is best.
    /// - `checkpointing`: whether gradients cost a second forward pass of each of the UNet's blocks instead of memory
    ///   (gradient checkpointing).
    public init(
        folder: ModelFolder, device: Device = .cpu, dtype: DType = .float32, rowThreads: Int = 1,
        checkpointing: Bool = false
    ) {
        self.folder = folder
        schedule = folder.schedule
        self.device = device
        self.rowThreads = rowThreads
        self.checkpointing = checkpointing
        self.dtype = device == .cpu && dtype == .float16 ? .float32 : dtype
    }

    /// What a program needs to know of it.
    public var facts: ModelFacts { facts(fingerprint: fingerprint) }

    private func facts(fingerprint: String) -> ModelFacts {
        var facts = ModelFacts(
            name: folder.name, fingerprint: fingerprint, unet: folder.unet, autoencoder: folder.autoencoder)
        facts.embeddings = words?.facts
        return facts
    }

    /// The fingerprint of the folder, with the words that were added.
    private var fingerprint: String {
        words.map { Fingerprint.of(base: folder.fingerprint, embeddings: $0.facts) } ?? folder.fingerprint
    }

    /// Adds textual inversions to what prompts may say; to be called before the first prompt is read.
    /// - Throws: `EmbeddingError` for files of another family, or two of one word.
    public func add(embeddings files: [EmbeddingFile]) throws {
        guard !files.isEmpty else { return }
        var next = folder.textEncoder.vocabularySize
        var tokens: [Tokenizer.AddedWord] = []
        var vectors: [Tensor] = []
        for file in files {
            vectors.append(try file.vectors(width: folder.textEncoder.hiddenSize))
            for word in file.words {
                guard !tokens.contains(where: { $0.text.lowercased() == word.lowercased() }) else {
                    throw EmbeddingError.twice(word: word)
                }
                tokens.append(Tokenizer.AddedWord(word, id: next, count: file.count))
            }
            next += file.count
        }
        let facts = files.map { EmbeddingFacts(words: $0.words, hash: $0.hash, vectors: $0.count) }
        words = (facts, tokens, Tensor.concatenated(vectors))
        loadedTextEncoder = loadedTextEncoder.map(speaking)
        loadedTokenizer = nil
    }

    /// A text encoder that knows the words which were added.
    private func speaking(_ encoder: TextEncoder) -> TextEncoder {
        words.map { encoder.adding(words: $0.vectors) } ?? encoder
    }

    /// How the network was taught to see noise.
    public private(set) var schedule: NoiseSchedule

    /// The autoencoder's scaling factor.
    public var latentScale: Double { folder.autoencoder.scalingFactor }

    /// The UNet's shape.
    public var unetConfiguration: UNetConfiguration { folder.unet }

    /// Tokens that the text encoder reads.
    public var contextLength: Int { folder.textEncoder.contextLength }

    /// The words it was trained on, where its folder lists them.
    public private(set) lazy var knownWords = KnownWords(folder: folder.path)

    /// How images are best edited with it, where its folder tells.
    public var settings: ModelSettings? { folder.settings }

    /// What of the folder's settings is not used as it stands.
    public var notices: [String] { folder.notices + findings }
    /// What a pass of the network showed of it.
    private var findings: [String] = []

    /// Sees by one pass what the network answers, where the model does not say so itself.
    ///
    /// - Throws: what the loading of its parts throws.
    public func settlePrediction() throws {
        guard folder.predictionEvidence.isWeak, folder.unet.inChannels == folder.autoencoder.latentChannels
        else { return }
        let found = try PredictionProbe(of: self).prediction
        guard found != schedule.prediction else { return }
        schedule = schedule.with(prediction: found)
        findings = [
            "\(folder.path): it answers the \(found == .velocity ? "velocity" : "noise"), as one pass shows, and is used so"
        ]
    }

    /// The weights that were loaded so far, by the folder of their part.
    public var weights: [(part: String, tensors: [(name: String, tensor: Tensor)])] {
        stores.map { (place(of: $0.part), $0.store.parameters) }
    }

    /// The noise predictor.
    public func unet() throws -> UNet {
        if let loadedUNet { return loadedUNet }
        let unet = try withoutGradients { try UNet(store(of: .unet).weights, folder.unet) }
        try checkMemory()
        loadedUNet = unet
        return unet
    }

    /// The autoencoder.
    public func autoencoder() throws -> Autoencoder {
        if let loadedAutoencoder { return loadedAutoencoder }
        let autoencoder = try withoutGradients {
            try Autoencoder(store(of: .autoencoder).weights, folder.autoencoder)
        }
        try checkMemory()
        loadedAutoencoder = autoencoder
        return autoencoder
    }

    /// The text encoder.
    public func textEncoder() throws -> TextEncoder {
        if let loadedTextEncoder { return loadedTextEncoder }
        let encoder = try withoutGradients {
            speaking(try TextEncoder(store(of: .textEncoder).weights, folder.textEncoder))
        }
        try checkMemory()
        loadedTextEncoder = encoder
        return encoder
    }

    /// The tokenizer, its context no longer than the text encoder's.
    public func tokenizer() throws -> Tokenizer {
        if let loadedTokenizer { return loadedTokenizer }
        let tokenizer = try folder.tokenizer()
        guard tokenizer.vocabularySize <= folder.textEncoder.vocabularySize else {
            throw DiffusionError.mismatch(
                "the tokenizer knows \(tokenizer.vocabularySize) tokens and the text encoder "
                    + "\(folder.textEncoder.vocabularySize)")
        }
        let speaking = words.map { tokenizer.adding($0.tokens) } ?? tokenizer
        loadedTokenizer = speaking
        return speaking
    }

    /// A model with weight deltas or replacements laid over the UNet's and the text encoder's weights (LoRA, tuned
    /// networks), with a fingerprint of its own; this one answers as before.
    ///
    /// Everything that no overlay touches is shared. All names and shapes are checked before the first tensor is computed.
    ///
    /// - `unet`, `textEncoder`: laid over the folder's weights one after the other.
    /// - Throws: `WeightError.unknownChange`, `.changeShape` for overlays of other networks; what the loading of the
    ///   folder's parts throws.
    public func overlaid(
        unet unetOverlays: [WeightOverlay] = [], textEncoder textOverlays: [WeightOverlay] = []
    ) throws -> InMemoryModel {
        try overlaid(unet: unetOverlays, textEncoder: textOverlays, loras: [], notices: [])
    }

    /// The same of overlays that LoRAs are made of: their files and strengths are the fingerprint, and not each tensor.
    func overlaid(
        unet unetOverlays: [WeightOverlay], textEncoder textOverlays: [WeightOverlay], loras: [LoRAFacts],
        notices further: [String]
    ) throws -> InMemoryModel {
        func store(_ part: ModelFolder.Part, under overlays: [WeightOverlay]) throws -> WeightStore? {
            guard !overlays.isEmpty else { return nil }
            return try overlays.reduce(try self.store(of: part)) { try $0.overlaid(with: $1) }
        }
        let unetStore = try store(.unet, under: unetOverlays)
        let textStore = try store(.textEncoder, under: textOverlays)
        let records = (unetOverlays + textOverlays).contains { overlay in
            overlay.changes.values.contains { $0.tensor.recordsGradient }
        }
        return try (records ? withGradients : withoutGradients) {
            let unet = try unetStore.map { try UNet($0.weights, folder.unet) } ?? self.unet()
            let encoder =
                try textStore.map { speaking(try TextEncoder($0.weights, folder.textEncoder)) }
                ?? textEncoder()
            let autoencoder = try autoencoder()
            let changed = [(ModelFolder.Part.unet, unetStore), (.textEncoder, textStore)].compactMap {
                part, store in store.map { (place(of: part) + " with an overlay", $0.parameters) }
            }
            var facts = facts(
                fingerprint: loras.isEmpty
                    ? Fingerprint.of(
                        base: fingerprint,
                        overlays: [(.unet, unetOverlays), (.textEncoder, textOverlays)])
                    : Fingerprint.of(base: fingerprint, loras: loras))
            if !loras.isEmpty { facts.loras = loras }
            return InMemoryModel(
                unet: unet, autoencoder: autoencoder, textEncoder: encoder, tokenizer: try tokenizer(),
                schedule: schedule, facts: facts,
                latentScale: latentScale, device: device, dtype: dtype, rowThreads: rowThreads,
                checkpointing: checkpointing, isBeingTuned: records, knownWords: knownWords,
                settings: settings, notices: notices + further,
                weights: changed + weights)
        }
    }

    /// The UNet's tensors by the names of its weight files, in the shapes that they have there.
    public func unetTensors() throws -> [(name: String, tensor: Tensor)] {
        _ = try unet()
        let store = try store(of: .unet)
        return store.parameters.map { name, tensor in
            // A matrix to the network may be a 1×1 convolution in the file.
            (name, store.shape(of: name).map { $0 == tensor.shape ? tensor : tensor.reshaped($0) } ?? tensor)
        }
    }

    /// The text encoder's tensors by the names of its weight files.
    public func textEncoderTensors() throws -> [(name: String, tensor: Tensor)] {
        _ = try textEncoder()
        return try store(of: .textEncoder).parameters
    }

    /// A model with adapters beside weights of the UNet's linear layers (LoRA), with a fingerprint of its own; this one
    /// answers as before, and everything else is shared.
    /// - Throws: `WeightError.unknownChange`, `.changeShape` for adapters of another network; what the loading of the
    ///   folder's parts throws.
    public func adapted(unet adapters: [String: LowRankAdapter]) throws -> InMemoryModel {
        let store = try store(of: .unet).adapted(with: adapters)
        return try withoutGradients {
            InMemoryModel(
                unet: try UNet(store.weights, folder.unet), autoencoder: try autoencoder(),
                textEncoder: try textEncoder(), tokenizer: try tokenizer(), schedule: schedule,
                facts: facts(fingerprint: Fingerprint.of(base: fingerprint, adapters: adapters)),
                latentScale: latentScale, device: device, dtype: dtype, rowThreads: rowThreads,
                checkpointing: checkpointing,
                isBeingTuned: adapters.values.contains { $0.down.recordsGradient || $0.up.recordsGradient },
                knownWords: knownWords, settings: settings, notices: notices, weights: weights)
        }
    }

    private func place(of part: ModelFolder.Part) -> String { folder.place(of: part) }

    /// A part's weights; its files are opened at the first use.
    private func store(of part: ModelFolder.Part) throws -> WeightStore {
        if let open = stores.first(where: { $0.part == part }) { return open.store }
        let store = try folder.store(of: part, dtype: dtype, device: device)
        stores.append((part, store))
        return store
    }
}
