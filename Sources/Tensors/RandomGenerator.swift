internal import CTorch

/// libtorch's CPU generator: the numbers of `torch.Generator("cpu").manual_seed(seed)`, bit for bit.
///
/// Numbers are always drawn on the CPU in float32 and moved, so that a seed means the same image on every device.
public final class RandomGenerator {
    let handle: PTGenerator

    /// A generator of its own; the global one is never used.
    public init(seed: UInt64) {
        var handle: PTGenerator?
        guard Backend.table.generator_create(seed, &handle) == PT_OK, let handle else {
            failTensor("random generator: \(Backend.lastError)")
        }
        self.handle = handle
    }

    deinit { Backend.table.generator_release(handle) }

    /// Standard normal numbers, float32 on the CPU.
    public func normal(_ shape: [Int]) -> Tensor {
        Operator.randomNormal(.ints(shape), .generator(self), .dtype(.float32), .none, .device(.cpu))
    }

    /// Numbers in 0..<1, float32 on the CPU.
    public func uniform(_ shape: [Int]) -> Tensor {
        Operator.randomUniform(.ints(shape), .generator(self), .dtype(.float32), .none, .device(.cpu))
    }

    /// Integers in a range, int64 on the CPU.
    public func integers(in range: Range<Int>, _ shape: [Int]) -> Tensor {
        Operator.randomIntegers(
            .int(range.lowerBound), .int(range.upperBound), .ints(shape), .generator(self), .dtype(.int64),
            .none,
            .device(.cpu))
    }

    /// 0..<count in random order, int64 on the CPU.
    public func permutation(_ count: Int) -> Tensor {
        Operator.randomPermutation(.int(count), .generator(self), .dtype(.int64), .none, .device(.cpu))
    }
}
