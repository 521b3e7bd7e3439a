import Foundation

/// What pairs of things that were compared say of the things (Bradley and Terry 1952).
public enum PairedPreference {
    /// One comparison: which of two was preferred, or neither.
    public struct Vote: Sendable, Hashable, Codable {
        /// One thing.
        public var first: String
        /// The other.
        public var second: String
        /// The share of the vote that the first has: 1, 0, or a half where neither was preferred.
        public var share: Double

        /// A comparison.
        public init(_ first: String, _ second: String, share: Double) {
            (self.first, self.second, self.share) = (first, second, share)
        }
    }

    /// The strengths of things, as logarithms to base e whose mean is 0: of two, the first is preferred with the
    /// probability 1 / (1 + exp(second - first)).
    ///
    /// By Hunter's minorisation (2004); a tie is half a win for both. Every pair of things counts as having met once more
    /// than it did, and ended in a tie with the weight of `prior`, so that a thing that never lost has a finite strength.
    /// Things that never met, not even over others, cannot be compared; they are told apart by that prior alone.
    public static func strengths(_ votes: [Vote], prior: Double = 0.1) -> [String: Double] {
        let names = Set(votes.flatMap { [$0.first, $0.second] }).sorted()
        guard names.count > 1 else { return Dictionary(uniqueKeysWithValues: names.map { ($0, 0) }) }
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        let count = names.count
        var wins = [Double](repeating: prior / 2 * Double(count - 1), count: count)
        var meetings = [[Double]](repeating: [Double](repeating: prior, count: count), count: count)
        for vote in votes {
            guard let one = places[vote.first], let other = places[vote.second], one != other else {
                continue
            }
            wins[one] += vote.share
            wins[other] += 1 - vote.share
            meetings[one][other] += 1
            meetings[other][one] += 1
        }
        var strengths = [Double](repeating: 1, count: count)
        for _ in 0..<10_000 {
            let old = strengths
            for one in 0..<count {
                let sum = (0..<count).filter { $0 != one }.reduce(0.0) {
                    $0 + meetings[one][$1] / (strengths[one] + strengths[$1])
                }
                strengths[one] = wins[one] / sum
            }
            let scale = exp(strengths.reduce(0) { $0 + log($1) } / Double(count))
            strengths = strengths.map { $0 / scale }
            if zip(strengths, old).allSatisfy({ abs(log($0 / $1)) < 1e-12 }) { break }
        }
        return Dictionary(uniqueKeysWithValues: zip(names, strengths.map { log($0) }))
    }

    /// How far raters agree beyond chance on the same things (Fleiss 1971): 1 for always, 0 as by chance; nil where no
    /// thing has two ratings, or where all ratings are of one kind.
    ///
    /// - `ratings`: for each thing, how many ratings of each kind it has; things with fewer than two are left out.
    public static func kappa(_ ratings: [[String: Int]]) -> Double? {
        let shared = ratings.filter { $0.values.reduce(0, +) > 1 }
        let total = Double(shared.reduce(0) { $0 + $1.values.reduce(0, +) })
        guard total > 0 else { return nil }
        var shares: [String: Double] = [:]
        for thing in shared {
            for (kind, count) in thing { shares[kind, default: 0] += Double(count) / total }
        }
        let chance = shares.values.reduce(0) { $0 + $1 * $1 }
        guard chance < 1 - 1e-12 else { return nil }
        // Of things with other numbers of ratings each pair of ratings counts alike within its thing.
        let seen = shared.reduce(0.0) { sum, thing in
            let count = Double(thing.values.reduce(0, +))
            let alike = thing.values.reduce(0.0) { $0 + Double($1 * ($1 - 1)) }
            return sum + alike / (count * (count - 1))
        }
        return (seen / Double(shared.count) - chance) / (1 - chance)
    }
}
