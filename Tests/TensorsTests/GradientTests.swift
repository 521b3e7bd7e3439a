import TestSupport
import Testing

@testable import Tensors

@Suite struct GradientTests {
    /// A function of one tensor, composed of several operators, to compare with finite differences.
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let shape: [Int]
        let function: @Sendable (Tensor) -> Tensor
    }

    /// Fixed float64 numbers of a shape.
    private static func numbers(_ shape: [Int], seed: UInt64) -> Tensor {
        RandomGenerator(seed: seed).normal(shape).to(dtype: .float64)
    }

    static let cases = [
        Case(testDescription: "linear, gelu, layer norm", shape: [3, 4]) { x in
            x.linear(numbers([5, 4], seed: 1), numbers([5], seed: 2)).gelu()
                .layerNormalized(numbers([5], seed: 3), numbers([5], seed: 4), epsilon: 1e-5)
        },
        Case(testDescription: "convolution, group norm, silu", shape: [2, 3, 4, 4]) { x in
            x.convolved(numbers([4, 3, 3, 3], seed: 5), numbers([4], seed: 6), stride: 2, padding: 1)
                .groupNormalized(2, numbers([4], seed: 7), numbers([4], seed: 8), epsilon: 1e-5).silu
        },
        Case(testDescription: "attention of a tensor with itself", shape: [1, 2, 3, 4]) { x in
            .attention(x, x * 0.5, x.squared)
        },
        Case(testDescription: "softmax of a product", shape: [2, 3]) { x in
            x.matmul(x.transposed(0, 1)).softmax(-1).matmul(x)
        },
        Case(testDescription: "enlarged, padded, rolled, joined", shape: [1, 2, 3, 3]) { x in
            let large = x.upsampledNearest(height: 6, width: 6)
            let smooth = x.resampledBilinear(height: 4, width: 8).padded([0, 0, 1, 1]).narrowed(
                3, from: 1, count: 6)
            return .concatenated([large.rolled([1], along: [2]), smooth], along: 1).averagePooled(2)
        },
        Case(testDescription: "numbers divided, roots, exponentials", shape: [7]) { x in
            (2 / (x.squared + 1)).squareRoot * (-x.absolute).exp + x.sigmoid.logarithm - (1 - x).sin
        },
    ]

    @Test("Gradients agree with finite differences", arguments: cases)
    func finiteDifferences(of example: Case) {
        let start = Self.numbers(example.shape, seed: 11)
        let weights = Self.numbers(example.function(start).shape, seed: 12)
        let loss = { (x: Tensor) in (example.function(x) * weights).sum }
        let leaf = start.requiringGradient
        let exact = gradient(of: loss(leaf), withRespectTo: leaf)
        let step = 1e-5
        var values = start.scalars(as: Double.self)
        let estimates = values.indices.map { index in
            let middle = values[index]
            values[index] = middle + step
            let above = loss(Tensor(values, shape: example.shape)).item
            values[index] = middle - step
            let below = loss(Tensor(values, shape: example.shape)).item
            values[index] = middle
            return (above - below) / (2 * step)
        }
        #expect(relativeError(exact, Tensor(estimates, shape: example.shape)) < 1e-7)
    }

    @Test("A graph that is kept answers twice")
    func keptGraph() {
        let x = Tensor([1, 2] as [Float]).requiringGradient
        let scalar = (x * x * x).sum
        let first = gradients(of: scalar, withRespectTo: [x], keepingGraph: true)[0]
        #expect(gradient(of: scalar, withRespectTo: x).isEqual(to: first))
        #expect(first.floats == [3, 12])
    }

    @Test("Recording is switched off and on in nested scopes, and each restores what was before")
    func nesting() {
        let x = Tensor([1] as [Float]).requiringGradient
        withoutGradients {
            withoutGradients { #expect(!(x * 2).recordsGradient) }
            #expect(!(x * 2).recordsGradient)
            withGradients {
                #expect((x * 2).recordsGradient)
                withoutGradients { #expect(!(x * 2).recordsGradient) }
                #expect((x * 2).recordsGradient)
            }
            #expect(!(x * 2).recordsGradient)
        }
        #expect((x * 2).recordsGradient)
    }

    @Test("A thrown error restores recording too")
    func restoredAfterError() {
        struct Interruption: Error {}
        let x = Tensor([1] as [Float]).requiringGradient
        #expect(throws: Interruption.self) { try withoutGradients { throw Interruption() } }
        #expect((x * 2).recordsGradient)
        withoutGradients {
            #expect(throws: Interruption.self) { try withGradients { throw Interruption() } }
            #expect(!(x * 2).recordsGradient)
        }
        #expect((x * 2).recordsGradient)
    }

    @Test("A detached tensor has its values and no history")
    func detached() {
        let x = Tensor([3] as [Float]).requiringGradient
        let y = (x * 2).detached
        #expect(!y.recordsGradient && y.floats == [6])
        #expect(gradient(of: (x * y).sum, withRespectTo: x).floats == [6])
    }
}
