import Foundation
import Testing

@testable import Vault

@Suite struct JobRowTests {
    @Test("A key does a request once: the same answers, another is refused")
    func once() async throws {
        let vault = try Vault(folder: Scratch().path)
        let key = OnceKey("monday", hash: "1")
        let (first, isReplay) = try await vault.accept(job(), needing: [], once: key, limits: QueueLimits())
        #expect(!isReplay)
        let (second, isSecondReplay) = try await vault.accept(
            job(), needing: [], once: key, limits: QueueLimits())
        #expect(isSecondReplay && second.id == first.id)
        await #expect(throws: VaultError.keyUsed(key: "monday")) {
            try await vault.accept(
                job(), needing: [], once: OnceKey("monday", hash: "2"), limits: QueueLimits())
        }
        #expect(try await vault.jobs(limit: 10).count == 1)
    }

    @Test("A job that cannot be accepted whole leaves nothing: no row, and no key that would answer with it")
    func whole() async throws {
        let vault = try Vault(folder: Scratch().path)
        let key = OnceKey("k", hash: "1")
        let missing = String(repeating: "0", count: 64)
        await #expect(throws: VaultError.unknown(what: "picture", id: missing)) {
            try await vault.accept(
                job(), needing: [.init(missing, as: "photo")], once: key, limits: QueueLimits())
        }
        #expect(try await vault.jobs(limit: 10).isEmpty)
        #expect(try await vault.replay(key) == nil)
    }

    @Test("The queue is full in all, and before that in one lane")
    func full() async throws {
        let vault = try Vault(folder: Scratch().path)
        let limits = QueueLimits(all: 4)
        for _ in 0..<2 { _ = try await vault.accept(job("a"), needing: [], limits: limits) }
        await #expect(throws: VaultError.queueFull(most: 2)) {
            try await vault.accept(job("a"), needing: [], limits: limits)
        }
        for _ in 0..<2 { _ = try await vault.accept(job("b"), needing: [], limits: limits) }
        await #expect(throws: VaultError.queueFull(most: 4)) {
            try await vault.accept(job("c"), needing: [], limits: limits)
        }
    }

    @Test("What ran when the program ended waits again; what was begun three times fails and says so")
    func recovered() async throws {
        let vault = try Vault(folder: Scratch().path)
        let (poison, _) = try await vault.accept(job(), needing: [], limits: QueueLimits())
        let (other, _) = try await vault.accept(job(), needing: [], limits: QueueLimits())
        for attempt in 1...3 {
            #expect(try await vault.begin(poison.id)?.attempts == attempt)
            try await vault.recover(error: "{\"code\":\"crashed\"}")
        }
        let ended = try #require(try await vault.job(poison.id))
        #expect(ended.state == .failed && ended.error == "{\"code\":\"crashed\"}")
        // Being asked to stop is no attempt: a job would otherwise fail after three orderly restarts.
        for _ in 0..<5 {
            #expect(try await vault.begin(other.id)?.attempts == 1)
            try await vault.putBack(other.id)
        }
        #expect(try await vault.active().map(\.id) == [other.id])
    }

    @Test("What was begun before comes before all others")
    func order() async throws {
        let vault = try Vault(folder: Scratch().path)
        let (first, _) = try await vault.accept(job(), needing: [], limits: QueueLimits())
        let (second, _) = try await vault.accept(job(), needing: [], limits: QueueLimits())
        var urgent = job()
        urgent.priority = 1
        let (third, _) = try await vault.accept(urgent, needing: [], limits: QueueLimits())
        #expect(try await vault.active().map(\.id) == [third.id, first.id, second.id])
        _ = try await vault.begin(second.id)
        try await vault.recover(error: "{}")
        #expect(try await vault.active().map(\.id) == [second.id, third.id, first.id])
    }

    @Test("A job ends once: neither a late finish nor a second begin changes what it became")
    func states() async throws {
        let vault = try Vault(folder: Scratch().path)
        let (row, _) = try await vault.accept(job(), needing: [], limits: QueueLimits())
        #expect(try await vault.begin(row.id) != nil)
        #expect(try await vault.begin(row.id) == nil)
        #expect(try await vault.end(row.id, as: .cancelled)?.state == .cancelled)
        let late = try await vault.finish(
            row.id, pictures: [], result: nil, outcome: "1", warnings: [], speed: nil)
        #expect(late == nil)
        #expect(try await vault.job(row.id)?.outcome == nil)
        try await vault.deleteJob(row.id)
        #expect(try await vault.job(row.id) == nil)
    }

    @Test("A finish is one transaction: a result that cannot be kept leaves the job running")
    func finish() async throws {
        let vault = try Vault(folder: Scratch().path)
        let (row, _) = try await vault.accept(job(), needing: [], limits: QueueLimits())
        _ = try await vault.begin(row.id)
        let nowhere = ResultRow(
            job: row.id, picture: String(repeating: "0", count: 64), photo: nil, width: 1, height: 1,
            account: "{}")
        await #expect(throws: (any Error).self) {
            try await vault.finish(
                row.id, pictures: [], result: nowhere, outcome: "1", warnings: [], speed: nil)
        }
        #expect(try await vault.job(row.id)?.state == .running)
        let picture = try await keep("abc", in: vault)
        let result = ResultRow(
            job: row.id, picture: picture.id, photo: nil, width: 1, height: 1, account: "{}")
        let done = try await vault.finish(
            row.id, pictures: [picture], result: result, outcome: "\"\(result.id)\"", warnings: ["w"],
            speed: ("work", 1.5, 7))
        #expect(done?.state == .done && done?.warnings == ["w"])
        #expect(try await vault.results(limit: 5).map(\.id) == [result.id])
        #expect(try await vault.speed(of: "work")?.forwards == 7)
        await #expect(throws: VaultError.inUse(picture: picture.id, by: [result.id])) {
            try await vault.deletePicture(picture.id)
        }
        try await vault.deleteJob(row.id)
        #expect(try await vault.result(result.id)?.job == nil)
    }

    @Test("Pages go on behind the name that the one before ended with")
    func pages() async throws {
        let vault = try Vault(folder: Scratch().path)
        var names: [String] = []
        for second in 0..<5 {
            let row = job(now: Date(timeIntervalSince1970: Double(1000 + second)))
            names.append(try await vault.accept(row, needing: [], limits: QueueLimits()).0.id)
        }
        let first = try await vault.jobs(limit: 2)
        #expect(first.map(\.id) == [names[4], names[3]])
        #expect(try await vault.jobs(limit: 2, after: first[1].id).map(\.id) == [names[2], names[1]])
        let up = try await vault.jobs(in: [.queued], limit: 9, after: names[2], newestFirst: false)
        #expect(up.map(\.id) == [names[3], names[4]])
        #expect(try await vault.jobs(in: [.done], limit: 9).isEmpty)
    }
}
