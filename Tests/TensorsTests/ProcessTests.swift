import Foundation
import Testing

@testable import Tensors

/// What tensors leave as it was in the process around them.
@Suite struct ProcessTests {
    /// Bytes of memory that the process holds.
    static func resident() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(text.split(separator: " ")[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Bytes that the process still holds of a tensor of 48 MiB that it has freed.
    static func keptOfFreedTensor() throws -> Int {
        let before = try resident()
        _ = Tensor.ones([12 << 20]).sum.item
        return try resident() - before
    }

    @Test("Tensors give their memory back unless the program asks for another way")
    func memory() async {
        await #expect(processExitsWith: .success) {
            _ = Tensor.ones([2]).sum.item
            let kept = try Self.keptOfFreedTensor()
            precondition(kept < 16 << 20, "kept \(kept) bytes")
            Torch.tuneProcess()
            let tuned = try Self.keptOfFreedTensor()
            precondition(tuned > 40 << 20, "kept \(tuned) bytes only")
        }
    }

    @Test("Opening libtorch leaves its number of threads as it is")
    func threads() async {
        await #expect(processExitsWith: .success) {
            let wanted = ProcessInfo.processInfo.environment["OMP_NUM_THREADS"].flatMap { Int($0) }
            precondition(wanted == nil || Device.threadCount == wanted)
            Device.threadCount = 3
            _ = Tensor.ones([1 << 20]).sum.item
            precondition(Device.threadCount == 3)
        }
    }
}
