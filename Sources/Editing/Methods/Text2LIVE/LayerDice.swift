import Tensors

/// The random choices of one step, in the order in which they are asked for; they follow from seed and step alone.
final class LayerDice {
    private let random: RandomGenerator

    /// The choices of a step.
    init(seed: UInt64, step: Int) { random = TuningDraws.generator(seed: seed, step: step) }

    /// A number from a range.
    func number(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + random.uniform([1]).item * (range.upperBound - range.lowerBound)
    }

    /// Whether something of a probability happens.
    func happens(_ probability: Double) -> Bool { random.uniform([1]).item < probability }

    /// A whole number from 0 to below a count.
    func index(below count: Int) -> Int {
        Int(random.integers(in: 0..<count, [1]).scalars(as: Int64.self)[0])
    }
}
