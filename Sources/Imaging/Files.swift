import Foundation

/// Reading whole files, and writing them whole or not at all.
enum Files {
    /// Files above this many bytes are not read into memory: no picture needs them.
    static let byteLimit = 2 << 30

    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// Every byte of a picture file; stops after the first few where they are no picture.
    static func readPicture(_ path: String) throws -> (bytes: [UInt8], format: PictureFormat) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { throw ImagingError.missingFile(path: path) }
            throw ImagingError.unreadable(path: path, reason: reason(code))
        }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else {
            throw ImagingError.unreadable(path: path, reason: reason(errno))
        }
        if facts.st_mode & S_IFMT == S_IFDIR {
            throw ImagingError.unreadable(path: path, reason: "it is a folder")
        }
        let head = try readBytes(file, path: path, atMost: PictureFormat.sniffedBytes)
        guard !head.isEmpty else { throw ImagingError.emptyFile(path: path) }
        guard let format = PictureFormat(sniffing: head) else {
            throw ImagingError.notAPicture(path: path, resembling: PictureFormat.resemblance(of: head))
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
            let count = piece.withUnsafeMutableBytes { read(file, $0.baseAddress, wanted) }
            if count < 0 {
                if errno == EINTR { continue }
                throw ImagingError.unreadable(path: path, reason: reason(errno))
            }
            if count == 0 { break }
            bytes.append(contentsOf: piece[0..<count])
        }
        return bytes
    }

    /// Writes a file whole or not at all: into a hidden file beside it, synchronised, then renamed over it.
    ///
    /// What is there already and is no ordinary file (a device, a pipe) is written to directly, never
    /// replaced. `opened` is called with the new file before anything is written; tests make it fail there.
    static func write(
        _ bytes: [UInt8], to path: String, opened: (Int32) -> Void = { _ in }
    ) throws {
        var facts = stat()
        if stat(path, &facts) == 0, facts.st_mode & S_IFMT != S_IFREG {
            if facts.st_mode & S_IFMT == S_IFDIR {
                throw ImagingError.cannotWrite(path: path, reason: "it is a folder")
            }
            let file = open(path, O_WRONLY | O_CLOEXEC)
            guard file >= 0 else { throw failure(path, errno) }
            defer { close(file) }
            let code = writeAll(bytes, to: file)
            if code != 0 { throw failure(path, code) }
            return
        }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let name = String(parts.last ?? "")
        guard !name.isEmpty else { throw ImagingError.cannotWrite(path: path, reason: "it names no file") }
        let folder = parts.dropLast().joined(separator: "/")
        let prefix = parts.count > 1 ? folder + "/" : ""
        let mark = String(UInt64.random(in: .min ... .max), radix: 36)
        let temporary = "\(prefix).\(name.prefix(80)).\(mark).part"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard file >= 0 else { throw failure(path, errno) }
        opened(file)
        var code = writeAll(bytes, to: file)
        if code == 0, fsync(file) != 0 { code = errno }
        if close(file) != 0, code == 0 { code = errno }
        if code == 0, rename(temporary, path) != 0 { code = errno }
        if code != 0 {
            unlink(temporary)
            throw failure(path, code)
        }
        synchroniseFolder(parts.count > 1 ? (folder.isEmpty ? "/" : folder) : ".")
    }

    /// Writes every byte; returns 0, or the error number.
    private static func writeAll(_ bytes: [UInt8], to file: Int32) -> Int32 {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                Foundation.write(file, $0.baseAddress.map { $0 + done }, bytes.count - done)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            done += count
        }
        return 0
    }

    /// Makes the new name last through a power cut, where the file system can.
    private static func synchroniseFolder(_ folder: String) {
        let file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }

    private static func failure(_ path: String, _ code: Int32) -> ImagingError {
        switch code {
        case ENOENT, ENOTDIR: .missingFolder(path: path)
        case ENOSPC, EDQUOT: .diskFull(path: path)
        default: .cannotWrite(path: path, reason: reason(code))
        }
    }
}
