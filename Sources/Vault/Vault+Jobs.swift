package import Foundation
import GRDB

/// A picture that a job needs, and what for.
package struct NeededPicture: Sendable, Hashable {
    /// The picture.
    package var id: String
    /// What it is to the job: "photo", "mask".
    package var role: String

    /// A need.
    package init(_ id: String, as role: String) {
        self.id = id
        self.role = role
    }
}

/// A key under which a request is done once, however often it is sent.
package struct OnceKey: Sendable, Hashable {
    /// What the client calls the request.
    package var key: String
    /// A hash of the request.
    package var hash: String

    /// A key.
    package init(_ key: String, hash: String) {
        self.key = key
        self.hash = hash
    }
}

/// How many jobs may wait.
package struct QueueLimits: Sendable, Hashable {
    /// In all.
    package var all = 64
    /// In one lane.
    package var lane = 32

    /// Limits.
    package init(all: Int = 64) {
        self.all = all
        lane = max(all / 2, 1)
    }
}

extension Vault {
    /// Accepts a job: the row, what it needs and its key in one transaction.
    /// - Returns: the job, or the one that was made under the key before.
    /// - Throws: `VaultError.queueFull`, `keyUsed`, `unknown` for a picture that is not there.
    package func accept(
        _ job: JobRow, needing pictures: [NeededPicture], once: OnceKey? = nil, limits: QueueLimits
    ) async throws -> (JobRow, isReplay: Bool) {
        try await write { db in
            if let once, let known = try Self.replay(once, db) { return (known, true) }
            func waiting(_ condition: String, _ arguments: StatementArguments) throws -> Int {
                try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM job WHERE state = 'queued' \(condition)",
                    arguments: arguments) ?? 0
            }
            guard try waiting("", []) < limits.all else { throw VaultError.queueFull(most: limits.all) }
            guard try waiting("AND lane = ?", [job.lane]) < limits.lane else {
                throw VaultError.queueFull(most: limits.lane)
            }
            var job = job
            job.seq = (try Int.fetchOne(db, sql: "SELECT max(seq) FROM job") ?? 0) + 1
            try job.insert(db)
            for picture in pictures {
                guard try PictureRow.fetch(db, picture.id) != nil else {
                    throw VaultError.unknown(what: "picture", id: picture.id)
                }
                try db.execute(
                    sql: "INSERT OR IGNORE INTO job_picture VALUES (?, ?, ?)",
                    arguments: [job.id, picture.id, picture.role])
            }
            if let once {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?)",
                    arguments: [once.key, once.hash, job.id, Column.time(job.created)])
            }
            return (job, false)
        }
    }

    /// The job that a key made before.
    package func replay(_ once: OnceKey) async throws -> JobRow? {
        try await read { try Self.replay(once, $0) }
    }

    private static func replay(_ once: OnceKey, _ db: Database) throws -> JobRow? {
        guard
            let row = try Row.fetchOne(
                db, sql: "SELECT hash, job FROM idempotency WHERE key = ?", arguments: [once.key])
        else { return nil }
        guard row["hash"] == once.hash else { throw VaultError.keyUsed(key: once.key) }
        return try JobRow.fetch(db, row["job"])
    }

    /// A job, if it is kept.
    package func job(_ id: String) async throws -> JobRow? { try await read { try JobRow.fetch($0, id) } }

    /// Jobs in the order of their names, which is that of their times.
    /// - Parameters:
    ///   - states: only such; all where empty.
    ///   - after: the name behind which the page begins.
    package func jobs(
        in states: [JobRow.State] = [], limit: Int, after: String? = nil, newestFirst: Bool = true
    ) async throws -> [JobRow] {
        try await read { db in
            var conditions: [String] = []
            var arguments: [any DatabaseValueConvertible] = []
            if !states.isEmpty {
                conditions.append("state IN (\(states.map { _ in "?" }.joined(separator: ", ")))")
                arguments += states.map(\.rawValue)
            }
            if let after {
                conditions.append("id \(newestFirst ? "<" : ">") ?")
                arguments.append(after)
            }
            let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
            return try JobRow.fetchAll(
                db,
                sql: "SELECT * FROM job \(filter) ORDER BY id \(newestFirst ? "DESC" : "ASC") LIMIT \(limit)",
                arguments: StatementArguments(arguments))
        }
    }

    /// All jobs that wait or run, in the order in which they were accepted, those that ran before first.
    package func active() async throws -> [JobRow] {
        try await read {
            try JobRow.fetchAll(
                $0,
                sql: """
                    SELECT * FROM job WHERE state IN ('queued', 'running')
                        ORDER BY attempts > 0 DESC, priority DESC, seq
                    """)
        }
    }

    /// Begins a waiting job.
    /// - Returns: nil where it does not wait any more.
    package func begin(_ id: String, now: Date = Date()) async throws -> JobRow? {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'running', attempts = attempts + 1, started = ?
                        WHERE id = ? AND state = 'queued'
                    """, arguments: [Column.time(now), id])
            return db.changesCount == 1 ? try JobRow.fetch(db, id) : nil
        }
    }

    /// Ends a job with what came of it: pictures, result and state in one transaction.
    ///
    /// The files of the pictures lie in their places already.
    /// - Returns: nil where the job does not run any more.
    package func finish(
        _ id: String, pictures: [PictureRow], result: ResultRow?, outcome: String, warnings: [String],
        speed: (work: String, seconds: Double, forwards: Int)?, now: Date = Date()
    ) async throws -> JobRow? {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'done', ended = ?, outcome = ?, warnings = ?
                        WHERE id = ? AND state = 'running'
                    """, arguments: [Column.time(now), outcome, try Column.text(warnings), id])
            guard db.changesCount == 1 else { return nil }
            for picture in pictures {
                try picture.insert(db)
                try db.execute(
                    sql: "INSERT OR IGNORE INTO job_picture VALUES (?, ?, ?)",
                    arguments: [id, picture.id, picture.origin.rawValue])
            }
            try result?.insert(db)
            if let speed {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO speed VALUES (?, ?, ?)",
                    arguments: [speed.work, speed.seconds, speed.forwards])
            }
            return try JobRow.fetch(db, id)
        }
    }

    /// Ends a job without a result.
    /// - Parameter states: the states that it may end from.
    /// - Returns: nil where it was in none of them.
    package func end(
        _ id: String, as state: JobRow.State, from states: [JobRow.State] = [.running], error: String? = nil,
        now: Date = Date()
    ) async throws -> JobRow? {
        let allowed = states.map { "'\($0.rawValue)'" }.joined(separator: ", ")
        return try await write { db in
            try db.execute(
                sql: "UPDATE job SET state = ?, ended = ?, error = ? WHERE id = ? AND state IN (\(allowed))",
                arguments: [state.rawValue, Column.time(now), error, id])
            return db.changesCount == 1 ? try JobRow.fetch(db, id) : nil
        }
    }

    /// Puts a running job back, as if it had not begun: the program is asked to stop.
    package func putBack(_ id: String) async throws {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', attempts = attempts - 1, started = NULL
                        WHERE id = ? AND state = 'running'
                    """, arguments: [id])
        }
    }

    /// What to do about jobs that ran when the program ended last: they wait again, before all others, but for those
    /// that were begun too often already.
    /// - Parameters:
    ///   - most: how often a job may be begun.
    ///   - error: why it failed then, as JSON.
    package func recover(most: Int = 3, error: String, now: Date = Date()) async throws {
        try await write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'failed', ended = ?, error = ?
                        WHERE state = 'running' AND attempts >= ?
                    """, arguments: [Column.time(now), error, most])
            try db.execute(sql: "UPDATE job SET state = 'queued' WHERE state = 'running'")
            let week = Column.time(now.addingTimeInterval(-7 * 86_400))
            try db.execute(sql: "DELETE FROM idempotency WHERE created < ?", arguments: [week])
        }
    }

    /// Deletes a job that ended; its result stays.
    /// - Throws: `VaultError.unknown`, `wrongState`.
    package func deleteJob(_ id: String) async throws {
        try await write { db in
            guard let job = try JobRow.fetch(db, id) else { throw VaultError.unknown(what: "job", id: id) }
            guard job.state.isEnd else {
                throw VaultError.wrongState(
                    job: id, state: job.state.rawValue, wanted: "done, failed or cancelled")
            }
            try db.execute(sql: "DELETE FROM job WHERE id = ?", arguments: [id])
        }
    }

    /// What a kind of work cost last time.
    package func speed(of work: String) async throws -> (seconds: Double, forwards: Int)? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT seconds, forwards FROM speed WHERE work = ?", arguments: [work])
                .map { ($0["seconds"], $0["forwards"]) }
        }
    }
}

extension JobRow {
    init(_ row: Row) throws {
        self.init(
            kind: row["kind"], lane: row["lane"], priority: row["priority"], model: row["model"],
            request: row["request"], now: Column.date(row["created"]))
        id = row["id"]
        state = State(rawValue: row["state"]) ?? .failed
        seq = row["seq"]
        attempts = row["attempts"]
        started = (row["started"] as Int64?).map(Column.date)
        ended = (row["ended"] as Int64?).map(Column.date)
        error = row["error"]
        warnings = try Column.value(row["warnings"])
        outcome = row["outcome"]
    }

    static func fetch(_ db: Database, _ id: String) throws -> JobRow? {
        try Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]).map(JobRow.init)
    }

    static func fetchAll(
        _ db: Database, sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> [JobRow] {
        try Row.fetchAll(db, sql: sql, arguments: arguments).map(JobRow.init)
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                id, kind, state.rawValue, lane, priority, seq, model, request, attempts, Column.time(created),
                started.map(Column.time), ended.map(Column.time), error, try Column.text(warnings), outcome,
            ])
    }
}
