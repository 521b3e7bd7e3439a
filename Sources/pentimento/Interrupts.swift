import Dispatch
import Foundation

/// Does something that Ctrl-C (and SIGTERM) cancels; a second one ends the process at once.
/// - Throws: `CancellationError` after an interrupt, and what `operation` throws.
func interruptible<Result: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    let task = Task { try await operation() }
    let sources = onInterrupt { task.cancel() }
    defer { for source in sources { source.cancel() } }
    return try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        task.cancel()
    }
}

/// Calls `first` at the first SIGINT or SIGTERM and ends the process at the second; until the sources are cancelled.
func onInterrupt(_ first: @escaping @Sendable () -> Void) -> [any DispatchSourceSignal] {
    let queue = DispatchQueue(label: "pentimento interrupts")
    let count = InterruptCount()
    return [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
        source.setEventHandler {
            if count.next() > 1 { Terminal.end(.interrupted, "interrupted") }
            first()
        }
        source.resume()
        return source
    }
}

/// Counts on the one queue that the signals arrive on.
private final class InterruptCount: @unchecked Sendable {
    private var value = 0
    func next() -> Int {
        value += 1
        return value
    }
}
