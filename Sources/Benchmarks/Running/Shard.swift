/// A part of a benchmark's edits: every so manieth from one of the first on.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// Which part, from 1.
    public let number: Int
    /// How many parts there are.
    public let count: Int

    /// All edits.
    public static let whole = Shard(number: 1, count: 1)

    /// - Precondition: the number lies in 1…count.
    public init(number: Int, count: Int) {
        precondition((1...max(count, 1)).contains(number), "there is no part \(number) of \(count)")
        (self.number, self.count) = (number, count)
    }

    /// Reads `2/8`; nil for other texts.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let number = parts[0], let count = parts[1], count > 0,
            count <= 100_000,
            (1...count).contains(number)
        else { return nil }
        self.init(number: number, count: count)
    }

    /// `2/8`.
    public var description: String { "\(number)/\(count)" }

    /// Whether the edit of an index is in it.
    public func holds(_ index: Int) -> Bool { index % count == number - 1 }
}
