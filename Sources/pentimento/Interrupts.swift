import Support
import Synchronization

/// Does something that Ctrl-C (and SIGTERM, SIGHUP) cancels; a second one ends the process at once.
/// - Throws: `CancellationError` after an interrupt, and what `operation` throws.
func interruptible<Result: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    // The signals are caught before anything begins.
    let running = Mutex<(task: Task<Result, any Error>?, isCancelled: Bool)>((nil, false))
    onInterrupt {
        running.withLock {
            $0.isCancelled = true
            $0.task?.cancel()
        }
    }
    let task = running.withLock { state in
        let task = Task { try await operation() }
        if state.isCancelled { task.cancel() }
        state.task = task
        return task
    }
    return try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        task.cancel()
    }
}

/// Calls `first` at the first signal and ends the process at the second.
func onInterrupt(_ first: @escaping @Sendable () -> Void) {
    Support.onInterrupt(first) { Terminal.end(.interrupted, "interrupted") }
}
