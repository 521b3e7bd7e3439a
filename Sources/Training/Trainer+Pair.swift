import Layers
import Networks
import Perception
import Prompts
import StillLifeStudy
import Tensors

/// The pair of towers for images and texts.
extension Trainer {
    private func pairStage() throws -> CLIPStage {
        try CLIPStage(configuration, images: try loadImages(), device: device, control: control)
    }

    func trainPair(until deadline: ContinuousClock.Instant?) throws -> TrainingEnd {
        let stage = try pairStage()
        let end = try loop(until: deadline, of: stage.name).run(stage)
        if end != .stopped { try export(stage) }
        return end
    }

    func exportPair() throws {
        let stage = try pairStage()
        try restore(stage)
        try export(stage)
    }

    private func export(_ stage: CLIPStage) throws {
        let weights = stage.parameters.averages(of: stage.name)
        let found = try stage.retrieval()
        let record = JudgeRecord(
            configuration, parameters: [stage.name: weights.reduce(0) { $0 + $1.tensor.count }],
            progress: log.lines().last { $0.stage == stage.name },
            measures: [
                "held out, among 64: texts found": found.texts,
                "held out, among 64: pictures found": found.images, "held out: mean cosine": found.cosine,
            ], device: device)
        let tokenizer = stage.tokenizer
        try FolderExport.write(to: configuration.output) { folder in
            try FolderExport.network(
                stage.shape.json(startTokenId: tokenizer.startToken, endTokenId: tokenizer.endToken), weights,
                named: "model", in: folder)
            try FolderExport.json(
                stage.normalisation.json(side: configuration.data.size),
                "\(folder)/preprocessor_config.json")
            try tokenizer.write(to: folder)
            try FolderExport.record(record, in: folder)
        }
        control.report(.message("wrote \(configuration.output)"))
    }
}
