import Foundation
package import Support
import Synchronization

/// A few threads for work that blocks: decoding, encoding, reading and writing files.
///
/// Such work must not run on the threads that Swift's tasks share, of which there are as many as cores.
package final class WorkPool: Sendable {
    /// Too much waits already.
    package struct Busy: UserError, Equatable {
        /// The machine is what does not keep up.
        package var kind: UserErrorKind { .environment }
        /// One line.
        package var description: String { "too much is waiting; try again in a moment" }
    }

    private let queue: OperationQueue
    private let most: Int
    private let waiting = Mutex(0)

    /// A pool of so many threads, for which at most so many pieces of work wait.
    package init(threads: Int = 2, waiting most: Int = .max) {
        queue = OperationQueue()
        queue.maxConcurrentOperationCount = threads
        self.most = most == .max ? .max : most + threads
    }

    /// Does a piece of work on one of the threads.
    /// - Throws: `Busy`, and what the work throws.
    package func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try waiting.withLock {
            guard $0 < most else { throw Busy() }
            $0 += 1
        }
        defer { waiting.withLock { $0 -= 1 } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.addOperation { continuation.resume(with: Result { try work() }) }
        }
    }
}
