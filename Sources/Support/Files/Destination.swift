import Foundation

/// What a path that is to be written to leads to.
package enum Destination: Equatable {
    /// A stream that this process has already: standard output for `-`, or what it or standard error goes to.
    case descriptor(Int32)
    /// A device or a pipe, which is written to and never replaced.
    case special(String)
    /// A file, there or not, with all links followed: the links stay, the file is replaced.
    case file(String)

    /// How many links a path may lead through; the system's own limit.
    static let mostLinks = 40

    /// Finds out; nothing is opened.
    /// - Throws: `WriteFailure` for a folder, and where the way there cannot be gone.
    package init(_ path: String) throws {
        if path == "-" {
            self = .descriptor(STDOUT_FILENO)
            return
        }
        var facts = stat()
        if stat(path, &facts) == 0 {
            let kind = facts.st_mode & S_IFMT
            guard kind != S_IFDIR else { throw WriteFailure(path, .isFolder) }
            // Devices are opened anew; a pipe or a file that this process writes to anyway must not be written twice.
            let streams = kind == S_IFCHR || kind == S_IFBLK ? [] : [STDOUT_FILENO, STDERR_FILENO]
            for descriptor in streams {
                var stream = stat()
                if fstat(descriptor, &stream) == 0, stream.st_dev == facts.st_dev,
                    stream.st_ino == facts.st_ino
                {
                    self = .descriptor(descriptor)
                    return
                }
            }
            if kind != S_IFREG {
                self = .special(path)
                return
            }
        } else if path.isEmpty || path.utf8.last == UInt8(ascii: "/") {
            throw WriteFailure(path, .isFolder)
        } else if errno != ENOENT {
            throw WriteFailure(path, number: errno)
        }
        self = try Self.followed(path)
    }

    /// Follows the links of a path's last name; the system follows those on the way.
    private static func followed(_ path: String) throws -> Destination {
        var place = path
        for _ in 0...mostLinks {
            guard let goal = try? FileManager.default.destinationOfSymbolicLink(atPath: place) else {
                return .file(place)
            }
            let folder = enclosingFolder(of: place)
            // A link of /proc is the open file itself, whatever its text says.
            if real(folder).hasPrefix("/proc/") { return .special(path) }
            place = goal.hasPrefix("/") ? goal : folder + "/" + goal
        }
        throw WriteFailure(path, number: ELOOP)
    }

    /// Refuses a path that could not be written to: by its name, its folder, its rights.
    ///
    /// Makes a file beside the target and removes it again: nothing else tells for sure.
    /// - Throws: `WriteFailure`.
    package static func check(_ path: String) throws {
        switch try Destination(path) {
        case .descriptor(let descriptor):
            let flags = fcntl(descriptor, F_GETFL)
            guard flags >= 0, flags & O_ACCMODE != O_RDONLY else { throw WriteFailure(path, .closed) }
        case .special(let place):
            guard access(place, W_OK) == 0 else { throw WriteFailure(path, number: errno) }
        case .file(let target):
            if access(target, F_OK) == 0, access(target, W_OK) != 0 {
                throw WriteFailure(path, number: errno, target: target)
            }
            do { try Temporaries.probe(enclosingFolder(of: target)) } catch let failure as SystemFailure {
                throw WriteFailure(path, number: failure.number, target: target)
            }
        }
    }

    /// What tells two outputs apart: equal texts are one place.
    ///
    /// Nil for devices, which take any number.
    package static func identity(of path: String) throws -> String? {
        switch try Destination(path) {
        case .descriptor(let descriptor): return "descriptor \(descriptor)"
        case .special(let place):
            var facts = stat()
            guard stat(place, &facts) == 0, [S_IFIFO, S_IFSOCK].contains(facts.st_mode & S_IFMT) else {
                return nil
            }
            return "pipe \(facts.st_dev) \(facts.st_ino)"
        case .file(let target):
            return real(enclosingFolder(of: target)) + "/" + lastName(of: target)
        }
    }

    /// Whether two paths are one place; in folders that do not tell capitals from small letters, letters' case is none.
    package static func areOne(_ first: String, _ second: String) throws -> Bool {
        guard let one = try identity(of: first), let other = try identity(of: second) else { return false }
        if one == other { return true }
        guard one.lowercased() == other.lowercased(), case .file(let target) = try Destination(first) else {
            return false
        }
        return (try? Temporaries.ignoresCase(enclosingFolder(of: target))) ?? false
    }

    /// Bytes that are free where a file would be made; nil where that is not known, or no file is made.
    package static func freeBytes(at path: String) -> (disk: UInt, bytes: Int)? {
        guard case .file(let target) = try? Destination(path) else { return nil }
        var facts = statvfs()
        guard statvfs(enclosingFolder(of: target), &facts) == 0 else { return nil }
        let (bytes, isTooMany) = Int(clamping: facts.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: facts.f_frsize))
        // Some file systems know no limit and say zero of everything.
        return isTooMany || facts.f_blocks == 0 ? nil : (UInt(facts.f_fsid), bytes)
    }

    /// Whether there is a folder.
    package static func isFolder(_ path: String) -> Bool {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    /// What a path is called in messages.
    package static func name(of path: String) -> String { path == "-" ? "standard output" : path }

    /// A path without links and dots; itself where there is no such thing.
    private static func real(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
