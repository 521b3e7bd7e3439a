import Diffusion
import Foundation
import Networks
import Prompts
import Tensors

/// Writes a trained model as an ordinary diffusers folder.
struct ModelExport {
    let autoencoder: AutoencoderConfiguration
    let autoencoderWeights: [(name: String, tensor: Tensor)]
    let unet: UNetConfiguration
    let unetWeights: [(name: String, tensor: Tensor)]
    let text: TextEncoderConfiguration
    let textWeights: [(name: String, tensor: Tensor)]
    let tokenizer: Tokenizer
    let prediction: Prediction
    let record: TrainingRecord

    /// Writes everything beside the target and renames it into place; files of an older folder that are not the
    /// model's own (a model card, pictures) are kept.
    func write(to folder: String) throws {
        let partial = folder + ".partial-\(getpid())"
        let manager = FileManager.default
        try? manager.removeItem(atPath: partial)
        do {
            try write(into: partial)
            if manager.fileExists(atPath: folder) {
                for name in try manager.contentsOfDirectory(atPath: folder)
                where !manager.fileExists(atPath: "\(partial)/\(name)") {
                    try manager.copyItem(atPath: "\(folder)/\(name)", toPath: "\(partial)/\(name)")
                }
                let old = folder + ".old-\(getpid())"
                try? manager.removeItem(atPath: old)
                try manager.moveItem(atPath: folder, toPath: old)
                try manager.moveItem(atPath: partial, toPath: folder)
                try? manager.removeItem(atPath: old)
            } else {
                try CacheFile.makeFolder(enclosingFolder(of: folder))
                try manager.moveItem(atPath: partial, toPath: folder)
            }
        } catch {
            try? manager.removeItem(atPath: partial)
            throw error
        }
    }

    private func write(into folder: String) throws {
        for part in ["tokenizer", "scheduler"] { try CacheFile.makeFolder("\(folder)/\(part)") }
        try json(Self.index, "\(folder)/model_index.json")
        try json(DenoisingLoss.schedulerJSON(prediction), "\(folder)/scheduler/scheduler_config.json")
        try part(.unet, unet.json, unetWeights, in: folder)
        try part(.autoencoder, autoencoder.json, autoencoderWeights, in: folder)
        let textJSON = text.json(startTokenId: tokenizer.startToken, endTokenId: tokenizer.endToken)
        try part(.textEncoder, textJSON, textWeights, in: folder)
        try tokenizer.write(to: "\(folder)/tokenizer")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try CacheFile.write(encoder.encode(record), to: "\(folder)/training.json")
    }

    /// A network's folder: its shape, and its weights in 16 bits.
    private func part(
        _ part: ModelFolder.Part, _ shape: [String: any Sendable],
        _ tensors: [(name: String, tensor: Tensor)],
        in folder: String
    ) throws {
        let place = "\(folder)/\(part.rawValue)"
        try CacheFile.makeFolder(place)
        try json(shape, "\(place)/config.json")
        let halves = withoutGradients {
            tensors.map { (name: $0.name, tensor: $0.tensor.to(dtype: .float16, device: .cpu).contiguous) }
        }
        try Safetensors.write(halves, metadata: ["format": "pt"], to: "\(place)/\(part.weights).safetensors")
    }

    private func json(_ value: [String: any Sendable], _ path: String) throws {
        try CacheFile.write(Data((PythonJSON.text(value) + "\n").utf8), to: path)
    }

    private static var index: [String: any Sendable] {
        let none: [String?] = [nil, nil]
        return [
            "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0",
            "feature_extractor": none,
            "image_encoder": none, "requires_safety_checker": false, "safety_checker": none,
            "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        ]
    }
}
