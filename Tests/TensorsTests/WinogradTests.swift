import TestSupport
import Testing

@testable import Tensors

@Suite struct WinogradTests {
    /// A convolution to compute in both ways.
    struct Case: CustomTestStringConvertible, Sendable {
        let (rows, inputs, outputs, height, width): (Int, Int, Int, Int, Int)
        var testDescription: String { "\(rows)×\(inputs)×\(height)×\(width) to \(outputs) channels" }

        func numbers(_ shape: [Int], _ seed: UInt64) -> Tensor { RandomGenerator(seed: seed).normal(shape) }
        var images: Tensor { numbers([rows, inputs, height, width], 1) }
        var weight: Tensor { numbers([outputs, inputs, 3, 3], 2) / Double(inputs * 9).squareRoot() }
        var bias: Tensor { numbers([outputs], 3) }
    }

    // Even and odd sides, a single pixel, more tiles than go together, more filters than are made at once.
    static let cases = [
        Case(rows: 2, inputs: 16, outputs: 32, height: 8, width: 8),
        Case(rows: 1, inputs: 48, outputs: 16, height: 5, width: 7),
        Case(rows: 3, inputs: 32, outputs: 48, height: 1, width: 1),
        Case(rows: 1, inputs: 16, outputs: 16, height: 2, width: 9),
        Case(rows: 5, inputs: 16, outputs: 16, height: 31, width: 33),
        Case(rows: 1, inputs: 1024, outputs: 1040, height: 3, width: 4),
    ]

    @Test("Winograd's convolution is the plain one, in both memory orders", arguments: cases)
    func agrees(example: Case) {
        withoutGradients {
            let (x, weight, bias) = (example.images, example.weight, example.bias)
            let exact = x.to(dtype: .float64).convolved(
                weight.to(dtype: .float64), bias.to(dtype: .float64), padding: 1)
            for filters in [nil, weight.winogradFilters] {
                let result = x.winogradConvolved(weight, bias, filters: filters)
                #expect(relativeError(result, exact) < 1e-6)
                #expect(result.isRowMajor)
                let innermost = x.channelsLast.winogradConvolved(weight.channelsLast, bias, filters: filters)
                #expect(innermost.isEqual(to: result))
            }
        }
    }

    @Test("Its gradients are the plain one's")
    func gradients() {
        let example = Case(rows: 2, inputs: 16, outputs: 32, height: 6, width: 5)
        let leaves = [example.images, example.weight, example.bias].map(\.requiringGradient)
        let toward = example.numbers([2, 32, 6, 5], 4)
        func found(_ result: Tensor, _ leaves: [Tensor]) -> [Tensor] {
            Tensors.gradients(of: (result * toward).sum, withRespectTo: leaves)
        }
        let fast = found(leaves[0].winogradConvolved(leaves[1], leaves[2], filters: nil), leaves)
        let plain = found(leaves[0].convolved(leaves[1], leaves[2], padding: 1), leaves)
        for (fast, plain) in zip(fast, plain) { #expect(relativeError(fast, plain) < 2e-6) }
        // Only what is wanted is computed; frozen weights answer the input's alone.
        let alone = found(
            leaves[0].winogradConvolved(example.weight, example.bias, filters: nil), [leaves[0]])
        #expect(relativeError(alone[0], plain[0]) < 2e-6)
    }

    @Test("It is offered for float32 on the CPU and channels in sixteens")
    func offered() {
        let weight = Tensor.zeros([48, 16, 3, 3])
        #expect(weight.allowsWinograd)
        for other in [[48, 4, 3, 3], [3, 16, 3, 3], [48, 16, 1, 1]] {
            #expect(!Tensor.zeros(other).allowsWinograd)
        }
        for dtype in [DType.bfloat16, .float64] { #expect(!weight.to(dtype: dtype).allowsWinograd) }
    }
}
