import Foundation

/// A thread that runs an actor's work, one piece after another.
///
/// Always the same thread: libtorch keeps its gradient mode and its pool of workers per calling thread.
final class EngineThread: SerialExecutor, @unchecked Sendable {
    private let jobs = JobQueue()
    /// Never touched after `init` but to compare it.
    private let thread: Thread

    init() {
        let jobs = jobs
        thread = Thread {
            while let (job, executor) = jobs.next() { job.runSynchronously(on: executor) }
        }
        thread.name = "pentimento"
        // Deep networks and gradients recurse.
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// Whether the caller runs on this thread.
    var isCurrent: Bool { Thread.current === thread }

    deinit { jobs.close() }

    func enqueue(_ job: consuming ExecutorJob) { jobs.add(UnownedJob(job), for: asUnownedSerialExecutor()) }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}

/// What is waiting for the thread.
private final class JobQueue: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [(UnownedJob, UnownedSerialExecutor)] = []
    private var isClosed = false

    func add(_ job: UnownedJob, for executor: UnownedSerialExecutor) {
        condition.lock()
        waiting.append((job, executor))
        condition.signal()
        condition.unlock()
    }

    /// The next piece of work, waited for; nil after the queue was closed.
    func next() -> (UnownedJob, UnownedSerialExecutor)? {
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
