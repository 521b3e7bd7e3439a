import Foundation
import GRDB
import Support

/// Everything that the service keeps: rows in SQLite, pictures in files that are named by what they hold.
///
/// What was acknowledged survives a power cut: files are synced before the rows that name them, and rows are committed
/// with `synchronous = FULL`. One process at a time works on a folder.
package final class Vault: Sendable {
    /// The folder.
    package let folder: String
    /// The most bytes that pictures may take.
    package let quota: Int
    let pool: DatabasePool
    private let lock: FolderLock

    /// Opens a folder, which is made where it is not there.
    /// - Parameter quota: the most bytes that pictures may take.
    /// - Throws: `VaultError`: another process has it, a newer version made it, or it cannot be used.
    package init(folder: String, quota: Int = 10 << 30) throws {
        self.folder = withoutTrailingSlashes(folder)
        self.quota = quota
        try Self.makeFolders(self.folder)
        lock = try FolderLock(folder: self.folder)
        do {
            pool = try Self.open(self.folder)
        } catch let error as DatabaseError {
            throw error.asVaultError(self.folder)
        }
        for name in (try? FileManager.default.contentsOfDirectory(atPath: self.folder + "/incoming")) ?? [] {
            unlink(self.folder + "/incoming/" + name)
        }
    }

    private static func makeFolders(_ folder: String) throws {
        do {
            for part in ["", "/incoming", "/files", "/cache", "/cache/views", "/backup"] {
                try FileManager.default.createDirectory(
                    atPath: folder + part, withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
            }
        } catch {
            throw VaultError.unusable(
                folder: folder, reason: "the folder cannot be made (\(error.localizedDescription))")
        }
        guard access(folder, W_OK) == 0 else {
            throw VaultError.unusable(folder: folder, reason: "no permission to write in it")
        }
    }

    private static func open(_ folder: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.maximumReaderCount = 2
        configuration.busyMode = .timeout(5)
        let path = folder + "/pentimento.sqlite"
        // SQLite makes its file as the process makes files: for its owner alone.
        let before = umask(0o077)
        defer { umask(before) }
        let pool = try DatabasePool(path: path, configuration: configuration)
        // The pool sets NORMAL while it opens, which survives the process but not a power cut.
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216")
        }
        let migrator = Schema.migrator
        if try pool.read(migrator.hasBeenSuperseded) { throw VaultError.newer(folder: folder) }
        let isNew = try !pool.read { try $0.tableExists("picture") }
        if !isNew, try pool.read({ try !migrator.hasCompletedMigrations($0) }) {
            let copy = "\(folder)/backup/before-\(Int(Date().timeIntervalSince1970)).sqlite"
            try pool.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
        }
        try migrator.migrate(pool)
        return pool
    }

    /// Ends all work with the folder.
    package func close() throws {
        try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try pool.close()
    }

    /// Changes rows in one transaction, which is carried through even where whoever asked has left.
    func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value
    {
        let (pool, folder) = (pool, folder)
        return try await Task {
            do { return try await pool.write(body) } catch let error as DatabaseError {
                throw error.asVaultError(folder)
            }
        }.value
    }

    /// Reads rows.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do { return try await pool.read(body) } catch let error as DatabaseError {
            throw error.asVaultError(folder)
        }
    }

    /// Whether rows can be read, and by SQLite's own check are whole.
    package func isSound() async throws -> Bool {
        try await read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") } == "ok"
    }

    /// Bytes that are free on the disk of the folder.
    package var freeBytes: Int {
        var facts = statvfs()
        guard statvfs(folder, &facts) == 0 else { return .max }
        return Int(clamping: UInt64(facts.f_bavail) * UInt64(facts.f_frsize))
    }
}

extension DatabaseError {
    /// What a failed statement means for whoever asked.
    func asVaultError(_ folder: String) -> any Error {
        switch resultCode {
        case .SQLITE_FULL: VaultError.noRoom
        case .SQLITE_IOERR: VaultError.noRoom
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY:
            VaultError.unusable(folder: folder, reason: message ?? "the database cannot be used")
        default: self
        }
    }
}

/// Values of rows that are JSON or times.
enum Column {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ text: String, as _: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }

    static func time(_ date: Date) -> Int64 { Int64((date.timeIntervalSince1970 * 1000).rounded()) }

    static func date(_ time: Int64) -> Date { Date(timeIntervalSince1970: Double(time) / 1000) }
}
