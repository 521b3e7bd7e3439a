import Foundation
public import Networks
import Support
import Tensors

/// A model as people have it, a diffusers folder or one checkpoint file, looked through without loading any weights.
public struct ModelFolder: Sendable {
    /// Where it is: the folder, or the file.
    public let path: String
    /// The folder's last name, or the file's without its ending; of a Hub cache the model's.
    public let name: String
    /// How its network was taught to see noise.
    public let schedule: NoiseSchedule
    /// One line for each setting of the folder that is not used as it stands.
    public let notices: [String]
    /// The UNet's shape.
    public let unet: UNetConfiguration
    /// The autoencoder's shape.
    public let autoencoder: AutoencoderConfiguration
    /// The text encoder's shape.
    public let textEncoder: TextEncoderConfiguration
    /// A short hash of its weights and settings, see `Fingerprint`.
    public let fingerprint: String
    /// How images are best edited with it, where the folder tells.
    public let settings: ModelSettings?
    /// Why it is taken to answer noise or velocity.
    public let predictionEvidence: PredictionEvidence
    /// What a file is, by its names and shapes; nil for a folder.
    public let kind: ModelFileKind?
    /// Where the weights of each part are.
    let origins: [Part: PartOrigin]
    /// Where the tokenizer is.
    let tokens: TokenizerOrigin

    /// Reads a diffusers folder or a checkpoint file as it is.
    /// - Throws: as `init(_:)`.
    public init(path: String) throws { try self.init(ModelSource(path)) }

    /// Reads a model and what takes the place of its parts: the list of its parts and their configurations, or the header
    /// of a checkpoint file.
    ///
    /// - Throws: `DiffusionError` naming a missing file or part, one that cannot be read, what the folder or file is
    ///   instead of a model, a model of another family, pickled weights or parts that do not fit each other;
    ///   `ConfigurationError` naming an unsupported setting.
    public init(_ source: ModelSource) throws {
        if source.isFile {
            try self.init(file: source)
        } else {
            try self.init(folder: source)
        }
    }

    /// Takes what was found; parts that do not fit each other are refused.
    init(
        source: ModelSource, name: String, schedule: NoiseSchedule, notices: [String],
        unet: UNetConfiguration,
        autoencoder: AutoencoderConfiguration, textEncoder: TextEncoderConfiguration, fingerprint: String,
        settings: ModelSettings? = nil, evidence: PredictionEvidence, kind: ModelFileKind? = nil,
        origins: [Part: PartOrigin], tokens: TokenizerOrigin
    ) throws {
        path = source.path
        self.name = name
        self.schedule = schedule
        self.notices = notices
        self.unet = unet
        self.autoencoder = autoencoder
        self.textEncoder = textEncoder
        self.fingerprint = fingerprint
        self.settings = settings
        predictionEvidence = evidence
        self.kind = kind
        self.origins = origins
        self.tokens = tokens
        guard unet.outChannels == autoencoder.latentChannels else {
            throw DiffusionError.mismatch(
                "the UNet answers \(unet.outChannels) channels and the autoencoder's latents have "
                    + "\(autoencoder.latentChannels)")
        }
        guard unet.crossAttentionDim == textEncoder.hiddenSize else {
            throw DiffusionError.mismatch(
                "the UNet reads prompts of width \(unet.crossAttentionDim) and the text encoder writes "
                    + "\(textEncoder.hiddenSize)")
        }
    }

    /// Reads `model_index.json` and the configurations of the parts, and sees that weights are there.
    ///
    /// Outdated settings are corrected as diffusers' Stable Diffusion pipelines correct them, see `notices`.
    private init(folder source: ModelSource) throws {
        let path = source.path
        try Self.requireFolder(path)
        let index = try ModelIndex(folder: path)
        for part in Part.allCases where source.replacement(of: part) == nil { try Self.check(part, in: path) }
        let scheduler = try ScheduleFile(
            contentsOf: path + "/scheduler/scheduler_config.json", correcting: index.corrects)
        let (unet, correction) = try Self.unet(path + "/unet/config.json", correcting: index.corrects)
        let autoencoder = try AutoencoderConfiguration(contentsOf: path + "/vae/config.json")
        let textEncoder = try TextEncoderConfiguration(contentsOf: path + "/text_encoder/config.json")
        let settings = try ModelSettings(folder: path)
        var parts = ModelParts(
            autoencoder: autoencoder, textEncoder: textEncoder,
            origins: Dictionary(
                uniqueKeysWithValues: Part.allCases.map { ($0, .folder("\(path)/\($0.rawValue)")) }),
            tokens: .folder(path + "/tokenizer"), fingerprint: try Fingerprint.of(folder: path))
        try parts.replace(by: source)
        try self.init(
            source: source, name: Self.name(ofFolder: path),
            schedule: source.prediction.map(scheduler.schedule.with) ?? scheduler.schedule,
            notices: index.notices + scheduler.notices + correction + parts.notices, unet: unet,
            autoencoder: parts.autoencoder, textEncoder: parts.textEncoder, fingerprint: parts.fingerprint,
            settings: settings, evidence: source.prediction == nil ? .schedule : .asked,
            origins: parts.origins, tokens: parts.tokens)
    }

    /// The folder's last name; of a snapshot in a Hub cache, whose name is a hash, the model's.
    private static func name(ofFolder path: String) -> String {
        let url = URL(fileURLWithPath: path).standardizedFileURL
        let places = url.pathComponents
        guard places.count > 3, places[places.count - 2] == "snapshots",
            places[places.count - 3].hasPrefix("models--"),
            let name = places[places.count - 3].components(separatedBy: "--").last
        else { return url.lastPathComponent }
        return name
    }

    /// The parts that hold weights; their folders are called like this.
    package enum Part: String, CaseIterable {
        case unet
        case autoencoder = "vae"
        case textEncoder = "text_encoder"

        /// What its weight files are called.
        package var weights: String { self == .textEncoder ? "model" : "diffusion_pytorch_model" }
        /// What it is for, in messages.
        var purpose: String {
            switch self {
            case .unet: "the UNet"
            case .autoencoder: "the autoencoder"
            case .textEncoder: "the text encoder"
            }
        }
    }

    /// The UNet's shape.
    ///
    /// The first files of 2022 hold the size that the network was made with, not that of its training, and diffusers'
    /// pipelines correct that.
    static func unet(
        _ path: String, correcting: Bool
    ) throws -> (UNetConfiguration, notices: [String]) {
        let file = try ConfigurationFile(path: path)
        var unet = try UNetConfiguration(file)
        guard correcting, file.isOlder(than: 9), case .whole(let side)? = file["sample_size"], side < 64
        else { return (unet, []) }
        unet.sampleSize = 64
        return (
            unet,
            [
                "\(path): sample_size is \(side) in a file of a diffusers older than 0.9; 64 is used, as its Stable "
                    + "Diffusion pipelines do"
            ]
        )
    }

    /// Sees that a path is a folder.
    static func requireFolder(_ path: String) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw DiffusionError.missingFile(path: path, purpose: "the model folder")
        }
        guard isFolder.boolValue else { throw try refusal(ofFile: path) }
    }

    /// What a file is that was named as a model, where it is no checkpoint.
    static func refusal(ofFile path: String) throws -> DiffusionError {
        let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
        if pickles.contains(ending) { return .pickledWeights(path: path) }
        guard ["safetensors", "sft", "gguf"].contains(ending) else {
            return .malformedFile(
                path: path, reason: "not a folder; a model is a diffusers folder with a model_index.json")
        }
        let kind = try ModelFileKind(contentsOf: path)
        return .notAModel(path: path, what: kind.what, advice: kind.advice)
    }

    private static let pickles: Set<String> = ["bin", "ckpt", "pt", "pth", "pkl"]

    /// Sees that a part has its configuration and weights that can be read.
    static func check(_ part: Part, in folder: String) throws {
        let place = folder + "/" + part.rawValue
        let manager = FileManager.default
        guard manager.fileExists(atPath: place + "/config.json") else {
            throw DiffusionError.missingFile(path: place + "/config.json", purpose: part.purpose)
        }
        let files = (try? manager.contentsOfDirectory(atPath: place)) ?? []
        guard !files.contains(where: { $0.hasSuffix(".safetensors") }) else { return }
        if let pickle = files.sorted().first(where: {
            pickles.contains(URL(fileURLWithPath: $0).pathExtension)
        }) {
            throw DiffusionError.pickledWeights(path: place + "/" + pickle)
        }
        throw DiffusionError.missingFile(
            path: place + "/" + part.weights + ".safetensors", purpose: part.purpose)
    }
}
