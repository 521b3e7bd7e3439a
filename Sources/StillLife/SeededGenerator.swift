/// The world's own random numbers (SplitMix64), so that a seed means the same thing on every platform.
///
/// Choices are drawn with `below`, `between` and `pick` rather than with the standard library's `random(in:using:)`,
/// whose mapping from bits to values is not promised to stay the same between Swift versions.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator whose whole sequence follows from `seed`.
    public init(seed: UInt64) { state = seed }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A whole number in `0..<count`.
    /// - Precondition: `count` is positive.
    public mutating func below(_ count: Int) -> Int {
        precondition(count > 0, "below(\(count)) has nothing to choose from")
        return Int(((next() >> 32) &* UInt64(count)) >> 32)
    }

    /// A number in 0..<1 with 24 random bits.
    public mutating func unit() -> Float { Float(next() >> 40) * 0x1p-24 }

    /// A number between two bounds.
    public mutating func between(_ low: Float, _ high: Float) -> Float { low + (high - low) * unit() }

    /// True with the given probability.
    public mutating func chance(_ probability: Float) -> Bool { unit() < probability }

    /// One of the choices, each as likely as the others.
    /// - Precondition: `choices` is not empty.
    public mutating func pick<Choices: RandomAccessCollection>(_ choices: Choices) -> Choices.Element {
        choices[choices.index(choices.startIndex, offsetBy: below(choices.count))]
    }
}
