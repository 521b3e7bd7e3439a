public import Support
import Synchronization
public import Tensors

/// A model on a thread of its own, doing one job after another.
///
/// Tensors never leave it: jobs go in as closures over plain values, and images and plain values come out.
public actor Engine {
    nonisolated let thread = EngineThread()
    /// The thread that all its work runs on.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    private let load: @Sendable () throws -> any DiffusionModel
    private var model: (any DiffusionModel)?
    private let limits: BatchLimits
    /// How warnings, and errors that become part of a result, call settings.
    public nonisolated let naming: Naming

    /// An engine for a model that `load` makes, on the engine's thread, when the first job needs it.
    ///
    /// - `naming`: how warnings call settings.
    public init(
        limits: BatchLimits = BatchLimits(), naming: Naming = .plain,
        load: @escaping @Sendable () throws -> any DiffusionModel
    ) {
        self.limits = limits
        self.naming = naming
        self.load = load
    }

    /// An engine for a diffusers folder.
    ///
    /// - `rowThreads`: threads that the rows of a pass are shared out among where they are small.
    /// - `checkpointing`: whether gradients cost a second forward pass of each of the UNet's blocks instead of memory.
    /// - `loras`: LoRAs that are added to its weights.
    /// - `embeddings`: textual inversions that prompts may name.
    /// - `naming`: how warnings call settings.
    public init(
        folder: ModelFolder, device: Device = .cpu, dtype: DType = .float32, rowThreads: Int = 1,
        checkpointing: Bool = false, loras: [LoRAChoice] = [], embeddings: [EmbeddingFile] = [],
        limits: BatchLimits = BatchLimits(),
        naming: Naming = .plain
    ) {
        self.init(limits: limits, naming: naming) {
            let model = LoadedModel(
                folder: folder, device: device, dtype: dtype, rowThreads: rowThreads,
                checkpointing: checkpointing)
            try withoutGradients {
                try model.add(embeddings: embeddings)
                try model.settlePrediction()
            }
            return loras.isEmpty ? model : try model.changed(by: loras)
        }
    }

    /// Does a job and tells of it as it goes; the stream ends after `.finished`, or with the job's error.
    ///
    /// Cancelling the task that reads the stream, or dropping the stream, stops the job before its next forward pass; a
    /// cancelled job that still waits for its turn never begins. Gradients are off unless the job turns them on. The
    /// job must not let tensors out. One that there is no memory for ends with `TensorError.outOfMemory`, and the next
    /// job loads the model again.
    public nonisolated func run<Result: Sendable>(
        _ job: @escaping @Sendable (DiffusionSession) throws -> Result
    ) -> AsyncThrowingStream<Event<Result>, any Error> {
        AsyncThrowingStream { continuation in
            let flag = CancellationFlag()
            continuation.onTermination = { _ in flag.raise() }
            Task { await self.perform(job, flag, continuation) }
        }
    }

    /// Does a job and answers what came of it; `notify` gets progress and warnings.
    public nonisolated func result<Result: Sendable>(
        notify: (Notice) -> Void = { _ in }, of job: @escaping @Sendable (DiffusionSession) throws -> Result
    ) async throws -> Result {
        for try await event in run(job) {
            switch event {
            case .progress(let progress): notify(.progress(progress))
            case .warning(let text): notify(.warning(text))
            case .preview(let preview): notify(.preview(preview))
            case .finished(let result): return result
            }
        }
        throw CancellationError()
    }

    /// Waits until no job runs: one that was cancelled may still be writing a checkpoint.
    public func settle() {}

    private func perform<Result: Sendable>(
        _ job: @Sendable (DiffusionSession) throws -> Result, _ flag: CancellationFlag,
        _ continuation: AsyncThrowingStream<Event<Result>, any Error>.Continuation
    ) {
        do {
            guard !flag.isRaised else { throw CancellationError() }
            let result = try guardingMemory {
                let isFirst = self.model == nil
                let model = try model ?? load()
                self.model = model
                let session = DiffusionSession(
                    model: model, limits: limits, naming: naming, isCancelled: { flag.isRaised },
                    notify: { continuation.yield(Event($0)) })
                // Once for all jobs of the model.
                if isFirst { model.notices.forEach(session.warn) }
                return try withoutGradients { try job(session) }
            }
            continuation.yield(.finished(result))
            continuation.finish()
        } catch {
            // What was loaded last may have found no room, and the next job needs what there is.
            if (error as? any UserError)?.kind == .environment { model = nil }
            continuation.finish(throwing: error)
        }
    }
}

/// Raised once, from any thread.
private final class CancellationFlag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .relaxed) }
    func raise() { raised.store(true, ordering: .relaxed) }
}
