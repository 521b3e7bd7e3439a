import Diffusion
import Logging
import Networks
import Tensors

/// A model folder and the engine that works with it.
struct ModelSession {
    let folder: ModelFolder
    let engine: Engine
    let device: Device
    private let speech: SpeechOptions

    /// Below so many values in the UNet's widest layer a second thread costs more than it brings.
    private static let valuesForThreads = 1 << 16

    /// Opens libtorch and reads the folder's settings; weights are loaded by the first job.
    /// - Parameters:
    ///   - width: the picture's pixels where they are not the model's own.
    ///   - height: its rows.
    init(
        _ model: ModelOptions, _ compute: ComputeOptions, _ speech: SpeechOptions, width: Int? = nil,
        height: Int? = nil
    ) throws {
        folder = try ModelFolder(path: try model.path())
        let (device, dtype) = try compute.start()
        let (unet, factor) = (folder.unet, folder.autoencoder.spatialFactor)
        func side(_ pixels: Int?) -> Int { pixels.map { $0 / factor } ?? unet.sampleSize }
        let area = side(width) * side(height)
        if compute.threads == nil, device == .cpu, area * unet.blockOutChannels[0] < Self.valuesForThreads {
            Device.threadCount = 1
        }
        self.device = device
        self.speech = speech
        engine = Engine(folder: folder, device: device, dtype: dtype)
    }

    /// Does a job with a bar and warnings; it ends with the task that waits for it.
    /// - Throws: `CancellationError`, and what the job throws.
    func result<Result: Sendable>(of job: @escaping @Sendable (Studio) throws -> Result) async throws
        -> Result
    {
        let (engine, bar, log) = (engine, speech.bar, speech.log)
        defer { bar.hide() }
        return try await engine.result(
            notify: { notice in
                switch notice {
                case .progress(let progress): bar.show(progress.stage, progress.step, of: progress.of)
                case .warning(let text): log.warning("\(text)")
                }
            }, of: job)
    }
}
