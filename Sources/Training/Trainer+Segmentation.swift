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

    func segmentationStage() throws -> SegmentationStage {
        try SegmentationStage(
            configuration, images: try segmentationImages(), device: device, control: control)
    }

    func export(_ stage: SegmentationStage) throws {
        var record = JudgeRecord(
            configuration, parameters: [:], progress: log.lines().last { $0.stage == stage.name },
            measures: [:], device: device)
        record.relevance = try stage.accuracies()
        try export(
            stage, tokenizer: stage.tokenizer, record: record,
            json: stage.shape.json(startTokenId:endTokenId:),
            preprocessor: stage.normalisation.segmentationJSON(side: configuration.data.size))
    }
}
