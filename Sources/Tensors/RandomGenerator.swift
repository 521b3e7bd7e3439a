internal import CTorch

/// A generator of libtorch's: on the CPU the numbers of `torch.Generator("cpu").manual_seed(seed)`, bit for bit.
///
/// What an edit draws is always drawn on the CPU in float32 and moved, so that a seed means the same image on every
/// device. A training, which draws millions of numbers a step, draws them where it computes.
public final class RandomGenerator {
    let handle: PTGenerator
    /// Where the numbers are drawn, and lie.
    public let device: Device

    /// A generator of its own; the global one is never used.
    public init(seed: UInt64, device: Device = .cpu) {
        self.device = device
        var handle: PTGenerator?
        let (type, index): (Int64, Int64) =
            switch device {
            case .cpu: (0, 0)
            case .cuda(let index): (1, Int64(index))
            }
        guard Backend.table.generator_create(seed, type, index, &handle) == PT_OK, let handle else {
            failTensor("random generator: \(Backend.lastError)")
        }
        self.handle = handle
    }

    deinit { Backend.table.generator_release(handle) }

    /// Standard normal numbers, float32.
    public func normal(_ shape: [Int]) -> Tensor {
        Operator.randomNormal(.ints(shape), .generator(self), .dtype(.float32), .none, .device(device))
    }

    /// Numbers in 0..<1, float32.
    public func uniform(_ shape: [Int]) -> Tensor {
        Operator.randomUniform(.ints(shape), .generator(self), .dtype(.float32), .none, .device(device))
    }

    /// Integers in a range, int64.
    public func integers(in range: Range<Int>, _ shape: [Int]) -> Tensor {
        Operator.randomIntegers(
            .int(range.lowerBound), .int(range.upperBound), .ints(shape), .generator(self), .dtype(.int64),
            .none,
            .device(device))
    }

    /// 0..<count in random order, int64.
    public func permutation(_ count: Int) -> Tensor {
        Operator.randomPermutation(.int(count), .generator(self), .dtype(.int64), .none, .device(device))
    }
}
