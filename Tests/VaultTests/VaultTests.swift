import Foundation
import GRDB
import Imaging
import Support
import Testing

@testable import Vault

/// A folder of its own for each test, gone at its end.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/vault-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A picture of a few bytes that is kept as if it had been uploaded.
func keep(_ text: String, in vault: Vault, created: Date = Date()) async throws -> PictureRow {
    let file = try vault.incoming()
    try Array(text.utf8).withUnsafeBytes { try file.append($0) }
    let row = PictureRow(
        id: try file.seal(), bytes: file.size, width: 1, height: 1, format: "png", origin: .upload,
        created: created)
    return try await vault.keep(file, as: row).0
}

func job(_ lane: String = "page", kind: String = "edit", now: Date = Date()) -> JobRow {
    JobRow(kind: kind, lane: lane, model: "m", request: "{}", now: now)
}

@Suite struct VaultTests {
    @Test("What is kept is there after the vault was opened anew, by the SHA-256 of its bytes")
    func keeps() async throws {
        let scratch = try Scratch()
        var vault: Vault? = try Vault(folder: scratch.path)
        let picture = try await keep("abc", in: #require(vault))
        // FIPS 180-2, B.1.
        #expect(picture.id == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try await keep("abc", in: #require(vault)).id == picture.id)
        try vault?.close()
        vault = nil
        let again = try Vault(folder: scratch.path)
        #expect(try await again.picture(picture.id)?.bytes == 3)
        let path = again.path(of: picture)
        #expect(path.hasSuffix("/files/ba/\(picture.id).png"))
        #expect(FileManager.default.contents(atPath: path) == Data("abc".utf8))
        var facts = stat()
        #expect(stat(path, &facts) == 0 && facts.st_mode & 0o777 == 0o600)
        #expect(stat(scratch.path + "/files", &facts) == 0 && facts.st_mode & 0o777 == 0o700)
    }

    @Test(
        "Every commit waits for the disk: NORMAL, which the pool sets while it opens, would lose it in a power cut"
    )
    func synchronous() async throws {
        let vault = try Vault(folder: Scratch().path)
        #expect(try await vault.write { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
        #expect(try await vault.write { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    }

    @Test("A second instance on a folder is refused and told who has it")
    func lock() throws {
        let scratch = try Scratch()
        let first = try Vault(folder: scratch.path)
        #expect(throws: VaultError.taken(folder: scratch.path, pid: Int(getpid()))) {
            try Vault(folder: scratch.path)
        }
        try first.close()
    }

    @Test("A folder of a newer program is refused and left as it is")
    func newer() async throws {
        let scratch = try Scratch()
        var vault: Vault? = try Vault(folder: scratch.path)
        try await vault?.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9: later')") }
        try vault?.close()
        vault = nil
        #expect(throws: VaultError.newer(folder: scratch.path)) { try Vault(folder: scratch.path) }
    }

    @Test("Pieces that were being taken in when the program ended are gone at the next start")
    func incoming() async throws {
        let scratch = try Scratch()
        var vault: Vault? = try Vault(folder: scratch.path)
        let part = scratch.path + "/incoming/left.part"
        FileManager.default.createFile(atPath: part, contents: Data("half".utf8))
        vault = nil
        vault = try Vault(folder: scratch.path)
        #expect(!FileManager.default.fileExists(atPath: part))
        #expect(vault != nil)
    }

    @Test("A picture over the quota is refused, and one that is deleted makes room")
    func quota() async throws {
        let vault = try Vault(folder: Scratch().path, quota: 5)
        let first = try await keep("abc", in: vault)
        await #expect(throws: VaultError.overQuota(limit: 5)) { try await keep("defg", in: vault) }
        try await vault.deletePicture(first.id)
        #expect(!FileManager.default.fileExists(atPath: vault.path(of: first)))
        #expect(try await keep("defg", in: vault).bytes == 4)
    }

    @Test("A picture whose file somebody removed is a marked row, and whole again when it comes again")
    func missing() async throws {
        let vault = try Vault(folder: Scratch().path)
        let picture = try await keep("abc", in: vault)
        unlink(vault.path(of: picture))
        try await vault.examine()
        #expect(try await vault.picture(picture.id)?.isMissing == true)
        await #expect(throws: VaultError.gone(picture: picture.id)) {
            try await vault.presentPicture(picture.id)
        }
        _ = try await keep("abc", in: vault)
        #expect(try await vault.presentPicture(picture.id).isMissing == false)
    }

    @Test("Files that no row names go when they are an hour old, not before: they may be on their way in")
    func orphans() async throws {
        let vault = try Vault(folder: Scratch().path)
        let folder = vault.folder + "/files/00"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        FileManager.default.createFile(atPath: folder + "/0000.png", contents: Data("x".utf8))
        try await vault.examine()
        #expect(FileManager.default.fileExists(atPath: folder + "/0000.png"))
        try await vault.examine(now: Date().addingTimeInterval(3700))
        #expect(!FileManager.default.fileExists(atPath: folder + "/0000.png"))
    }

    @Test("Uploads that nothing needs go after a day; those of a waiting job or the draft stay")
    func collected() async throws {
        let vault = try Vault(folder: Scratch().path)
        let old = Date().addingTimeInterval(-90_000)
        let (idle, needed, drafted) = (
            try await keep("idle", in: vault, created: old),
            try await keep("needed", in: vault, created: old),
            try await keep("drafted", in: vault, created: old)
        )
        let fresh = try await keep("fresh", in: vault)
        _ = try await vault.accept(job(), needing: [.init(needed.id, as: "photo")], limits: QueueLimits())
        _ = try await vault.setSetting("draft") { _ in "{\"photo\":\"\(drafted.id)\"}" }
        #expect(try await vault.collect() == 1)
        #expect(try await vault.picture(idle.id) == nil)
        for kept in [needed, drafted, fresh] { #expect(try await vault.picture(kept.id) != nil) }
        await #expect(throws: VaultError.self) { try await vault.deletePicture(needed.id) }
    }

    @Test("Names of rows sort by time, and nothing else is a name")
    func names() {
        let early = Identifiers.new(.job, at: Date(timeIntervalSince1970: 1000))
        let late = Identifiers.new(.job, at: Date(timeIntervalSince1970: 1000.001))
        #expect(early < late)
        #expect(Identifiers.isName(early, of: .job) && !Identifiers.isName(early, of: .result))
        let hex = String(repeating: "a", count: 64)
        #expect(Identifiers.isPicture(hex))
        for wrong in [
            hex.uppercased(), hex + "a", String(hex.dropLast()), "../" + hex.dropFirst(3),
            "%2e%2e" + hex.dropFirst(6), hex.dropLast() + "g", "",
        ] {
            #expect(!Identifiers.isPicture(wrong), "\(wrong)")
        }
        #expect(!Identifiers.isName("j_" + String(repeating: "U", count: 26), of: .job))
    }
}
