import Foundation

/// A thread that runs an actor's work, one piece after another.
///
/// Always the same thread: libtorch keeps its gradient mode and its pool of workers per calling thread.
final class EngineThread: SerialExecutor {
    private let jobs = JobQueue()

    init() {
        let jobs = jobs
        let thread = Thread { [weak self] in
            while let job = jobs.next() {
                guard let executor = self?.asUnownedSerialExecutor() else { return }
                job.runSynchronously(on: executor)
            }
        }
        thread.name = "pentimento engine"
        // Deep networks and gradients recurse.
        thread.stackSize = 16 << 20
        thread.start()
    }

    deinit { jobs.close() }

    func enqueue(_ job: consuming ExecutorJob) { jobs.add(UnownedJob(job)) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}

/// What is waiting for the thread.
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [UnownedJob] = []
    private var isClosed = false

    func add(_ job: UnownedJob) {
        condition.lock()
        waiting.append(job)
        condition.signal()
        condition.unlock()
    }

    /// The next piece of work, waited for; nil after the queue was closed.
    func next() -> UnownedJob? {
        condition.lock()
        defer { condition.unlock() }
        while waiting.isEmpty {
            if isClosed { return nil }
            condition.wait()
        }
        return waiting.removeFirst()
    }

    func close() {
        condition.lock()
        isClosed = true
        condition.signal()
        condition.unlock()
    }
}
