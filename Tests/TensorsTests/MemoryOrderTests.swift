import Testing

@testable import Tensors

@Suite struct MemoryOrderTests {
    /// Weights and gradients of a convolution, [2, 3, 2, 2], different at every place.
    private static func numbers(_ scale: Float) -> Tensor {
        Tensor((0..<24).map { Float($0 % 7) * scale - Float($0) * 0.01 }, shape: [2, 3, 2, 2])
    }

    /// Two AdamW steps from fresh moments.
    private static func stepped(_ parameter: Tensor, _ gradient: Tensor) -> Tensor {
        let (first, second, steps) = (parameter.zerosLike, parameter.zerosLike, Tensor.zeros([]))
        for _ in 0..<2 {
            adamWInPlace(
                parameters: [parameter], gradients: [gradient], firstMoments: [first],
                secondMoments: [second],
                steps: [steps], learningRate: 0.1, beta1: 0.9, beta2: 0.999, weightDecay: 0.01, epsilon: 1e-8)
        }
        return parameter
    }

    @Test("AdamW pairs weights and gradients by index, in whatever order they lie in memory")
    func adamW() {
        let plain = Self.stepped(Self.numbers(0.1).copied, Self.numbers(0.3))
        let innermost = { (tensor: Tensor) in tensor.channelsLast }
        #expect(!innermost(Self.numbers(1)).isRowMajor)
        #expect(Self.stepped(Self.numbers(0.1).copied, innermost(Self.numbers(0.3))).isEqual(to: plain))
        #expect(Self.stepped(innermost(Self.numbers(0.1)), Self.numbers(0.3)).isEqual(to: plain))
        #expect(Self.stepped(innermost(Self.numbers(0.1)), innermost(Self.numbers(0.3))).isEqual(to: plain))
    }

    @Test("Zeros like a tensor lie as it lies")
    func zerosLike() {
        #expect(Self.numbers(1).zerosLike.isRowMajor)
        #expect(!Self.numbers(1).channelsLast.zerosLike.isRowMajor)
        #expect(Self.numbers(1).channelsLast.zerosLike.isEqual(to: Self.numbers(1).zerosLike))
    }
}
