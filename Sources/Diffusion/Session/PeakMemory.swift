import Foundation
package import Tensors

/// The most memory that the process has held.
package enum PeakMemory {
    /// Bytes: of the CUDA allocator for such a device, else the process's resident peak; 0 where it cannot be told.
    package static func bytes(device: Device) -> Int {
        if case .cuda(let index) = device { return Backend.cudaPeakBytes(device: index) }
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else { return 0 }
        return kilobytes * 1024
    }
}
