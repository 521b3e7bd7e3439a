import Foundation
import Synchronization

@testable import Training

/// A folder that is gone when the test is over.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "pentimento-training-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }
}

extension TrainingConfiguration {
    /// The smallest run that goes through everything.
    static func tiny(in folder: String) -> TrainingConfiguration {
        var tiny = TrainingConfiguration()
        tiny.output = folder + "/model"
        tiny.work = folder + "/work"
        tiny.device = "cpu"
        // One thread: sums in the same order whatever else the tests do.
        tiny.threads = 1
        tiny.logSteps = 2
        tiny.checkpointSeconds = 1e6
        (tiny.data.size, tiny.data.count, tiny.data.heldOut, tiny.data.captions) = (16, 24, 4, 2)
        tiny.autoencoder.channels = [8, 8]
        (tiny.autoencoder.normGroups, tiny.autoencoder.latentChannels) = (4, 3)
        (tiny.autoencoder.cropSize, tiny.autoencoder.batch, tiny.autoencoder.steps) = (8, 4, 6)
        tiny.autoencoder.warmup = 2
        tiny.diffusion.channels = [8, 16]
        (tiny.diffusion.attention, tiny.diffusion.heads) = ([true, false], [2, 2])
        (tiny.diffusion.normGroups, tiny.diffusion.textLayers) = (4, 1)
        (tiny.diffusion.textWidth, tiny.diffusion.textHeads) = (16, 2)
        (tiny.diffusion.contextLength, tiny.diffusion.vocabulary) = (12, 530)
        (tiny.diffusion.batch, tiny.diffusion.steps, tiny.diffusion.warmup) = (4, 6, 2)
        tiny.samples.everySteps = 0
        tiny.samples.prompts = ["a red apple", "a blue cube"]
        tiny.samples.ddimSteps = 2
        return tiny
    }
}

/// Runs a configuration; stops after a step of a stage where one is named.
func train(
    _ configuration: TrainingConfiguration, stoppingAfter stop: (stage: String, step: Int)? = nil
) throws -> TrainingEnd {
    let asked = Mutex<TrainingControl?>(nil)
    let control = TrainingControl { event in
        if case .progress(let progress) = event, let stop, progress.stage == stop.stage,
            progress.step == stop.step
        {
            asked.withLock { $0?.stop() }
        }
    }
    asked.withLock { $0 = control }
    let trainer = try Trainer(configuration, control: control)
    trainer.setThreadCount()
    return try trainer.run()
}

/// The losses of a run, in order.
func losses(_ configuration: TrainingConfiguration) -> [String] {
    ProgressLog(path: configuration.work + "/progress.jsonl").lines().map {
        "\($0.stage) \($0.step) \($0.loss)"
    }
}

/// Names of checkpoints, the newest last.
func checkpoints(_ configuration: TrainingConfiguration, _ stage: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: configuration.work)
        .filter { $0.hasPrefix(stage + "-") && $0.hasSuffix(".safetensors") }.sorted()
        .map { "\(configuration.work)/\($0)" }
}

/// The weight files of a model folder.
func weights(_ folder: String) -> [Data?] {
    ["unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"].map {
        FileManager.default.contents(atPath: "\(folder)/\($0).safetensors")
    }
}
