import Testing

@testable import Evaluation

@Suite struct NumbersTests {
    @Test("Average precision is the mean precision at the true places, ties sharing a rank")
    func averagePrecision() {
        #expect(Numbers.averagePrecision([0.9, 0.8, 0.7, 0.6], truth: [true, true, false, false]) == 1)
        // True at ranks 1 and 3: (1 + 2/3) / 2.
        let mixed = Numbers.averagePrecision([0.9, 0.8, 0.7, 0.6], truth: [true, false, true, false])
        #expect(abs((mixed ?? 0) - 5 / 6.0) < 1e-12)
        // A map that says nothing has the mask's area, whatever the order.
        #expect(Numbers.averagePrecision([1, 1, 1, 1], truth: [false, false, false, true]) == 0.25)
        #expect(Numbers.averagePrecision([1, 2], truth: [false, false]) == nil)
    }

    @Test("Wilson's interval has the published values at its ends and in the middle")
    func interval() {
        let half = Numbers.interval(right: 50, of: 100)
        #expect(abs(half.lowerBound - 0.4038) < 1e-4 && abs(half.upperBound - 0.5962) < 1e-4)
        let all = Numbers.interval(right: 10, of: 10)
        #expect(abs(all.lowerBound - 0.7225) < 1e-4 && abs(all.upperBound - 1) < 1e-12)
        #expect(Numbers.interval(right: 0, of: 0) == 0...1)
    }

    @Test("Overlap counts places in both over places in any")
    func overlap() {
        #expect(Numbers.overlap([true, true, false], [false, true, true]) == 1 / 3.0)
        #expect(Numbers.overlap([false], [false]) == 1)
    }
}
