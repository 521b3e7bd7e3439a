import Foundation

/// The hold of one process on a data folder, for as long as it lives.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes hold of a folder.
    /// - Throws: `VaultError.taken` naming the process that has it.
    init(folder: String) throws(VaultError) {
        descriptor = open(folder + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .unusable(folder: folder, reason: String(cString: strerror(errno)))
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            var text = [UInt8](repeating: 0, count: 32)
            let count = read(descriptor, &text, text.count)
            close(descriptor)
            let holder = String(decoding: text.prefix(max(count, 0)), as: UTF8.self)
            throw .taken(folder: folder, pid: Int(holder.trimmingCharacters(in: .whitespacesAndNewlines)))
        }
        ftruncate(descriptor, 0)
        let own = Array("\(getpid())\n".utf8)
        _ = write(descriptor, own, own.count)
    }

    deinit { close(descriptor) }
}
