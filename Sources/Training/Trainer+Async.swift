import Foundation

extension Trainer {
    /// Trains on a thread of its own and answers how it ended.
    ///
    /// Cancelling the task finishes the step, leaves a checkpoint and answers `.stopped`; another run goes on there.
    /// - Throws: what `run()` throws.
    public func runOnItsOwnThread() async throws -> TrainingEnd {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                start { continuation.resume(with: $0) }
            }
        } onCancel: {
            control.stop()
        }
    }

    /// Trains on a thread of its own and tells what happens; the last event is `.ended`.
    ///
    /// Whoever stops listening, by cancelling the task or leaving the loop, stops the run after its step, with a
    /// checkpoint. Listen to the end, and call `control.stop()`, to know when that is written.
    ///
    /// - `control`: a way to stop the run from elsewhere; its own listener hears everything too.
    /// - Throws: what `init(_:control:)` throws at once; the stream throws what `run()` does.
    public static func events(
        _ configuration: TrainingConfiguration, control: TrainingControl = TrainingControl()
    ) throws -> AsyncThrowingStream<TrainingEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: TrainingEvent.self)
        let inner = TrainingControl(alsoStoppedBy: control) { event in
            control.report(event)
            continuation.yield(event)
        }
        continuation.onTermination = { _ in inner.stop() }
        let trainer = try Trainer(configuration, control: inner)
        trainer.start { result in
            switch result {
            case .success(let end):
                inner.report(.ended(end))
                continuation.finish()
            case .failure(let error): continuation.finish(throwing: error)
            }
        }
        return stream
    }

    private func start(_ done: @escaping @Sendable (Result<TrainingEnd, any Error>) -> Void) {
        let thread = Thread { done(Result { try run() }) }
        // The graph of a long chain of operations is freed by recursion.
        thread.stackSize = 16 << 20
        thread.name = "training"
        thread.start()
    }
}
