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

    /// Opens libtorch and reads the folder's settings; weights are loaded by the first job.
    /// - Parameters:
    ///   - width: pixels across of what the network sees where they are not the model's own.
    ///   - height: pixels down.
    ///   - window: side of the windows through which it sees them, in latent elements.
    init(
        _ model: ModelOptions, _ compute: ComputeOptions, _ speech: SpeechOptions, width: Int? = nil,
        height: Int? = nil, window: Int? = nil
    ) throws {
        folder = try ModelFolder(path: try model.path())
        let (device, dtype) = try compute.start()
        let (unet, factor) = (folder.unet, folder.autoencoder.spatialFactor)
        func side(_ pixels: Int?) -> Int {
            min(pixels.map { $0 / factor } ?? unet.sampleSize, window ?? .max)
        }
        let threads = Device.threadCount
        // Small operators gain nothing from a second thread; small rows do.
        if compute.threads == nil, device == .cpu, unet.isSmall(height: side(height), width: side(width)) {
            Device.threadCount = 1
        }
        self.device = device
        self.speech = speech
        engine = Engine(folder: folder, device: device, dtype: dtype, rowThreads: threads)
    }

    /// Does a job with a bar and warnings; it ends with the task that waits for it.
    /// - Parameters:
    ///   - place: what stands before the stages in the bar.
    ///   - log: where warnings go, where not where all go.
    /// - Throws: `CancellationError`, and what the job throws.
    func result<Result: Sendable>(
        _ place: String = "", _ log: Logger? = nil, of job: @escaping @Sendable (Studio) throws -> Result
    ) async throws -> Result {
        let (engine, bar, log) = (engine, speech.bar, log ?? speech.log)
        defer { bar.hide() }
        return try await engine.result(
            notify: { notice in
                switch notice {
                case .progress(let progress): bar.show(place + progress.stage, progress.step, of: progress.of)
                case .warning(let text): log.warning("\(text)")
                }
            }, of: job)
    }
}
