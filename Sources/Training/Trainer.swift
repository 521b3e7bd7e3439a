import Diffusion
import Foundation
import Layers
import Networks
import Support
import Tensors

/// Trains a small latent diffusion model: an autoencoder, then text encoder and UNet, then a diffusers folder.
///
/// Resumable at any moment: `run` goes on from the newest checkpoint in the work folder, and comes to the same weights
/// as a run that was never interrupted.
public struct Trainer: Sendable {
    /// What is trained, checked.
    public let configuration: TrainingConfiguration
    let control: TrainingControl
    let device: Device
    let work: String

    /// A trainer of a configuration.
    /// - Throws: `TrainingError` for a value that training cannot work with, or a folder that cannot be made.
    public init(_ configuration: TrainingConfiguration, control: TrainingControl = TrainingControl()) throws {
        try configuration.validate()
        self.configuration = configuration
        self.control = control
        switch configuration.device {
        case "cpu": device = .cpu
        case "cuda":
            guard Device.best != .cpu else {
                throw TrainingError.invalidValue(
                    key: "device", value: "cuda", reason: "this libtorch sees no CUDA device; use cpu or auto"
                )
            }
            device = .best
        default: device = .best
        }
        work = configuration.workFolder
        try FolderExport.check(configuration.output)
        try CacheFile.makeFolder(work)
        try CacheFile.makeFolder(work + "/samples")
    }

    /// Trains to the end, the time limit or a wish to stop, and writes the model unless it was stopped.
    ///
    /// Synchronous, and everything on the calling thread but the rendering of scenes.
    /// - Throws: `TrainingError`; `TensorError.outOfMemory`, after which another run goes on from the newest checkpoint.
    public func run() throws -> TrainingEnd {
        Temporaries.removeLeftovers(in: work)
        let deadline =
            configuration.timeLimitMinutes > 0
            ? ContinuousClock.now + .seconds(configuration.timeLimitMinutes * 60) : nil
        do {
            return try guardingMemory { try run(until: deadline) }
        } catch is CancellationError {
            return .stopped
        }
    }

    /// Gives libtorch as many threads as the configuration asks for, in the whole process.
    ///
    /// To be called on the thread that then trains, or before that thread is made; `run()` takes the threads it finds.
    public func setThreadCount() {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        Device.threadCount = configuration.threads > 0 ? configuration.threads : cores
    }

    private func run(until deadline: ContinuousClock.Instant?) throws -> TrainingEnd {
        try CacheFile.write(configuration.json, to: work + "/configuration.json")
        switch configuration.kind {
        case .diffusion: return try trainDiffusion(until: deadline)
        case .judge where configuration.data.source == .folder:
            return try train(labelStage(), until: deadline, then: export)
        case .judge: return try train(judgeStage(), until: deadline, then: export)
        case .clip: return try train(pairStage(), until: deadline, then: export)
        case .clipseg: return try train(segmentationStage(), until: deadline, then: export)
        case .pixels: return try train(pixelStage(), until: deadline, then: export)
        }
    }

    private func trainDiffusion(until deadline: ContinuousClock.Instant?) throws -> TrainingEnd {
        let images = try loadImages()
        let (first, end) = try trainedAutoencoder(images, until: deadline)
        guard end == .finished else {
            if end == .timeLimit {
                control.report(.message("the time was over before there was a UNet; no model is written yet"))
            }
            return end
        }
        let stage = try diffusionStage(images, first)
        let result = try loop(until: deadline).run(stage)
        if result != .stopped { try export(stage, first) }
        return result
    }

    /// Writes the model as the newest checkpoints have it, without training; another process may be training it.
    /// - Throws: `TrainingError.missing` where there is no checkpoint of the last stage yet.
    public func export() throws {
        switch configuration.kind {
        case .diffusion:
            let (stage, first) = try newest()
            try export(stage, first)
        case .judge where configuration.data.source == .folder:
            try exportNewest(labelStage(), by: export)
        case .judge: try exportNewest(judgeStage(), by: export)
        case .clip: try exportNewest(pairStage(), by: export)
        case .clipseg: try exportNewest(segmentationStage(), by: export)
        case .pixels: try exportNewest(pixelStage(), by: export)
        }
    }

    /// Both stages as the newest checkpoints have them.
    func newest() throws -> (DiffusionStage, ReadyAutoencoder) {
        guard checkpoints("diffusion").newest() != nil else {
            throw TrainingError.missing(
                path: "a checkpoint of the second stage, \(work)/diffusion-….safetensors,")
        }
        let images = try loadImages()
        let first = try trainedAutoencoder(images, until: nil, training: false).0
        let stage = try diffusionStage(images, first)
        _ = try checkpoints("diffusion").restore(stage.parameters, settings: stage.settings)
        return (stage, first)
    }

    /// Renders or reads the images and leaves them in the work folder, without training.
    public func prepareData() throws {
        switch configuration.kind {
        case .judge where configuration.data.source == .stillLife: _ = try judgeImages()
        case .clipseg: _ = try segmentationImages()
        default: _ = try loadImages()
        }
    }

    /// An autoencoder that is ready for use, and its weights by name.
    struct ReadyAutoencoder {
        let network: Autoencoder
        let weights: [(name: String, tensor: Tensor)]
    }

    func loadImages() throws -> ImageSet {
        switch configuration.data.source {
        case .stillLife:
            try StillLifeImages(section: configuration.data).images(in: work, control: control)
        case .folder:
            try FolderImages(section: configuration.data, needsCaptions: configuration.kind != .pixels)
                .images(in: work, control: control)
        }
    }

    func checkpoints(_ stage: String) -> Checkpoints { Checkpoints(folder: work, stage: stage) }

    var log: ProgressLog { ProgressLog(path: work + "/progress.jsonl") }

    func loop(until deadline: ContinuousClock.Instant?, of stage: String = "diffusion") -> TrainingLoop {
        TrainingLoop(
            checkpoints: checkpoints(stage), log: log, control: control,
            checkpointSeconds: configuration.checkpointSeconds, logSteps: configuration.logSteps,
            sampleSteps: configuration.samples.everySteps, deadline: deadline,
            followsTime: configuration.paceFollowsTime)
    }

    private func trainedAutoencoder(
        _ images: ImageSet, until deadline: ContinuousClock.Instant?, training: Bool = true
    ) throws -> (ReadyAutoencoder, TrainingEnd) {
        if !configuration.autoencoder.reuse.isEmpty {
            let folder = configuration.autoencoder.reuse
            let shape = try AutoencoderConfiguration(contentsOf: folder + "/config.json")
            let most = shape.spatialFactor << (configuration.diffusion.channels.count - 1)
            guard configuration.data.size % most == 0 else {
                throw TrainingError.invalidValue(
                    key: "data.size", value: "\(configuration.data.size)",
                    reason: "a multiple of \(most), which the levels of \(folder) and the UNet halve it by")
            }
            let store = try WeightStore(
                folder: folder, name: ModelFolder.Part.autoencoder.weights, device: device)
            let network = try Autoencoder(store.weights, shape)
            return (ReadyAutoencoder(network: network, weights: store.parameters), .finished)
        }
        let stage = try AutoencoderStage(
            configuration, images: images, device: device, work: work, control: control)
        var end = TrainingEnd.finished
        if training {
            end = try loop(until: deadline, of: stage.name).run(stage)
        } else {
            _ = try checkpoints(stage.name).restore(stage.parameters, settings: stage.settings)
        }
        let weights = stage.parameters.averages(of: "vae")
        return (ReadyAutoencoder(network: try stage.averaged(), weights: weights), end)
    }

    private func diffusionStage(_ images: ImageSet, _ first: ReadyAutoencoder) throws -> DiffusionStage {
        let latents = try LatentSet.cached(
            in: work, images: images, encoder: first.network, weights: first.weights, device: device,
            control: control,
            reconstruction: { reconstructionQuality(of: first.network, on: images, device: device) })
        let decibels = String(format: "%.2f", latents.measures.reconstruction)
        control.report(.message("autoencoder: \(decibels) dB on all held-out pictures"))
        return try DiffusionStage(
            configuration, images: images, latents: latents, autoencoder: first.network, device: device,
            sampleFolder: work + "/samples", control: control)
    }

    private func export(_ stage: DiffusionStage, _ first: ReadyAutoencoder) throws {
        var shape = first.network.configuration
        shape.scalingFactor = stage.measures.scalingFactor
        let unetWeights = stage.parameters.averages(of: "unet")
        let textWeights = stage.textWeights
        func count(_ weights: [(name: String, tensor: Tensor)]) -> Int {
            weights.reduce(0) { $0 + $1.tensor.count }
        }
        // An autoencoder that was trained before tells of that itself.
        let reuse = configuration.autoencoder.reuse
        let past = reuse.isEmpty ? nil : ReusedAutoencoder(folder: reuse)
        var told = configuration
        if let past { told.autoencoder = past.section }
        told.autoencoder.reuse = reuse
        let record = TrainingRecord(
            told,
            parameters: [
                .unet: count(unetWeights), .textEncoder: count(textWeights),
                .autoencoder: count(first.weights),
            ],
            measures: stage.measures, heldOutError: try stage.heldOutError(),
            lines: (past?.lines ?? []) + log.lines(), device: device)
        let export = ModelExport(
            autoencoder: shape, autoencoderWeights: first.weights, unet: stage.unetConfiguration,
            unetWeights: unetWeights, text: stage.textConfiguration, textWeights: textWeights,
            tokenizer: stage.tokens.tokenizer, section: configuration.diffusion, record: record,
            words: KnownWords(captions: stage.images.captions.joined()))
        try export.write(to: configuration.output)
        control.report(.message("wrote \(configuration.output)"))
    }
}

extension TrainingConfiguration {
    /// Where checkpoints and caches lie.
    public var workFolder: String {
        if !work.isEmpty { return work }
        let environment = ProcessInfo.processInfo.environment
        let cache =
            environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory() + "/.cache"
        return "\(cache)/pentimento/training/\((output as NSString).lastPathComponent)"
    }

    /// The settings without folders that mean something on one machine only.
    var withoutPlaces: TrainingConfiguration {
        var copy = self
        copy.work = ""
        copy.output = (output as NSString).lastPathComponent
        copy.data.folder = (data.folder as NSString).lastPathComponent
        copy.judge.autoencoder = (judge.autoencoder as NSString).lastPathComponent
        copy.clip.tokenizer = (clip.tokenizer as NSString).lastPathComponent
        copy.clipseg.pair = (clipseg.pair as NSString).lastPathComponent
        copy.clipseg.autoencoder = (clipseg.autoencoder as NSString).lastPathComponent
        copy.autoencoder.reuse = (autoencoder.reuse as NSString).lastPathComponent
        copy.autoencoder.start = (autoencoder.start as NSString).lastPathComponent
        copy.autoencoder.teacher = (autoencoder.teacher as NSString).lastPathComponent
        copy.diffusion.start = (diffusion.start as NSString).lastPathComponent
        copy.diffusion.frozenText = (diffusion.frozenText as NSString).lastPathComponent
        return copy
    }
}
