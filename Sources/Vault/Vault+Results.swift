package import Foundation
import GRDB

extension Vault {
    /// A result, if it is kept.
    package func result(_ id: String) async throws -> ResultRow? {
        try await read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM result WHERE id = ?", arguments: [id]).map(
                ResultRow.init)
        }
    }

    /// Results, newest first.
    /// - Parameter after: the name behind which the page begins.
    package func results(limit: Int, after: String? = nil) async throws -> [ResultRow] {
        try await read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM result WHERE id < ? ORDER BY id DESC LIMIT ?",
                arguments: [after ?? "s", limit]
            ).map(ResultRow.init)
        }
    }

    /// Deletes a result; its pictures are collected when nothing else needs them.
    /// - Throws: `VaultError.unknown`.
    package func deleteResult(_ id: String) async throws {
        try await write { db in
            try db.execute(sql: "DELETE FROM result WHERE id = ?", arguments: [id])
            guard db.changesCount == 1 else { throw VaultError.unknown(what: "result", id: id) }
        }
    }

    /// A text that is kept under a name.
    package func setting(_ name: String) async throws -> String? {
        try await read {
            try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
        }
    }

    /// Keeps a text under a name, made of the one that is there.
    package func setSetting(
        _ name: String, _ change: @escaping @Sendable (String?) throws -> String
    ) async throws -> String {
        try await write { db in
            let old = try String.fetchOne(
                db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
            let new = try change(old)
            try db.execute(sql: "INSERT OR REPLACE INTO setting VALUES (?, ?)", arguments: [name, new])
            return new
        }
    }

    /// Remembers a session by the hash of its secret.
    package func openSession(_ hash: String, now: Date = Date()) async throws {
        try await write { db in
            try db.execute(
                sql: "INSERT OR REPLACE INTO session VALUES (?, ?)", arguments: [hash, Column.time(now)])
        }
    }

    /// Hashes of the sessions that are open: those of the last thirty days.
    package func sessions(now: Date = Date()) async throws -> Set<String> {
        let oldest = Column.time(now.addingTimeInterval(-30 * 86_400))
        return try await write { db in
            try db.execute(sql: "DELETE FROM session WHERE created < ?", arguments: [oldest])
            return Set(try String.fetchAll(db, sql: "SELECT hash FROM session"))
        }
    }

    /// Ends one session, or all.
    package func closeSessions(_ hash: String? = nil) async throws {
        try await write { db in
            try db.execute(
                sql: "DELETE FROM session WHERE :hash IS NULL OR hash = :hash", arguments: ["hash": hash])
        }
    }
}

extension ResultRow {
    init(_ row: Row) {
        self.init(
            job: "", picture: row["picture"], photo: row["photo"], painted: row["painted"], mask: row["mask"],
            soft: row["soft"], width: row["width"], height: row["height"], account: row["account"],
            created: Column.date(row["created"]))
        id = row["id"]
        job = row["job"]
    }

    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                id, job, picture, photo, painted, mask, soft, width, height, account, Column.time(created),
            ])
    }
}
