import Diffusion
package import Editing
import Foundation
import Service
package import Support
package import Vault

/// Does jobs, one at a time, and tells of them.
///
/// Whatever it acknowledges is on disk before: a job that is accepted runs, a result that is told of is kept, and what
/// ran when the program ended runs again with the same seed.
package actor Workshop {
    /// Settings of a workshop.
    package struct Settings: Sendable {
        /// How many jobs may wait.
        package var limits = QueueLimits()
        /// How many models are kept loaded.
        package var modelsKept = 2
        /// Where inversions are kept; nil computes them anew.
        package var cache: InversionCache?

        /// Usual settings.
        package init() {}
    }

    /// Pictures and rows.
    package nonisolated let store: PictureStore
    /// Models and engines.
    package nonisolated let models: any ModelLibrary
    /// Who is told.
    package nonisolated let hub = EventHub()
    private nonisolated var vault: Vault { store.vault }
    private let settings: Settings
    private var rack: EngineRack
    private var running: Running?
    private var worker: Task<Void, Never>?
    private var isCalled = false
    private var isStopping = false
    private var waiters: [String: [UUID: Waiter]] = [:]
    /// When lanes were served last, in turns.
    private var turns: [String: Int] = [:]
    private var turn = 0

    /// Somebody who waits for the end of a job, and the clock that ends the wait.
    private struct Waiter {
        let continuation: CheckedContinuation<Void, Never>
        let clock: Task<Void, Never>
    }

    private struct Running {
        let job: String
        let task: Task<Painter.Outcome, any Error>
        let live: Live
        let expected: Double?
        /// What a stop of it means: the user's wish, or that it is to run again.
        var ending: JobRow.State?
    }

    /// A workshop over a vault.
    package init(_ store: PictureStore, models: any ModelLibrary, settings: Settings = Settings()) {
        self.store = store
        self.models = models
        self.settings = settings
        rack = EngineRack(most: settings.modelsKept)
    }

    /// Begins: what ran when the program ended last waits again, and the first job is taken.
    package func open() async throws {
        let problem = Problem("crashed", 500, "the program ended while doing this, three times")
        try await vault.recover(error: problem.json().line)
        try await vault.examine()
        try await vault.collect()
        call()
    }

    /// Accepts a job.
    /// - Parameters:
    ///   - lane: whose turn it takes.
    ///   - once: the key under which it is done once.
    /// - Returns: the job, and whether it was made under the key before.
    /// - Throws: `Problem` and the errors of the layers below.
    package func submit(
        _ request: JobRequest, lane: String, once: OnceKey? = nil
    ) async throws -> (job: JobRow, isReplay: Bool) {
        if let once, let known = try await vault.replay(once) { return (known, true) }
        guard !isStopping else { throw Problem("stopping", 503, "the service is stopping", retryAfter: 5) }
        let checked = try await request.checked(with: models, in: store)
        let row = JobRow(
            kind: checked.kind.rawValue, lane: lane, priority: checked.priority == .later ? -1 : 0,
            model: checked.model ?? "", request: checked.json.line)
        let (job, isReplay) = try await vault.accept(
            row, needing: checked.needs, once: once, limits: settings.limits)
        if !isReplay { await tell(of: job) }
        call()
        return (job, isReplay)
    }

    /// The same job again, with the same seed.
    package func retry(_ id: String, once: OnceKey? = nil) async throws -> (job: JobRow, isReplay: Bool) {
        guard let job = try await vault.job(id) else { throw VaultError.unknown(what: "job", id: id) }
        guard job.state.isEnd else {
            throw VaultError.wrongState(
                job: id, state: job.state.rawValue, wanted: "done, failed or cancelled")
        }
        return try await submit(try JobRequest(JSONValue(line: job.request)), lane: job.lane, once: once)
    }

    /// Cancels a job that waits or runs, and waits a moment for its end; one that ended stays as it is.
    package func cancel(_ id: String) async throws -> JobRow {
        if let ended = try await vault.end(id, as: .cancelled, from: [.queued]) {
            await finished(ended)
            return ended
        }
        if running?.job == id {
            running?.ending = .cancelled
            running?.task.cancel()
            await wait(for: id, seconds: 2)
        }
        guard let job = try await vault.job(id) else { throw VaultError.unknown(what: "job", id: id) }
        return job
    }

    /// Waits until a job has ended, or so many seconds.
    package func wait(for id: String, seconds: Double) async {
        guard seconds > 0 else { return }
        let key = UUID()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let clock = Task {
                    if (try? await vault.job(id))?.state.isEnd ?? true { return wake(id, key) }
                    try? await Task.sleep(for: .seconds(seconds))
                    wake(id, key)
                }
                waiters[id, default: [:]][key] = Waiter(continuation: continuation, clock: clock)
                if Task.isCancelled { wake(id, key) }
            }
        } onCancel: {
            Task { await wake(id, key) }
        }
    }

    private func wake(_ id: String, _ key: UUID) {
        guard let waiter = waiters[id]?.removeValue(forKey: key) else { return }
        waiter.clock.cancel()
        waiter.continuation.resume()
        if waiters[id]?.isEmpty == true { waiters[id] = nil }
    }

    /// Stops: a job that will be done within the grace is waited for, any other waits for the next start.
    package func stop(grace: Double) async {
        guard !isStopping else { return }
        isStopping = true
        if let running {
            let left = running.expected.map { $0 - running.live.seconds } ?? .infinity
            if left > grace {
                self.running?.ending = .queued
                running.task.cancel()
            }
        }
        await worker?.value
        hub.close("the service is stopping")
        for (id, waiting) in waiters { for key in waiting.keys { wake(id, key) } }
    }

    /// Whether it takes jobs.
    package var isOpen: Bool { !isStopping }

    /// The newest preview of the job that runs, as a WebP; nil where there is none.
    package func preview(of id: String) -> [UInt8]? { running?.job == id ? running?.live.preview : nil }

    /// How many jobs may wait.
    package var queueLimit: Int { settings.limits.all }

    /// The models that are loaded.
    package var loaded: [String] { rack.names }
}

extension Workshop {
    /// Sees to it that somebody looks for work.
    private func call() {
        isCalled = true
        guard worker == nil, !isStopping else { return }
        worker = Task { await work() }
    }

    private func work() async {
        while !isStopping {
            isCalled = false
            do {
                if let job = try await next(), let begun = try await vault.begin(job.id) {
                    await perform(begun)
                    continue
                }
            } catch {
                // Rows that cannot be read now may be in a moment.
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            if !isCalled { break }
        }
        worker = nil
    }

    /// The job whose turn it is: the first of the lane that was served longest ago.
    private func next() async throws -> JobRow? {
        let waiting = try await vault.active().filter { $0.state == .queued }
        guard let first = waiting.first else { return nil }
        if first.attempts > 0 { return first }
        let urgent = waiting.filter { $0.priority == first.priority }
        let chosen = urgent.min { (turns[$0.lane] ?? 0, $0.seq) < (turns[$1.lane] ?? 0, $1.seq) }
        if let chosen {
            turn += 1
            turns[chosen.lane] = turn
            turns = turns.filter { $0.value > turn - 1000 }
        }
        return chosen
    }

    private func perform(_ job: JobRow) async {
        let work = Self.work(of: job)
        let known = try? await vault.speed(of: work)
        let live = Live(job: job.id, expected: known?.seconds, hub: hub)
        do {
            let card = try models.card(of: job.model)
            let place = try engine(of: card)
            let models = models
            let painter = Painter(
                store: store, card: card, engine: place.engine, threads: place.threads,
                prepare: { models.prepare(for: card.name) }, cache: settings.cache, live: live,
                previews: try JobRequest(JSONValue(line: job.request)).previews)
            let task = Task { try await painter.paint(job) }
            running = Running(job: job.id, task: task, live: live, expected: known?.seconds)
            await tell(of: job)
            let outcome = try await task.value
            let ended = try await vault.finish(
                job.id, pictures: outcome.pictures, result: outcome.result, outcome: outcome.told.line,
                warnings: live.warnings, speed: (work, live.seconds, outcome.forwards))
            await finished(ended)
        } catch {
            await failed(job, error)
        }
    }

    private func engine(of card: ModelCard) throws -> EngineRack.Place {
        let isNew = !rack.names.contains(card.name)
        let (place, gone) = try rack.place(of: card.name, in: models)
        func tell(_ name: String, _ state: String) {
            hub.publish("model", .object(["name": .text(name), "state": .text(state)]))
        }
        if let gone { tell(gone, "released") }
        if isNew { tell(card.name, "loaded") }
        return place
    }

    /// What a job is that takes as long as another of the same.
    private static func work(of job: JobRow) -> String {
        guard let request = try? JobRequest(JSONValue(line: job.request)) else { return job.kind }
        let settings = request.settings
        let parts: [String?] = [
            job.model, job.kind, settings.method, settings.preset?.rawValue,
            settings.steps.map { "\($0)" }, settings.strength.map { "\($0)" },
            settings.inversion?.rawValue, settings.workingSide.map { "\($0)" },
            request.width.map { "\($0)" }, request.height.map { "\($0)" },
        ]
        return parts.map { $0 ?? "" }.joined(separator: "|")
    }

    private func failed(_ job: JobRow, _ error: any Error) async {
        let ending = running?.job == job.id ? running?.ending : nil
        if error is CancellationError, ending == .queued {
            try? await vault.putBack(job.id)
            running = nil
            return
        }
        let wasCancelled = error is CancellationError && ending == .cancelled
        let problem = Problem(describing: error)
        let ended = try? await vault.end(
            job.id, as: wasCancelled ? .cancelled : .failed, error: wasCancelled ? nil : problem.json().line)
        await finished(ended ?? nil)
    }

    /// Tells of a job that ended.
    private func finished(_ job: JobRow?) async {
        if running?.job == job?.id || job == nil { running = nil }
        guard let job else { return }
        await tell(of: job)
        for key in (waiters[job.id] ?? [:]).keys { wake(job.id, key) }
    }

    private func tell(of job: JobRow) async { hub.publish("job", job: job.id, await facts(of: job)) }

    /// A job as it is told.
    package func facts(of job: JobRow) async -> JSONValue {
        var facts = job.facts
        if job.state == .queued {
            let waiting = (try? await vault.active().filter { $0.state == .queued }.map(\.id)) ?? []
            if let position = waiting.firstIndex(of: job.id) { facts["position"] = .whole(position + 1) }
        }
        if let running, running.job == job.id, job.state == .running {
            facts["progress"] = running.live.json
            facts["warnings"] = .list(running.live.warnings.map { .text($0) })
        }
        if !job.state.isEnd, let speed = try? await vault.speed(of: Self.work(of: job)) {
            facts["estimate"] = .object([
                "seconds": .number((speed.seconds * 10).rounded() / 10), "forwards": .whole(speed.forwards),
            ])
        }
        return .object(facts)
    }
}
