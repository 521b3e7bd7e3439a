import Foundation

/// A share with Wilson's 95 % interval.
public struct Share: Sendable, Hashable, Codable {
    /// How often it was right.
    public var right: Int
    /// How often it was asked.
    public var of: Int
    /// The share.
    public var share: Double
    /// The interval's lower end.
    public var low: Double
    /// The interval's upper end.
    public var high: Double

    /// So many right of so many.
    public init(right: Int, of total: Int) {
        (self.right, of) = (right, total)
        share = total > 0 ? Double(right) / Double(total) : 0
        let interval = Statistics.wilson(successes: right, of: total)
        (low, high) = (interval?.low ?? 0, interval?.high ?? 1)
    }

    /// The share of answers that are right.
    public init(_ answers: [Bool]) { self.init(right: answers.count { $0 }, of: answers.count) }
}

extension Share: CustomStringConvertible {
    /// For people: `75.0 % (30.1–95.4, 3 of 4)`.
    public var description: String {
        func percent(_ value: Double) -> String { String(format: "%.1f", value * 100) }
        return "\(percent(share)) % (\(percent(low))–\(percent(high)), \(right) of \(of))"
    }
}
