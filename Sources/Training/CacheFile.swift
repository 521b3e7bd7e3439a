import Foundation
import Tensors

/// Large files of plain bytes that are made once and then mapped.
enum CacheFile {
    /// Maps a file that must have exactly `count` bytes.
    static func mapped(_ path: String, count: Int) throws -> MappedFile {
        guard FileManager.default.fileExists(atPath: path) else { throw TrainingError.missing(path: path) }
        let file: MappedFile
        do {
            file = try MappedFile(path: path)
        } catch {
            throw TrainingError.file(path: path, reason: "cannot be mapped (\(error))")
        }
        guard file.count == count, count > 0 else {
            throw TrainingError.file(path: path, reason: "holds \(file.count) bytes, not \(count); delete it")
        }
        return file
    }

    /// Writes a file of `count` bytes through memory that `fill` may write from many threads; it appears when whole.
    static func write(to path: String, count: Int, _ fill: (WritableBytes) throws -> Void) throws {
        let partial = path + partialMark + "\(getpid())"
        let descriptor = open(partial, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw TrainingError.file(path: partial, reason: "cannot be created (\(reason))")
        }
        defer { close(descriptor) }
        do {
            // Blocks are reserved now: a full disk is an error here and not a bus error later.
            guard posix_fallocate(descriptor, 0, off_t(count)) == 0 else {
                throw TrainingError.file(path: partial, reason: "no room for \(count) bytes")
            }
            let start = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
            guard let start, start != MAP_FAILED else {
                throw TrainingError.file(path: partial, reason: "cannot be mapped (\(reason))")
            }
            defer { munmap(start, count) }
            try fill(WritableBytes(start: UnsafeMutableRawBufferPointer(start: start, count: count)))
            guard rename(partial, path) == 0 else {
                throw TrainingError.file(path: path, reason: "cannot be renamed into place (\(reason))")
            }
        } catch {
            unlink(partial)
            throw error
        }
    }

    /// Writes a small file by renaming it into place.
    static func write(_ data: Data, to path: String) throws {
        let partial = path + partialMark + "\(getpid())"
        guard FileManager.default.createFile(atPath: partial, contents: data) else {
            throw TrainingError.file(path: partial, reason: "cannot be written (\(reason))")
        }
        guard rename(partial, path) == 0 else {
            let why = reason
            unlink(partial)
            throw TrainingError.file(path: path, reason: "cannot be renamed into place (\(why))")
        }
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.file(
                path: path, reason: "the folder cannot be made (\(error.localizedDescription))")
        }
    }

    /// Removes what processes that are gone left half-written.
    static func removeLeftovers(in folder: String) {
        let manager = FileManager.default
        for name in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] {
            // Checkpoints are written under names that say nothing of their process, within seconds.
            if name.hasPrefix(partialMark), name.hasSuffix(".safetensors"),
                let facts = try? manager.attributesOfItem(atPath: "\(folder)/\(name)"),
                let date = facts[.modificationDate] as? Date, date.timeIntervalSinceNow < -600
            {
                unlink("\(folder)/\(name)")
            }
            guard let mark = name.range(of: partialMark), let owner = Int32(name[mark.upperBound...]),
                kill(owner, 0) != 0, errno == ESRCH
            else { continue }
            unlink("\(folder)/\(name)")
        }
    }

    private static let partialMark = ".partial-"

    private static var reason: String { String(cString: strerror(errno)) }
}

/// Memory that several threads fill, each its own part.
struct WritableBytes: @unchecked Sendable {
    let start: UnsafeMutableRawBufferPointer

    /// Copies bytes to a place.
    func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        UnsafeMutableRawBufferPointer(rebasing: start[offset..<(offset + bytes.count)]).copyMemory(
            from: bytes)
    }
}
