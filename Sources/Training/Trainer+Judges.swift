import Diffusion
import Foundation
import Layers
import Networks
import StillLifeStudy
import Tensors

/// Networks that judge: each has one stage.
extension Trainer {
    /// The rendered images of a judge and their round trips.
    func judgeImages() throws -> JudgeImages {
        let rendered = try JudgeImages(configuration.data, in: work, control: control)
        let (folder, noise) = (configuration.judge.autoencoder, configuration.judge.latentNoise)
        guard !folder.isEmpty else { return rendered }
        return rendered.with(try roundTrips(of: rendered.images, through: folder, latentNoise: noise))
    }

    /// Images as they come back from the autoencoder of a folder.
    func roundTrips(of images: ImageSet, through folder: String, latentNoise: Double) throws -> RoundTrips {
        let shape = try AutoencoderConfiguration(contentsOf: folder + "/config.json")
        guard configuration.data.size % shape.spatialFactor == 0 else {
            throw TrainingError.invalidValue(
                key: "data.size", value: "\(configuration.data.size)",
                reason: "a multiple of \(shape.spatialFactor), which \(folder) divides it by")
        }
        let store = try WeightStore(
            folder: folder, name: ModelFolder.Part.autoencoder.weights, device: device)
        let network = try withoutGradients { try Autoencoder(store.weights, shape) }
        return try RoundTrips.cached(
            in: work, images: images, autoencoder: network, weights: store.parameters,
            latentNoise: latentNoise, randomness: Randomness(seed: configuration.seed), device: device,
            control: control)
    }

    func judgeStage() throws -> JudgeStage {
        try JudgeStage(configuration, images: try judgeImages(), device: device, control: control)
    }

    func export(_ stage: JudgeStage) throws {
        let accuracies = try stage.accuracies()
        let record = JudgeRecord(
            configuration, parameters: [:], progress: log.lines().last { $0.stage == stage.name },
            measures: accuracies.reduce(into: [:]) { found, entry in
                for (name, count) in entry.value.counts { found["\(entry.key): \(name)"] = count.share }
            }, device: device)
        try export(stage, json: stage.shape.json, record: record)
    }

    func labelStage() throws -> LabelStage {
        let images = try FolderImages(section: configuration.data).labelled(in: work, control: control)
        return try LabelStage(configuration, images, device: device, control: control)
    }

    func export(_ stage: LabelStage) throws {
        let confusion = try stage.confusion()
        var record = JudgeRecord(
            configuration, parameters: [:], progress: log.lines().last { $0.stage == stage.name },
            measures: LabelStage.shares(confusion).reduce(into: [:]) { $0["held out: \($1.key)"] = $1.value },
            device: device)
        record.confusion = confusion
        try export(stage, json: stage.shape.json, record: record)
    }

    /// Writes a network's folder: shape, averaged weights, record, and what else belongs there.
    func export(
        _ stage: any TrainingStage, json: [String: any Sendable], record: JudgeRecord,
        beside: (_ folder: String) throws -> Void = { _ in }
    ) throws {
        let weights = stage.parameters.averages(of: stage.name)
        var record = record
        record.parameters = [stage.name: weights.reduce(0) { $0 + $1.tensor.count }]
        try FolderExport.write(to: configuration.output) { folder in
            try FolderExport.network(json, weights, named: "model", in: folder)
            try beside(folder)
            try FolderExport.record(record, in: folder)
        }
        control.report(.message("wrote \(configuration.output)"))
    }

    /// Trains a network of one stage, and exports it unless the training was stopped.
    func train<Stage: TrainingStage>(
        _ stage: Stage, until deadline: ContinuousClock.Instant?, then export: (Stage) throws -> Void
    ) throws -> TrainingEnd {
        let end = try loop(until: deadline, of: stage.name).run(stage)
        if end != .stopped { try export(stage) }
        return end
    }

    /// Exports the newest checkpoint of a network of one stage.
    func exportNewest<Stage: TrainingStage>(_ stage: Stage, by export: (Stage) throws -> Void) throws {
        try restore(stage)
        try export(stage)
    }

    /// Takes up the newest checkpoint of a stage, which must be there.
    func restore(_ stage: any TrainingStage) throws {
        guard try checkpoints(stage.name).restore(stage.parameters, settings: stage.settings) != nil else {
            throw TrainingError.missing(path: "a checkpoint, \(work)/\(stage.name)-….safetensors,")
        }
    }
}

/// How a network of one stage came to be: `training.json` beside it.
struct JudgeRecord: Codable {
    /// The settings that belong to the network, defaults included.
    var seed: UInt64
    var data: DataSection
    var judge: JudgeSection?
    var clip: ClipSection?
    var clipseg: ClipsegSection?
    var pixels: PixelsSection?
    /// Parameters by network.
    var parameters: [String: Int]
    /// Where the training ended.
    var progress: TrainingProgress?
    /// What was measured on held-out images, by name.
    var measures: [String: Double]
    /// Of held-out images, by group and true label: how often each label was answered.
    var confusion: [String: [String: [String: Int]]]?
    /// How well a segmentation finds things in held-out images: `renders` and `round trips`.
    var relevance: [String: RelevanceAccuracy]?
    var machine: [String: String]
    var libraries: [String: String]
    var date: Date

    init(
        _ configuration: TrainingConfiguration, parameters: [String: Int], progress: TrainingProgress?,
        measures: [String: Double], device: Device
    ) {
        let configuration = configuration.withoutPlaces
        seed = configuration.seed
        data = configuration.data
        judge = configuration.kind == .judge ? configuration.judge : nil
        clip = configuration.kind == .clip ? configuration.clip : nil
        clipseg = configuration.kind == .clipseg ? configuration.clipseg : nil
        pixels = configuration.kind == .pixels ? configuration.pixels : nil
        self.parameters = parameters
        self.progress = progress
        self.measures = measures
        machine = TrainingRecord.machine(device)
        libraries = TrainingRecord.libraries
        date = Date()
    }
}
