import Foundation
import Synchronization

/// Files and folders that are being written, under names that nobody looks for.
///
/// The names are short whatever the output is called, so that every name a file system takes can be written to.
package enum Temporaries {
    private static let mark = ".partial-"
    private static let present = Mutex<Set<String>>([])

    /// The path of a new one; whoever makes it must `keep` it.
    static func path(in folder: String) -> String {
        let place = folder == "/" ? "" : folder
        return "\(place)/\(mark)\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    /// Makes a file that only this process knows, and opens it for reading and writing.
    /// - Throws: `SystemFailure`.
    static func make(in folder: String, mode: mode_t) throws -> (path: String, descriptor: Int32) {
        let path = path(in: folder)
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw SystemFailure(number: errno) }
        keep(path)
        return (path, descriptor)
    }

    /// Remembers that one is there.
    static func keep(_ path: String) { present.withLock { _ = $0.insert(path) } }

    /// Forgets one that was renamed, or removes it with all that is in it.
    static func end(_ path: String) {
        present.withLock { _ = $0.remove(path) }
        remove(path)
    }

    private static func remove(_ path: String) {
        if unlink(path) != 0, errno == EISDIR || errno == EPERM {
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// Removes all that this process has not finished; for its end.
    package static func abandon() {
        present.withLock {
            $0.forEach(remove)
            $0 = []
        }
    }

    /// Sees whether files can be made in a folder, by making one.
    /// - Throws: `SystemFailure`.
    static func probe(_ folder: String) throws {
        let (path, descriptor) = try make(in: folder, mode: 0o600)
        close(descriptor)
        end(path)
    }

    /// Whether a folder holds one file under both cases of its letters.
    static func ignoresCase(_ folder: String) throws -> Bool {
        let (path, descriptor) = try make(in: folder, mode: 0o600)
        defer { end(path) }
        close(descriptor)
        return access(enclosingFolder(of: path) + "/" + lastName(of: path).uppercased(), F_OK) == 0
    }

    /// Removes what processes that are gone left half-written in a folder.
    /// - Parameter age: seconds that it must have lain there; for folders that several machines may share.
    package static func removeLeftovers(in folder: String, olderThan age: Double = 0) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix(mark) {
            let path = folder + "/" + name
            guard let owner = Int32(name.dropFirst(mark.count).prefix { $0 != "-" }), kill(owner, 0) != 0,
                errno == ESRCH
            else { continue }
            var facts = stat()
            guard lstat(path, &facts) == 0, Double(time(nil) - facts.st_mtim.tv_sec) >= age else { continue }
            remove(path)
        }
    }
}
