import Layers
import Networks
import Perception
import Prompts
import StillLifeStudy
import Tensors

/// The pair of towers for images and texts.
extension Trainer {
    func pairStage() throws -> CLIPStage {
        try CLIPStage(configuration, images: try loadImages(), device: device, control: control)
    }

    func export(_ stage: CLIPStage) throws {
        let found = try stage.retrieval()
        let record = JudgeRecord(
            configuration, parameters: [:], progress: log.lines().last { $0.stage == stage.name },
            measures: [
                "held out, among 64: texts found": found.texts,
                "held out, among 64: pictures found": found.images, "held out: mean cosine": found.cosine,
            ], device: device)
        try export(
            stage, tokenizer: stage.tokenizer, record: record,
            json: stage.shape.json(startTokenId:endTokenId:),
            preprocessor: stage.normalisation.json(side: configuration.data.size))
    }

    /// Writes the folder of a network that reads texts and images: shape, averaged weights, record, what comes before it.
    func export(
        _ stage: any TrainingStage, tokenizer: Tokenizer, record: JudgeRecord,
        json: (Int, Int) -> [String: any Sendable], preprocessor: [String: any Sendable]
    ) throws {
        try export(stage, json: json(tokenizer.startToken, tokenizer.endToken), record: record) { folder in
            try FolderExport.json(preprocessor, "\(folder)/preprocessor_config.json")
            try tokenizer.write(to: folder)
        }
    }
}
