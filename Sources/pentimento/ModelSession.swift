import Diffusion
import Editing
import Imaging
import Logging
import Networks
import Service
import Support
import Synchronization
import Tensors

/// A model and the engine that works with it.
struct ModelSession {
    let folder: ModelFolder
    let engine: Engine
    let device: Device
    /// Threads that share the rows of a pass.
    let threads: Int
    /// What the model and the LoRAs on it are called.
    private let names: [String]
    private let speech: SpeechOptions
    private let told = Told()
    private let previews: PreviewFile?

    /// Opens libtorch and reads the folder's settings; weights are loaded by the first job.
    /// - Parameters:
    ///   - path: the folder; the usual one's, or what `model` names, where nil.
    ///   - width: pixels across of what the network sees where they are not the model's own.
    ///   - height: pixels down.
    ///   - window: side of the windows through which it sees them, in latent elements.
    ///   - tuned: weights that were tuned over the model, added to it.
    ///   - previews: where what is being painted is shown.
    init(
        _ model: ModelOptions, _ compute: ComputeOptions, _ speech: SpeechOptions, at path: String? = nil,
        width: Int? = nil, height: Int? = nil, window: Int? = nil, tuned: TunedFiles = TunedFiles(),
        previews: PreviewFile? = nil
    ) throws {
        self.previews = previews
        var loras = try model.loras()
        let embeddings = try model.embedding.map { try EmbeddingFile(contentsOf: $0) }
        folder = try ModelFolder(try model.source(try path ?? model.path()))
        names = [folder.name] + loras.map { lastName(of: $0.path) }
        loras += try tuned.choices(for: folder)
        let (device, dtype) = try compute.start()
        let threads = Device.threadCount
        let plan = ThreadPlan(
            for: folder, on: device, threads: threads, isFixed: compute.threads != nil, width: width,
            height: height, window: window)
        Device.threadCount = plan.operators
        self.device = device
        self.threads = threads
        self.speech = speech
        engine = Engine(
            folder: folder, device: device, dtype: dtype, rowThreads: threads, loras: loras,
            embeddings: embeddings, naming: .flags)
    }

    /// Does a job with a bar and warnings; it ends with the task that waits for it.
    /// - Parameters:
    ///   - place: what stands before the stages in the bar.
    ///   - log: where warnings go, where not where all go.
    ///   - finishing: whether a job that is cancelled is waited for, because it writes a checkpoint then.
    /// - Throws: `CancellationError`, and what the job throws.
    func result<Result: Sendable>(
        _ place: String = "", _ log: Logger? = nil, finishing: Bool = false,
        of job: @escaping @Sendable (DiffusionSession) throws -> Result
    ) async throws -> Result {
        let (engine, bar, log, told, previews) = (engine, speech.bar, log ?? speech.log, told, previews)
        defer { bar.hide() }
        do {
            return try await engine.result(
                notify: { notice in
                    switch notice {
                    case .progress(let progress):
                        bar.show(
                            place + progress.stage, progress.step, of: progress.of, loss: progress.loss)
                    case .warning(let text): if told.insert(place + text) { log.warning("\(text)") }
                    case .preview(let preview): previews?.write(preview)
                    }
                },
                of: { session in
                    if previews != nil { session.showPreviews(PreviewSettings(interval: 1)) }
                    return try job(session)
                })
        } catch let error as CancellationError {
            if finishing { await engine.settle() }
            throw error
        }
    }

    /// Tells what to set where the model, or a LoRA on it, is called as those made for few steps are.
    func tell(ofFewSteps steps: Int, guidance: Double, takesSamplers: Bool) {
        for name in names {
            guard let kind = FewSteps(named: [name]) else { continue }
            if let advice = kind.advice(
                name: name, steps: steps, guidance: guidance, takesSamplers: takesSamplers)
            {
                speech.log.notice("\(advice.text(.flags))")
            }
            return
        }
    }

    /// Tells where a photo is much larger than what the model works at, or that larger than its training images.
    /// - Parameter side: the long side that was asked for; the model's own where nil.
    func tell(of photo: Image, side: Int?) {
        let factor = folder.autoencoder.spatialFactor
        let own = folder.unet.sampleSize * factor
        let size = WorkingSize(
            fitting: photo.width, photo.height, longSide: max(side ?? own, factor), multipleOf: factor)
        let advice = SizeAdvice(
            photo: (photo.width, photo.height), working: (size.width, size.height), own: own)
        for line in advice.lines { speech.log.notice("\(line)") }
    }
}

/// Texts that were told already.
private final class Told: Sendable {
    private let texts = Mutex<Set<String>>([])

    /// Whether a text is new.
    func insert(_ text: String) -> Bool { texts.withLock { $0.insert(text).inserted } }
}
