import Foundation
public import Networks

/// A diffusers folder, looked through without loading any weights.
public struct ModelFolder: Sendable {
    /// Where it is.
    public let path: String
    /// The folder's last name.
    public var name: String { URL(fileURLWithPath: path).standardizedFileURL.lastPathComponent }
    /// How its network was taught to see noise.
    public let schedule: NoiseSchedule
    /// The UNet's shape.
    public let unet: UNetConfiguration
    /// The autoencoder's shape.
    public let autoencoder: AutoencoderConfiguration
    /// The text encoder's shape.
    public let textEncoder: TextEncoderConfiguration

    /// Reads `model_index.json` and the configurations of the parts, and sees that weights are there.
    ///
    /// - Throws: `DiffusionError` naming a missing file, an unsupported class, pickled weights or parts that
    ///   do not
    ///   fit each other; `ConfigurationError` naming an unsupported setting.
    public init(path: String) throws {
        self.path = path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw DiffusionError.missingFile(path: path, purpose: "the model folder")
        }
        guard isFolder.boolValue else {
            throw DiffusionError.malformedFile(
                path: path, reason: "not a folder; a model is a diffusers folder with a model_index.json")
        }
        try Self.checkIndex(path + "/model_index.json")
        for part in Part.allCases { try Self.check(part, in: path) }
        schedule = try NoiseSchedule(contentsOf: path + "/scheduler/scheduler_config.json")
        unet = try UNetConfiguration(contentsOf: path + "/unet/config.json")
        autoencoder = try AutoencoderConfiguration(contentsOf: path + "/vae/config.json")
        textEncoder = try TextEncoderConfiguration(contentsOf: path + "/text_encoder/config.json")
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

    private static let classes: [String: Set<String>] = [
        "unet": ["UNet2DConditionModel"], "vae": ["AutoencoderKL"],
        "text_encoder": ["CLIPTextModel"], "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast"],
    ]

    private static func checkIndex(_ path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DiffusionError.missingFile(path: path, purpose: "the list of the model's parts")
        }
        guard let index = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
            throw DiffusionError.malformedFile(path: path, reason: "not a JSON object")
        }
        for (component, known) in classes.sorted(by: { $0.key < $1.key }) {
            // [library, class]; nulls stand for a part that is not there.
            let entry = index[component] as? [Any]
            guard let name = entry?.last as? String else {
                throw DiffusionError.malformedFile(
                    path: path, reason: "it names no \(component), without which pictures cannot be edited")
            }
            guard known.contains(name) else {
                throw DiffusionError.unsupportedClass(path: path, component: component, className: name)
            }
        }
    }

    private static func check(_ part: Part, in folder: String) throws {
        let place = folder + "/" + part.rawValue
        let manager = FileManager.default
        guard manager.fileExists(atPath: place + "/config.json") else {
            throw DiffusionError.missingFile(path: place + "/config.json", purpose: part.purpose)
        }
        let files = (try? manager.contentsOfDirectory(atPath: place)) ?? []
        guard !files.contains(where: { $0.hasSuffix(".safetensors") }) else { return }
        let pickles: Set<String> = ["bin", "ckpt", "pt", "pth", "pkl"]
        if let pickle = files.sorted().first(where: {
            pickles.contains(URL(fileURLWithPath: $0).pathExtension)
        }) {
            throw DiffusionError.pickledWeights(path: place + "/" + pickle)
        }
        throw DiffusionError.missingFile(
            path: place + "/" + part.weights + ".safetensors", purpose: part.purpose)
    }
}
