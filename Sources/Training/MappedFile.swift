import Foundation

/// A file of plain bytes mapped into memory, for reading by any thread.
final class MappedFile: @unchecked Sendable {
    // Immutable after init; the pages are never written to.
    let bytes: UnsafeRawBufferPointer

    /// Maps a file that must have exactly `count` bytes.
    init(path: String, count: Int) throws {
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw TrainingError.missing(path: path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) == count, count > 0 else {
            throw TrainingError.file(path: path, reason: "holds \(status.st_size) bytes, not \(count); delete it")
        }
        guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
            throw TrainingError.file(path: path, reason: "cannot be mapped (\(Self.reason))")
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }

    static var reason: String { String(cString: strerror(errno)) }

    /// Writes a file of `count` bytes through memory that `fill` may write from many threads; it appears when whole.
    static func write(
        to path: String, count: Int, _ fill: (WritableBytes) throws -> Void
    ) throws {
        let partial = path + ".partial-\(getpid())"
        let descriptor = open(partial, O_RDWR | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw TrainingError.file(path: partial, reason: "cannot be created (\(reason))") }
        defer { close(descriptor) }
        do {
            // Blocks are reserved now: a full disk is an error here and not a bus error later.
            guard posix_fallocate(descriptor, 0, off_t(count)) == 0 else {
                throw TrainingError.file(path: partial, reason: "no room for \(count) bytes")
            }
            guard let start = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), start != MAP_FAILED
            else { throw TrainingError.file(path: partial, reason: "cannot be mapped (\(reason))") }
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
}

/// Memory that several threads fill, each its own part.
struct WritableBytes: @unchecked Sendable {
    let start: UnsafeMutableRawBufferPointer

    /// Copies bytes to a place.
    func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        UnsafeMutableRawBufferPointer(rebasing: start[offset..<(offset + bytes.count)]).copyMemory(from: bytes)
    }
}

/// Writes a small file by renaming it into place.
func writeWhole(_ data: Data, to path: String) throws {
    let partial = path + ".partial-\(getpid())"
    guard FileManager.default.createFile(atPath: partial, contents: data) else {
        throw TrainingError.file(path: partial, reason: "cannot be written (\(MappedFile.reason))")
    }
    guard rename(partial, path) == 0 else {
        unlink(partial)
        throw TrainingError.file(path: path, reason: "cannot be renamed into place (\(MappedFile.reason))")
    }
}

/// Makes a folder and those above it.
func makeFolder(_ path: String) throws {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw TrainingError.file(path: path, reason: "the folder cannot be made (\(error.localizedDescription))")
    }
}
