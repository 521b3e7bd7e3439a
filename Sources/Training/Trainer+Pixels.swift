import Diffusion
import Networks
import Tensors

/// Unconditional diffusion models in pixel space.
extension Trainer {
    func pixelStage() throws -> PixelStage {
        try PixelStage(
            configuration, images: try loadImages(), device: device, sampleFolder: work + "/samples",
            control: control)
    }

    /// Writes a `DDPMPipeline`'s folder, its weights in 16 bits.
    func export(_ stage: PixelStage) throws {
        let weights = stage.weights
        let record = JudgeRecord(
            configuration, parameters: ["unet": weights.reduce(0) { $0 + $1.tensor.count }],
            progress: log.lines().last { $0.stage == stage.name },
            measures: ["held out: squared error of the noise": try stage.heldOutError()], device: device)
        try FolderExport.write(to: configuration.output) { folder in
            try CacheFile.makeFolder("\(folder)/scheduler")
            try FolderExport.json(
                [
                    "_class_name": "DDPMPipeline", "_diffusers_version": "0.30.0",
                    "scheduler": ["diffusers", "DDPMScheduler"], "unet": ["diffusers", "UNet2DModel"],
                ], "\(folder)/model_index.json")
            try FolderExport.json(
                DenoisingLoss.pixelSchedulerJSON(), "\(folder)/scheduler/scheduler_config.json")
            try FolderExport.network(
                stage.shape.json, weights, named: ModelFolder.Part.unet.weights,
                in: "\(folder)/\(ModelFolder.Part.unet.rawValue)")
            try FolderExport.record(record, in: folder)
        }
        control.report(.message("wrote \(configuration.output)"))
    }
}
