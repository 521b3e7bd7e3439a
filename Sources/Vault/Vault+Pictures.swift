package import Foundation
import GRDB
import Support

extension Vault {
    /// A file on its way in.
    package func incoming() throws -> Incoming { try Incoming(in: folder + "/incoming") }

    /// Where the file of a picture lies, or would.
    package func path(of id: String, format: String) -> String {
        "\(folder)/files/\(id.prefix(2))/\(id).\(format)"
    }

    /// Where the file of a picture lies.
    package func path(of picture: PictureRow) -> String { path(of: picture.id, format: picture.format) }

    /// Gives a sealed file its place and makes a row of it, in this order.
    /// - Returns: the picture, and whether it was unknown before.
    /// - Throws: `VaultError.overQuota`, `noRoom`.
    package func keep(_ file: Incoming, as picture: PictureRow) async throws -> (PictureRow, isNew: Bool) {
        try await place(file, as: picture)
        return try await write { db in
            if let known = try PictureRow.fetch(db, picture.id), !known.isMissing {
                try db.execute(
                    sql: "UPDATE picture SET created = ?, label = coalesce(label, ?) WHERE id = ?",
                    arguments: [Column.time(picture.created), picture.label, picture.id])
                return (known, false)
            }
            try picture.insert(db)
            return (picture, true)
        }
    }

    /// Gives a sealed file its place; the row is made by a later transaction.
    package func place(_ file: Incoming, as picture: PictureRow) async throws {
        let used = try await read { db in
            try Int.fetchOne(db, sql: "SELECT coalesce(sum(bytes), 0) FROM picture WHERE missing = 0") ?? 0
        }
        guard used + picture.bytes <= quota else { throw VaultError.overQuota(limit: quota) }
        let target = path(of: picture)
        let isThere = access(target, F_OK) == 0
        guard !isThere else { return }
        try? FileManager.default.createDirectory(
            atPath: enclosingFolder(of: target), withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        try file.place(at: target)
    }

    /// Makes a row of a picture whose file lies in its place.
    package func register(_ picture: PictureRow) async throws { try await write { try picture.insert($0) } }

    /// A picture, if it is kept.
    package func picture(_ id: String) async throws -> PictureRow? {
        try await read { try PictureRow.fetch($0, id) }
    }

    /// A picture whose file is there.
    /// - Throws: `VaultError.unknown`, `gone`.
    package func presentPicture(_ id: String) async throws -> PictureRow {
        guard let picture = try await picture(id) else { throw VaultError.unknown(what: "picture", id: id) }
        guard access(path(of: picture), R_OK) == 0 else {
            try await write {
                try $0.execute(sql: "UPDATE picture SET missing = 1 WHERE id = ?", arguments: [id])
            }
            throw VaultError.gone(picture: id)
        }
        return picture
    }

    /// Deletes a picture that nothing needs: its row first, then its file.
    /// - Throws: `VaultError.unknown`, `inUse`.
    package func deletePicture(_ id: String) async throws {
        let picture = try await write { db in
            guard let picture = try PictureRow.fetch(db, id) else {
                throw VaultError.unknown(what: "picture", id: id)
            }
            let users = try String.fetchAll(
                db,
                sql: """
                    SELECT job FROM job_picture JOIN job ON job.id = job WHERE picture = :id
                        AND state IN ('queued', 'running')
                    UNION SELECT id FROM result WHERE picture = :id
                    """, arguments: ["id": id])
            guard users.isEmpty else { throw VaultError.inUse(picture: id, by: users) }
            try db.execute(sql: "DELETE FROM job_picture WHERE picture = ?", arguments: [id])
            try db.execute(sql: "DELETE FROM picture WHERE id = ?", arguments: [id])
            return picture
        }
        unlink(path(of: picture))
    }

    /// Deletes pictures that nothing has needed for a while.
    ///
    /// Uploads go after a day, all others after a week; what a waiting or running job, a result or the draft names stays.
    /// - Returns: how many went.
    @discardableResult
    package func collect(now: Date = Date()) async throws -> Int {
        let day = 86_400.0
        let gone = try await write { db in
            let idle = try PictureRow.fetchAll(
                db,
                sql: """
                    SELECT * FROM picture WHERE created < iif(origin = 'upload', :day, :week)
                        AND id NOT IN (SELECT picture FROM job_picture JOIN job ON job.id = job
                            WHERE state IN ('queued', 'running') OR ended > :week)
                        AND id NOT IN (SELECT picture FROM result)
                        AND NOT EXISTS (SELECT 1 FROM result
                            WHERE picture.id IN (result.photo, result.painted, result.mask, result.soft))
                        AND NOT EXISTS (SELECT 1 FROM setting WHERE name = 'draft' AND instr(value, picture.id))
                    """,
                arguments: [
                    "day": Column.time(now.addingTimeInterval(-day)),
                    "week": Column.time(now.addingTimeInterval(-7 * day)),
                ])
            for picture in idle {
                try db.execute(sql: "DELETE FROM job_picture WHERE picture = ?", arguments: [picture.id])
                try db.execute(sql: "DELETE FROM picture WHERE id = ?", arguments: [picture.id])
            }
            return idle
        }
        for picture in gone { unlink(path(of: picture)) }
        return gone.count
    }

    /// Marks rows whose files are not there any more, and removes files that no row names and that are older than an hour.
    package func examine(now: Date = Date()) async throws {
        let known = try await read { try PictureRow.fetchAll($0, sql: "SELECT * FROM picture") }
        let lost = known.filter { access(path(of: $0), F_OK) != 0 }.map(\.id)
        try await write { db in
            try db.execute(sql: "UPDATE picture SET missing = 0 WHERE missing = 1")
            for id in lost {
                try db.execute(sql: "UPDATE picture SET missing = 1 WHERE id = ?", arguments: [id])
            }
        }
        let names = Set(known.map { lastName(of: path(of: $0)) })
        let root = folder + "/files"
        for part in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(part)")) ?? []
            where !names.contains(name) {
                let path = "\(root)/\(part)/\(name)"
                let changed =
                    try? FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
                if let changed, now.timeIntervalSince(changed) > 3600 { unlink(path) }
            }
        }
    }
}

extension PictureRow {
    init(_ row: Row) throws {
        self.init(
            id: row["id"], bytes: row["bytes"], width: row["width"], height: row["height"],
            format: row["format"], orientation: row["orientation"], hasProfile: row["profile"],
            label: row["label"], notices: try Column.value(row["notices"]),
            texts: try Column.value(row["texts"]), origin: Origin(rawValue: row["origin"]) ?? .upload,
            created: Column.date(row["created"]))
        isMissing = row["missing"]
    }

    static func fetch(_ db: Database, _ id: String) throws -> PictureRow? {
        try Row.fetchOne(db, sql: "SELECT * FROM picture WHERE id = ?", arguments: [id]).map(PictureRow.init)
    }

    static func fetchAll(
        _ db: Database, sql: String, arguments: StatementArguments = StatementArguments()
    ) throws -> [PictureRow] {
        try Row.fetchAll(db, sql: sql, arguments: arguments).map(PictureRow.init)
    }

    /// Makes a row, or refreshes the one that is there.
    func insert(_ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO picture VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
                    ON CONFLICT(id) DO UPDATE SET missing = 0, created = excluded.created
                """,
            arguments: [
                id, bytes, width, height, format, orientation, hasProfile, label, try Column.text(notices),
                try Column.text(texts), origin.rawValue, Column.time(created),
            ])
    }
}
