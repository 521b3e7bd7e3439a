import Foundation
import Support

/// A whole file in memory, read-only and page by page as it is touched.
///
/// The file must not be cut short meanwhile; files that are replaced by rename keep their old content here.
package final class MappedFile: @unchecked Sendable {
    /// Where it lies.
    package let path: String
    /// Its bytes, valid as long as this object.
    package let bytes: UnsafeRawBufferPointer

    /// Maps a regular file; an empty one has no bytes.
    package init(path: String) throws {
        self.path = path
        // Not blocking: a pipe without a writer would wait for one.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw SafetensorsError.cannotRead(path: path, reason: WriteFailure.reason(errno))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw SafetensorsError.cannotRead(path: path, reason: WriteFailure.reason(errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SafetensorsError.notAFile(path: path) }
        let count = Int(status.st_size)
        guard count > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let start, start != MAP_FAILED else {
            throw SafetensorsError.cannotRead(path: path, reason: WriteFailure.reason(errno))
        }
        bytes = UnsafeRawBufferPointer(start: start, count: count)
    }

    /// Bytes of the file.
    package var count: Int { bytes.count }

    /// Lets the system drop whole pages of a part from this process; they come back from the file when touched.
    func evictPages(_ part: Range<Int>) {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let start = (part.lowerBound + page - 1) / page * page
        let end = part.upperBound / page * page
        guard start < end, let base = bytes.baseAddress else { return }
        madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, Int32(MADV_DONTNEED))
    }

    deinit {
        if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    }
}
