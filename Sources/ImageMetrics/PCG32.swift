/// The random numbers of intervals and tests (PCG-XSH-RR 64/32, O'Neill 2014), so that they can be reproduced anywhere.
public struct PCG32: Sendable, Hashable {
    private var state: UInt64 = 0
    private let increment: UInt64

    /// A generator whose whole sequence follows from `seed` and `stream`.
    public init(seed: UInt64, stream: UInt64 = 54) {
        increment = stream << 1 | 1
        _ = next()
        state &+= seed
        _ = next()
    }

    /// The next 32 bits.
    public mutating func next() -> UInt32 {
        let old = state
        state = old &* 6_364_136_223_846_793_005 &+ increment
        let mixed = UInt32(truncatingIfNeeded: ((old >> 18) ^ old) >> 27)
        let turn = UInt32(old >> 59)
        return mixed >> turn | mixed << ((0 &- turn) & 31)
    }

    /// A whole number in `0..<count`: the high half of 32 bits times `count`.
    /// - Precondition: `count` is positive and below 2³².
    public mutating func below(_ count: Int) -> Int {
        precondition(count > 0 && count <= Int(UInt32.max), "below(\(count)) has nothing to choose from")
        return Int((UInt64(next()) &* UInt64(count)) >> 32)
    }
}
