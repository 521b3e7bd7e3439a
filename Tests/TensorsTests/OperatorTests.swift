import Testing

@testable import Tensors

@Suite struct OperatorTests {
    @Test("Every operator that the package names exists in libtorch", arguments: Operator.allCases)
    func exists(named operation: Operator) {
        if case .failure(let missing) = operation.resolve() { Issue.record("\(missing)") }
    }

    @Test("An operator's place in memory is its place in the list")
    func ordinals() {
        #expect(Operator.allCases.map(\.ordinal) == Array(0..<Operator.allCases.count))
    }

    @Test("Numbers go in and come out")
    func roundTrip() {
        let tensor = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect((tensor.transposed(0, 1) * 2).floats == [2, 8, 4, 10, 6, 12])
        #expect(tensor.sum.item == 21)
        #expect((1 - tensor).floats == [0, -1, -2, -3, -4, -5])
    }

    @Test("A gradient flows through boxed calls")
    func gradientFlows() {
        let x = Tensor([1, 2, 3] as [Float]).requiringGradient
        #expect(gradient(of: (x * x).sum, withRespectTo: x).floats == [2, 4, 6])
        let y = Tensor([1] as [Float]).requiringGradient
        #expect(gradients(of: x.sum, withRespectTo: [x, y])[1].floats == [0])
        withoutGradients { #expect(!(x * 2).recordsGradient) }
        #expect((x * 2).recordsGradient)
    }
}
