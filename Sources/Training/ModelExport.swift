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
                try makeFolder((folder as NSString).deletingLastPathComponent.isEmpty
                    ? "." : (folder as NSString).deletingLastPathComponent)
                try manager.moveItem(atPath: partial, toPath: folder)
            }
        } catch {
            try? manager.removeItem(atPath: partial)
            throw error
        }
    }

    private func write(into folder: String) throws {
        for part in ["unet", "vae", "text_encoder", "tokenizer", "scheduler"] { try makeFolder("\(folder)/\(part)") }
        try json(Self.index, "\(folder)/model_index.json")
        try json(Self.scheduler, "\(folder)/scheduler/scheduler_config.json")
        try json(unet.json, "\(folder)/unet/config.json")
        try json(autoencoder.json, "\(folder)/vae/config.json")
        var textJSON = text.json(startTokenId: tokenizer.startToken, endTokenId: tokenizer.endToken)
        // The files hold 16 bits; transformers would compute in what it reads here, unlike diffusers.
        textJSON["torch_dtype"] = nil
        textJSON["dtype"] = "float32"
        try json(textJSON, "\(folder)/text_encoder/config.json")
        try tokenizer.write(to: "\(folder)/tokenizer")
        try weights(unetWeights, "\(folder)/unet/diffusion_pytorch_model.safetensors")
        try weights(autoencoderWeights, "\(folder)/vae/diffusion_pytorch_model.safetensors")
        try weights(textWeights, "\(folder)/text_encoder/model.safetensors")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try writeWhole(encoder.encode(record), to: "\(folder)/training.json")
    }

    private func weights(_ tensors: [(name: String, tensor: Tensor)], _ path: String) throws {
        let halves = withoutGradients {
            tensors.map { (name: $0.name, tensor: $0.tensor.to(dtype: .float16, device: .cpu).contiguous) }
        }
        try Safetensors.write(halves, metadata: ["format": "pt"], to: path)
    }

    private func json(_ value: [String: any Sendable], _ path: String) throws {
        try writeWhole(Data((PythonJSON.text(value) + "\n").utf8), to: path)
    }

    private static var index: [String: any Sendable] {
        let none: [String?] = [nil, nil]
        return [
            "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30.0", "feature_extractor": none,
            "image_encoder": none, "requires_safety_checker": false, "safety_checker": none,
            "scheduler": ["diffusers", "DDIMScheduler"], "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        ]
    }

    private static var scheduler: [String: any Sendable] {
        [
            "_class_name": "DDIMScheduler", "beta_end": NoiseLevels.betaEnd, "beta_schedule": "scaled_linear",
            "beta_start": NoiseLevels.betaStart, "clip_sample": false, "num_train_timesteps": NoiseLevels.count,
            "prediction_type": "epsilon", "set_alpha_to_one": false, "steps_offset": 1,
            "timestep_spacing": "leading", "trained_betas": String?.none,
        ]
    }
}
