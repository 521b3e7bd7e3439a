import Foundation
import Testing

@testable import Tensors

/// A programmer's mistake ends the process, and the last words name the operator and the shapes.
@Suite struct FailureTests {
    /// Whether all words stand in what a process wrote to standard error.
    private func said(_ result: ExitTest.Result?, _ words: String...) -> Bool {
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        return words.allSatisfy { text.contains($0) }
    }

    @Test("A refused operator ends the process with its name and the shapes")
    func refusedOperator() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).matmul(.zeros([4, 5]))
        }
        #expect(said(result, "aten::matmul", "float32[2, 3], float32[4, 5]", "cannot be multiplied"))
    }

    @Test("Parts that cannot be joined are listed with their dtypes and shapes")
    func refusedList() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.concatenated([.zeros([1, 2]), .zeros([1, 3], dtype: .float64)])
        }
        #expect(said(result, "aten::cat", "[float32[1, 2], float64[1, 3]]"))
    }

    @Test("Memory that cannot be had is called that")
    func outOfMemory() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1 << 30, 1 << 24])
        }
        #expect(said(result, "out of memory in aten::full", "[1073741824, 16777216]"))
    }

    @Test("Numbers that do not fill a shape, and a tensor that is not one number, are refused")
    func wrongCounts() async {
        let unfilled = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1, 2, 3] as [Float], shape: [2, 2])
        }
        #expect(said(unfilled, "3 numbers do not fill shape [2, 2]"))
        let many = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1, 2] as [Float]).item
        }
        #expect(said(many, "a tensor of shape [2] is not one number"))
    }

    @Test("The handler decides how the process ends")
    func handler() async {
        await #expect(processExitsWith: .exitCode(70)) {
            tensorFailureHandler = { _ in exit(70) }
            _ = Tensor.zeros([2]) + Tensor.zeros([3])
        }
    }
}
