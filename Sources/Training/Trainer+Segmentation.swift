import Layers
import Networks
import Perception
import Prompts
import StillLifeStudy
import Tensors

/// Text-prompted segmentation of still lifes.
extension Trainer {
    /// The rendered images with what their pixels show, and their round trips.
    func segmentationImages() throws -> SegmentationImages {
        let rendered = try SegmentationImages(configuration.data, in: work, control: control)
        let section = configuration.clipseg
        guard !section.autoencoder.isEmpty else { return rendered }
        return rendered.with(
            try roundTrips(
                of: rendered.images, through: section.autoencoder, latentNoise: section.latentNoise))
    }

    private func segmentationStage() throws -> SegmentationStage {
        try SegmentationStage(
            configuration, images: try segmentationImages(), device: device, control: control)
    }

    func trainSegmentation(until deadline: ContinuousClock.Instant?) throws -> TrainingEnd {
        let stage = try segmentationStage()
        let end = try loop(until: deadline, of: stage.name).run(stage)
        if end != .stopped { try export(stage) }
        return end
    }

    func exportSegmentation() throws {
        let stage = try segmentationStage()
        try restore(stage)
        try export(stage)
    }

    private func export(_ stage: SegmentationStage) throws {
        let weights = stage.parameters.averages(of: stage.name)
        var record = JudgeRecord(
            configuration, parameters: [stage.name: weights.reduce(0) { $0 + $1.tensor.count }],
            progress: log.lines().last { $0.stage == stage.name }, measures: [:], device: device)
        record.relevance = try stage.accuracies()
        let tokenizer = stage.tokenizer
        try FolderExport.write(to: configuration.output) { folder in
            try FolderExport.network(
                stage.shape.json(startTokenId: tokenizer.startToken, endTokenId: tokenizer.endToken), weights,
                named: "model", in: folder)
            try FolderExport.json(
                stage.normalisation.segmentationJSON(side: configuration.data.size),
                "\(folder)/preprocessor_config.json")
            try tokenizer.write(to: folder)
            try FolderExport.record(record, in: folder)
        }
        control.report(.message("wrote \(configuration.output)"))
    }
}
