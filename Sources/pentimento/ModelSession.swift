import Diffusion
import Logging
import Tensors

/// A model folder and the engine that works with it.
struct ModelSession {
    let folder: ModelFolder
    let engine: Engine
    let device: Device
    private let speech: SpeechOptions

    /// Opens libtorch and reads the folder's settings; weights are loaded by the first job.
    init(_ model: ModelOptions, _ compute: ComputeOptions, _ speech: SpeechOptions) throws {
        folder = try ModelFolder(path: try model.path())
        let (device, dtype) = try compute.start()
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
