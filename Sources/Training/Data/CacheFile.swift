import Foundation
import Support
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
        try telling {
            try WholeFile.write(to: path) { descriptor in
                // Blocks are reserved now: a full disk is an error here and not a bus error later.
                let number = posix_fallocate(descriptor, 0, off_t(count))
                guard number == 0 else { throw SystemFailure(number: number) }
                let start = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
                guard let start, start != MAP_FAILED else { throw SystemFailure(number: errno) }
                defer { munmap(start, count) }
                try fill(WritableBytes(start: UnsafeMutableRawBufferPointer(start: start, count: count)))
            }
        }
    }

    /// Writes a small file, whole or not at all.
    static func write(_ data: Data, to path: String) throws {
        try telling { try WholeFile.write(data, to: path) }
    }

    /// Makes a folder and those above it.
    static func makeFolder(_ path: String) throws { try telling { try WholeFolder.make(path) } }

    /// Does something whose failures in writing become training's own.
    static func telling<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let failure as WriteFailure {
            throw TrainingError.cannotWrite(
                path: failure.path, reason: failure.reason, isFault: failure.isFault)
        }
    }
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
