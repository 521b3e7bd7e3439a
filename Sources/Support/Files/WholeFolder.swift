import Foundation

/// Making folders, and writing them whole or not at all.
package enum WholeFolder {
    /// Lets `content` fill a new folder beside the target, then renames it; a link stays and its target is replaced.
    ///
    /// - Parameter merging: whether a folder that holds something is replaced too; then its files that the new one has
    ///   not are kept. Otherwise only an empty one is.
    /// - Throws: `WriteFailure`, and what `content` throws.
    package static func write(
        to path: String, merging: Bool = false, _ content: (String) throws -> Void
    ) throws {
        let target = try target(of: path)
        let folder = enclosingFolder(of: target)
        let draft = Temporaries.path(in: folder)
        guard mkdir(draft, 0o777) == 0 else { throw WriteFailure(path, number: errno, target: target) }
        Temporaries.keep(draft)
        defer { Temporaries.end(draft) }
        try content(draft)
        var old = stat()
        if stat(target, &old) == 0 { chmod(draft, old.st_mode & 0o7777) }
        // What is not there or empty is replaced in one move.
        if rename(draft, target) != 0 {
            guard merging, errno == ENOTEMPTY || errno == EEXIST else {
                throw WriteFailure(path, number: errno, target: target)
            }
            try merge(draft, into: target, path)
        }
        WholeFile.synchronise(folder)
    }

    private static func merge(_ draft: String, into target: String, _ path: String) throws {
        let manager = FileManager.default
        do {
            for name in try manager.contentsOfDirectory(atPath: target)
            where !manager.fileExists(atPath: "\(draft)/\(name)") {
                try manager.copyItem(atPath: "\(target)/\(name)", toPath: "\(draft)/\(name)")
            }
        } catch {
            throw WriteFailure(path, .refused("the files that are there cannot be copied"))
        }
        // No temporary: until the new folder is in place it must outlive this process.
        let old = "\(enclosingFolder(of: target))/.replaced-\(getpid())-\(lastName(of: draft).suffix(8))"
        guard rename(target, old) == 0 else { throw WriteFailure(path, number: errno, target: target) }
        guard rename(draft, target) == 0 else {
            let number = errno
            rename(old, target)
            throw WriteFailure(path, number: number, target: target)
        }
        try? manager.removeItem(atPath: old)
    }

    /// Refuses a folder that could not be written whole: what is there is no folder, or its own folder takes none.
    /// - Throws: `WriteFailure`.
    package static func check(_ path: String) throws {
        let target = try target(of: path)
        do { try Temporaries.probe(enclosingFolder(of: target)) } catch let failure as SystemFailure {
            throw WriteFailure(path, number: failure.number, target: target)
        }
    }

    /// Refuses a folder that files could not be made in: it, or where it is not there the one that it would be made in.
    /// - Throws: `WriteFailure`.
    package static func checkInside(_ path: String) throws {
        let target = try target(of: path)
        guard Destination.isFolder(target) else { return try check(path) }
        do { try Temporaries.probe(target) } catch let failure as SystemFailure {
            throw WriteFailure(path, number: failure.number, target: target + "/x")
        }
    }

    /// Makes a folder and those above it, as far as they are not there.
    /// - Parameter mode: the permissions of those that are made, before the user's mask takes some away.
    /// - Throws: `WriteFailure`.
    package static func make(_ path: String, mode: UInt32 = 0o777) throws {
        guard mkdir(path, mode_t(mode)) != 0 else { return }
        var number = errno
        let above = enclosingFolder(of: path)
        if number == ENOENT, above != path, above != "." {
            try make(above, mode: mode)
            guard mkdir(path, mode_t(mode)) != 0 else { return }
            number = errno
        }
        guard !Destination.isFolder(path) else { return }
        switch number {
        case EEXIST: throw WriteFailure(path, .refused("it is no folder"))
        case ENOTDIR:
            var place = above
            while access(place, F_OK) != 0, place != enclosingFolder(of: place) {
                place = enclosingFolder(of: place)
            }
            throw WriteFailure(path, .refused("\(place) is no folder"))
        default: throw WriteFailure(path, number: number)
        }
    }

    /// Where a folder's links lead.
    /// - Throws: `WriteFailure` where there is something that is no folder.
    private static func target(of path: String) throws -> String {
        var facts = stat()
        let bare = withoutTrailingSlashes(path)
        if stat(bare, &facts) == 0 {
            guard facts.st_mode & S_IFMT == S_IFDIR else {
                throw WriteFailure(path, .refused("it is no folder"))
            }
            guard let resolved = realpath(bare, nil) else { throw WriteFailure(path, number: errno) }
            defer { free(resolved) }
            return String(cString: resolved)
        }
        guard errno == ENOENT else { throw WriteFailure(path, number: errno) }
        guard !bare.isEmpty, case .file(let target) = try Destination(bare) else {
            throw WriteFailure(path, .refused("it is no folder"))
        }
        return target
    }
}
