import Foundation
import Networks
import Support
import Tensors

/// The `model_index.json` of a folder: which parts it has, and which pipeline they make.
struct ModelIndex {
    /// Whether diffusers' pipeline of this kind corrects outdated settings as it is made.
    let corrects: Bool
    /// One line for each part that is there and has no effect here.
    let notices: [String]

    private static let classes: [String: Set<String>] = [
        "unet": ["UNet2DConditionModel"], "vae": ["AutoencoderKL"],
        "text_encoder": ["CLIPTextModel"], "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast"],
    ]
    /// Parts that judge images or prepare others, and the schedule, whose own file is read.
    private static let others: Set<String> = ["scheduler", "safety_checker", "feature_extractor"]

    /// Reads the file.
    /// - Throws: `DiffusionError` for a folder without one, of another family, or with parts of other classes.
    init(folder: String) throws {
        let path = folder + "/model_index.json"
        let (pipeline, parts) = try Self.entries(of: folder)
        if let family = ModelFamily.stranger(pipeline: pipeline) {
            throw DiffusionError.otherFamily(path: path, family: family)
        }
        if Self.isInPixelSpace(pipeline: pipeline, network: parts["unet"]) {
            throw DiffusionError.noPrompts(path: folder)
        }
        if let network = parts["transformer"] ?? parts["prior"] {
            throw DiffusionError.unsupportedClass(path: path, component: "the network", className: network)
        }
        if parts["text_encoder_2"] != nil {
            throw DiffusionError.otherFamily(path: path, family: "Stable Diffusion XL (SDXL)")
        }
        for (component, known) in Self.classes.sorted(by: { $0.key < $1.key }) {
            guard let name = parts[component] else {
                throw DiffusionError.malformedFile(
                    path: path, reason: "it names no \(component), without which pictures cannot be edited")
            }
            guard known.contains(name) else {
                throw DiffusionError.unsupportedClass(path: path, component: component, className: name)
            }
        }
        corrects = ModelFamily.corrects(pipeline: pipeline)
        notices = parts.keys.sorted().filter { Self.classes[$0] == nil && !Self.others.contains($0) }.map {
            "\(path): the part \($0) (\(parts[$0] ?? "")) is not used"
        }
    }

    /// Whether a pipeline is that of an unconditional model in pixel space.
    static func isInPixelSpace(pipeline: String, network: String?) -> Bool {
        ["DDPMPipeline", "DDIMPipeline"].contains(pipeline) && network == "UNet2DModel"
    }

    /// The file as it stands: the pipeline's class, and that of each part.
    /// - Throws: `DiffusionError` for a folder without one, or what is no JSON object.
    static func entries(of folder: String) throws -> (pipeline: String, parts: [String: String]) {
        let path = folder + "/model_index.json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Self.refusal(ofFolder: folder)
        }
        guard let index = JSONValue.object(of: data) else {
            throw DiffusionError.malformedFile(path: path, reason: "not a JSON object")
        }
        // [library, class]; nulls stand for a part that is not there.
        return (index["_class_name"]?.text ?? "", index.compactMapValues { $0.list?.last?.text })
    }

    /// What a folder without the file is, as far as its other files tell.
    private static func refusal(ofFolder folder: String) -> DiffusionError {
        func entries(_ path: String) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        }
        let files = entries(folder)
        // With parts in it, it is a model that lacks the list.
        guard !files.contains("unet") else {
            return .missingFile(path: folder + "/model_index.json", purpose: "the list of the model's parts")
        }
        if files.contains("snapshots"), let snapshot = entries(folder + "/snapshots").last {
            return .notAModel(
                path: folder, what: "an entry of the Hugging Face cache",
                advice: "the model lies further down: name \(folder)/snapshots/\(snapshot)")
        }
        if let data = FileManager.default.contents(atPath: folder + "/config.json"),
            let settings = JSONValue.object(of: data),
            let name = settings["_class_name"]?.text ?? settings["model_type"]?.text
        {
            return .notAModel(
                path: folder, what: "one network (\(name)) and no whole model",
                advice: "name the folder that holds its model_index.json")
        }
        if let weights = files.first(where: { $0.hasSuffix(".safetensors") }),
            let file = try? SafetensorsFile(path: folder + "/" + weights)
        {
            let kind = ModelFileKind(of: file.inventory)
            return .notAModel(path: folder + "/" + weights, what: kind.what, advice: kind.advice)
        }
        return .missingFile(path: folder + "/model_index.json", purpose: "the list of the model's parts")
    }
}
