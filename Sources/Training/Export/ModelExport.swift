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
    let section: DiffusionSection
    let record: TrainingRecord
    /// What it was trained on, so that programs can tell what it never saw.
    let words: KnownWords

    /// Writes the whole folder, or none of it.
    func write(to folder: String) throws { try FolderExport.write(to: folder, write(into:)) }

    private func write(into folder: String) throws {
        for part in ["tokenizer", "scheduler"] { try CacheFile.makeFolder("\(folder)/\(part)") }
        try FolderExport.json(Self.index, "\(folder)/model_index.json")
        let scheduler = DenoisingLoss.schedulerJSON(section.prediction, betaEnd: section.betaEnd)
        try FolderExport.json(scheduler, "\(folder)/scheduler/scheduler_config.json")
        try part(.unet, unet.json, unetWeights, in: folder)
        try part(.autoencoder, autoencoder.json, autoencoderWeights, in: folder)
        let textJSON = text.json(startTokenId: tokenizer.startToken, endTokenId: tokenizer.endToken)
        try part(.textEncoder, textJSON, textWeights, in: folder)
        try tokenizer.write(to: "\(folder)/tokenizer")
        try FolderExport.record(record, in: folder)
        try CacheFile.write(words.json, to: "\(folder)/\(KnownWords.file)")
    }

    /// A network's folder: its shape, and its weights in 16 bits.
    private func part(
        _ part: ModelFolder.Part, _ shape: [String: any Sendable],
        _ tensors: [(name: String, tensor: Tensor)],
        in folder: String
    ) throws {
        try FolderExport.network(
            shape, tensors, named: part.weights, in: "\(folder)/\(part.rawValue)")
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
