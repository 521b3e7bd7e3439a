import Foundation
import Support
import Synchronization

/// Reading whole image files, and writing them whole or not at all; `-` is standard input or output.
enum Files {
    /// Files above this many bytes are not read into memory: no image needs them.
    static let byteLimit = 2 << 30

    /// What a path is called in messages.
    static func name(_ path: String) -> String { path == "-" ? "standard input" : path }

    /// What came from standard input, which can be read only once.
    private static let standardInput = Mutex<(bytes: [UInt8], format: ImageFormat)?>(nil)

    /// Every byte of an image file; stops after the first few where they are no image.
    static func readImage(_ path: String) throws -> (bytes: [UInt8], format: ImageFormat) {
        guard path == "-" else { return try read(path, opened: open(path, O_RDONLY | O_CLOEXEC)) }
        return try standardInput.withLock { kept in
            if let kept { return kept }
            guard isatty(STDIN_FILENO) == 0 else {
                throw ImagingError.unreadable(
                    path: name(path), reason: "it is a terminal; send a picture into it")
            }
            let copy = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
            let read = try read(name(path), opened: copy)
            kept = read
            return read
        }
    }

    /// Reads an open file to its end and closes it.
    private static func read(
        _ path: String, opened file: Int32
    ) throws -> (bytes: [UInt8], format: ImageFormat) {
        guard file >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { throw ImagingError.missingFile(path: path) }
            throw ImagingError.unreadable(path: path, reason: WriteFailure.reason(code))
        }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else {
            throw ImagingError.unreadable(path: path, reason: WriteFailure.reason(errno))
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            throw ImagingError.unreadable(path: path, reason: "it is a folder")
        }
        let head = try readBytes(file, path: path, atMost: ImageFormat.sniffedBytes)
        guard !head.isEmpty else { throw ImagingError.emptyFile(path: path) }
        guard let format = ImageFormat(sniffing: head) else {
            throw ImagingError.notAnImage(path: path, resembling: ImageFormat.resemblance(of: head))
        }
        let rest = try readBytes(file, path: path, atMost: byteLimit, expecting: Int(facts.st_size))
        guard rest.count < byteLimit else {
            throw ImagingError.unreadable(path: path, reason: "it has more than \(byteLimit >> 30) GiB")
        }
        return (head + rest, format)
    }

    private static func readBytes(
        _ file: Int32, path: String, atMost limit: Int, expecting size: Int = 0
    ) throws -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(max(size, 0), limit))
        var piece = [UInt8](repeating: 0, count: min(limit, 1 << 18))
        while bytes.count < limit {
            let wanted = min(piece.count, limit - bytes.count)
            let count = piece.withUnsafeMutableBytes { Foundation.read(file, $0.baseAddress, wanted) }
            if count < 0 {
                if errno == EINTR { continue }
                throw ImagingError.unreadable(path: path, reason: WriteFailure.reason(errno))
            }
            if count == 0 { break }
            bytes.append(contentsOf: piece[0..<count])
        }
        return bytes
    }

    /// Writes a file whole or not at all, as `WholeFile` does.
    ///
    /// `opened` is called with the new file before anything is written; tests make it fail there.
    static func write(
        _ bytes: [UInt8], to path: String, replacing: Bool = true, opened: (Int32) -> Void = { _ in }
    ) throws {
        do {
            try WholeFile.write(to: path, replacing: replacing) { file in
                opened(file)
                try bytes.withUnsafeBytes { try WholeFile.writeAll($0, to: file) }
            }
        } catch let failure as WriteFailure {
            throw ImagingError(failure)
        }
    }
}

extension ImagingError {
    /// What a failed writing means for an image.
    init(_ failure: WriteFailure) {
        let path = Destination.name(of: failure.path)
        self =
            switch failure.cause {
            case .noFolder: .missingFolder(path: path)
            case .noRoom: .diskFull(path: path)
            case .taken: .taken(path: path)
            case .closed, .broken: .writingBroke(path: path, reason: failure.reason)
            default: .cannotWrite(path: path, reason: failure.reason)
            }
    }
}
