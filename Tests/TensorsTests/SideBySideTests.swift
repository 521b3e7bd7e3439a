import TestSupport
import Testing

@testable import Tensors

@Suite struct SideBySideTests {
    @Test("Answers come in order, whatever the threads", arguments: [1, 2, 5], [0, 1, 3, 40])
    func order(threads: Int, count: Int) {
        let answers = Backend.sideBySide(count, threads: threads) { index in
            Tensor.full([100], Double(index)).exp.logarithm.sum.item
        }
        #expect(answers.count == count)
        for (index, answer) in answers.enumerated() { #expect(abs(answer - Double(index * 100)) < 1e-2) }
    }

    @Test("Nothing is recorded for gradients, on no thread, and the caller's mode stays")
    func gradientMode() {
        let leaf = Tensor.ones([2]).requiringGradient
        withGradients {
            let recorded = Backend.sideBySide(8, threads: 4) { _ in (leaf * 2).recordsGradient }
            #expect(recorded == [Bool](repeating: false, count: 8))
            #expect((leaf * 2).recordsGradient)
        }
    }

    @Test("Linear layers that end with more agree with the steps one by one")
    func fusedLinear() {
        withoutGradients {
            let random = RandomGenerator(seed: 1)
            let x = random.normal([2, 600, 64])
            let (weight, bias) = (random.normal([48, 64]) / 8, random.normal([48]))
            let other = random.normal([2, 600, 48])
            #expect(x.allowsFusedLinear(weight))
            let plain = x.linear(weight, bias)
            #expect(relativeError(x.fusedLinear(weight, bias), plain) < 1e-6)
            #expect(relativeError(x.fusedLinear(weight, nil), x.linear(weight)) < 1e-6)
            #expect(relativeError(x.fusedLinear(weight, bias, gelu: true), plain.gelu()) < 1e-6)
            #expect(relativeError(x.fusedLinear(weight, bias, .plus, other), plain + other) < 1e-6)
            #expect(relativeError(x.fusedLinear(weight, bias, .times, other), plain * other) < 1e-6)
        }
        #expect(!Tensor.zeros([2, 600, 64]).requiringGradient.allowsFusedLinear(Tensor.zeros([48, 64])))
        #expect(!Tensor.zeros([2, 3]).allowsFusedLinear(Tensor.zeros([4, 3])))
    }
}
