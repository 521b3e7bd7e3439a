package import Foundation

/// Writing files whole or not at all; everything that this package writes goes through here.
package enum WholeFile {
    /// Lets `body` write to a new file beside the target, makes it durable and renames it onto the target.
    ///
    /// Links stay and their target is replaced. A file that is there keeps its permissions, its owner and group where
    /// this user may give them, and no moment shows its new bytes to anybody who could not read the old ones. Standard
    /// output (`-`), devices and pipes are written to directly.
    /// - Parameters:
    ///   - replacing: whether a file that is there is replaced; where not, `WriteFailure.Cause.taken` says that it is.
    ///   - mode: permissions of a file that was not there, before the user's mask takes some away.
    ///   - body: writes to a descriptor; what it throws is passed on, a `SystemFailure` as a `WriteFailure`.
    /// - Throws: `WriteFailure`, and what `body` throws.
    package static func write(
        to path: String, replacing: Bool = true, mode: UInt32 = 0o666, _ body: (Int32) throws -> Void
    ) throws {
        let destination = try Destination(path)
        do {
            switch destination {
            case .descriptor(let descriptor): try body(descriptor)
            case .special(let place):
                let descriptor = open(place, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NOCTTY)
                guard descriptor >= 0 else { throw SystemFailure(number: errno) }
                defer { close(descriptor) }
                try body(descriptor)
            case .file(let target): try replace(target, replacing: replacing, mode: mode, body)
            }
        } catch let failure as SystemFailure {
            guard case .file(let target) = destination else {
                throw WriteFailure(path, number: failure.number)
            }
            throw WriteFailure(path, number: failure.number, target: target)
        }
    }

    /// Writes bytes; the rest is as above.
    package static func write(
        _ bytes: some ContiguousBytes, to path: String, replacing: Bool = true, mode: UInt32 = 0o666
    ) throws {
        try write(to: path, replacing: replacing, mode: mode) { descriptor in
            try bytes.withUnsafeBytes { try writeAll($0, to: descriptor) }
        }
    }

    /// Writes a text; the rest is as above.
    package static func write(_ text: String, to path: String) throws {
        try write(Array(text.utf8), to: path)
    }

    /// Writes all bytes to a descriptor, however many calls that takes.
    /// - Throws: `SystemFailure`.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = Foundation.write(
                descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written < 0 && errno == EINTR { continue }
            if written < 0 && errno == EAGAIN {
                // A stream that somebody else made not to wait.
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&wait, 1, -1)
                continue
            }
            // A regular file that takes nothing and says nothing has no room either.
            guard written > 0 else { throw SystemFailure(number: written == 0 ? ENOSPC : errno) }
            rest = rest.dropFirst(written)
        }
    }

    private static func replace(
        _ target: String, replacing: Bool, mode: UInt32, _ body: (Int32) throws -> Void
    ) throws {
        let folder = enclosingFolder(of: target)
        var old = stat()
        let isThere = stat(target, &old) == 0
        // Rename would pass over the protection of a file that its owner made read-only.
        if isThere {
            guard replacing else { throw SystemFailure(number: EEXIST) }
            guard access(target, W_OK) == 0 else { throw SystemFailure(number: errno) }
        }
        let (path, descriptor) = try Temporaries.make(in: folder, mode: mode_t(isThere ? 0o600 : mode))
        defer { Temporaries.end(path) }
        do {
            defer { close(descriptor) }
            if isThere { giveRights(of: old, to: descriptor) }
            try body(descriptor)
            guard fsync(descriptor) == 0 else { throw SystemFailure(number: errno) }
        }
        guard replacing ? rename(path, target) == 0 : place(path, at: target) else {
            throw SystemFailure(number: errno)
        }
        synchronise(folder)
    }

    /// Gives a finished file its name, unless there is a file of that name.
    private static func place(_ path: String, at target: String) -> Bool {
        if link(path, target) == 0 { return true }
        guard errno != EEXIST else { return false }
        // File systems without hard links: an empty file takes the name first.
        let holder = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard holder >= 0 else { return false }
        close(holder)
        return rename(path, target) == 0
    }

    /// Permissions, owner and group of a file for the one that takes its place.
    private static func giveRights(of old: stat, to descriptor: Int32) {
        var mode = old.st_mode & 0o777
        let sameUser = uid_t.max
        if fchown(descriptor, old.st_uid, old.st_gid) != 0, fchown(descriptor, sameUser, old.st_gid) != 0 {
            // What another group might do is not for this one: it gets what everybody has.
            mode = mode & ~0o070 | mode & 0o070 & (mode & 0o007) << 3
        }
        fchmod(descriptor, mode)
    }

    /// Makes a new name last through a power cut, where the file system can.
    static func synchronise(_ folder: String) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
