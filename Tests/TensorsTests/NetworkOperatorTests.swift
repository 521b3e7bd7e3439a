import Testing

@testable import Tensors

/// The operators of networks on numbers small enough to check by hand.
@Suite struct NetworkOperatorTests {
    private func close(_ tensor: Tensor, _ expected: [Double], within tolerance: Double = 1e-6) -> Bool {
        let values = tensor.scalars(as: Double.self)
        return values.count == expected.count
            && zip(values, expected).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
    }

    private func tensor(_ values: [Float], _ shape: Int...) -> Tensor { Tensor(values, shape: shape) }

    @Test("A convolution slides its kernel without turning it, with bias, stride and padding")
    func convolution() {
        let image = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], 1, 1, 3, 3)
        let kernel = tensor([1, 0, 0, 10], 1, 1, 2, 2)
        #expect(image.convolved(kernel, nil).floats == [51, 62, 84, 95])
        let padded = image.convolved(kernel, tensor([0.5], 1), stride: 2, padding: 1)
        #expect(padded.shape == [1, 1, 2, 2])
        #expect(padded.floats == [10.5, 30.5, 70.5, 95.5])
        // Two channels in, summed; two out.
        let pair = tensor([1, 2], 1, 2, 1, 1)
        #expect(pair.convolved(tensor([1, 10, 100, 1000], 2, 2, 1, 1), nil).floats == [21, 2100])
    }

    @Test("Attention weighs values by the softmax of scaled products, and looks back only where causal")
    func attention() {
        // With d = 2 the first query sees the keys at log 3 and log 1: weights 3/4 and 1/4.
        let query = tensor([1, 0, 0, 0], 1, 1, 2, 2)
        let keys = tensor([1.5536724, 0, 0, 5], 1, 1, 2, 2)  // √2·ln 3
        let values = tensor([4, 0, 8, 4], 1, 1, 2, 2)
        #expect(close(.attention(query, keys, values), [5, 1, 6, 2]))
        #expect(close(.attention(query, keys, values, causal: true), [4, 0, 6, 2]))
    }

    @Test("Group norm makes each group mean 0 and variance 1, then scales by channel")
    func groupNorm() {
        let x = tensor([1, 3, 10, 20], 1, 4, 1, 1)
        #expect(close(x.groupNormalized(2, nil, nil, epsilon: 0), [-1, 1, -1, 1]))
        let scaled = x.groupNormalized(
            2, tensor([1, 2, 3, 4], 4), tensor([0, 1, 0, 1], 4), epsilon: 0)
        #expect(close(scaled, [-1, 3, -3, 5]))
        // Variance 1 and epsilon 3: divided by 2.
        #expect(close(tensor([1, 3], 1, 2, 1, 1).groupNormalized(1, nil, nil, epsilon: 3), [-0.5, 0.5]))
    }

    @Test("Layer norm works on the last dimension")
    func layerNorm() {
        let x = tensor([1, 3, 10, 20], 2, 2)
        #expect(
            close(x.layerNormalized(tensor([1, 2], 2), tensor([0, 1], 2), epsilon: 0), [-1, 3, -1, 3]))
    }

    @Test("Linear multiplies by the transposed weight")
    func linear() {
        let x = tensor([1, 2], 1, 2)
        #expect(
            x.linear(tensor([1, 10, 100, 1000, 0, 1], 3, 2), tensor([0.5, 0, 0], 3)).floats == [
                21.5, 2100, 2,
            ])
    }

    @Test("Softmax and its logarithm, an embedding, the activations")
    func others() {
        let logits = tensor([0, 0.6931472, 1.6094379], 3)  // ln 1, ln 2, ln 5
        #expect(close(logits.softmax(0), [0.125, 0.25, 0.625]))
        #expect(close(logits.logSoftmax(0), [-2.0794415, -1.3862944, -0.4700036]))
        let table = tensor([1, 2, 3, 4, 5, 6], 3, 2)
        #expect(Tensor.embedding(table, Tensor([2, 0, 2] as [Int64])).floats == [5, 6, 1, 2, 5, 6])
        let x = tensor([-1, 0, 1], 3)
        #expect(close(x.gelu(), [-0.15865525, 0, 0.84134475]))
        #expect(close(x.gelu(approximate: true), [-0.15880801, 0, 0.84119199]))
        #expect(close(x.silu, [-0.26894142, 0, 0.73105858]))
        #expect(x.relu.floats == [0, 0, 1])
    }

    @Test("Enlarging, pooling and padding")
    func resampling() {
        let x = tensor([1, 2, 3, 4], 1, 1, 2, 2)
        #expect(x.upsampledNearest(height: 2, width: 4).floats == [1, 1, 2, 2, 3, 3, 4, 4])
        #expect(close(x.resampledBilinear(height: 2, width: 4), [1, 1.25, 1.75, 2, 3, 3.25, 3.75, 4]))
        #expect(x.averagePooled(2).floats == [2.5])
        #expect(x.maxPooled(2, stride: 1, padding: 1).floats == [1, 2, 2, 3, 4, 4, 3, 4, 4])
        #expect(x.padded([1, 0], value: 9).floats == [9, 1, 2, 9, 3, 4])
    }

    // Fails for a window of four pixels whatever the size: the answer would be 0 between the lines.
    @Test("Bicubic resampling to a smaller size looks at all pixels where its window widens")
    func smoothBicubic() {
        let lines = (0..<64).map { $0 % 8 == 0 ? Float(8) : 0 }
        let image = tensor((0..<64).flatMap { _ in lines }, 1, 1, 64, 64)
        let small = image.resampledBicubicSmoothly(height: 8, width: 8)
        #expect(small.shape == [1, 1, 8, 8])
        #expect(abs(small.mean.item - 1) < 0.1)
        #expect(
            Tensor.full([1, 1, 9, 9], 3).resampledBicubicSmoothly(height: 4, width: 5).floats.allSatisfy {
                abs($0 - 3) < 1e-5
            })
    }
}
