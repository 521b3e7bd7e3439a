import Foundation
import ImageMetrics
public import Imaging

/// Pairs of results that people compare without knowing whose they are.
public struct BlindPairs: Sendable, Hashable, Codable {
    /// What a pair is for.
    public enum Purpose: String, Sendable, Hashable, Codable {
        /// To be told apart.
        case contest
        /// One that was shown before, with its sides exchanged.
        case mirrored
        /// One whose worse side is plain to see.
        case check
    }

    /// A pair.
    public struct Pair: Sendable, Hashable, Codable {
        /// What the page calls it; it says nothing of what it is.
        public var id: String
        /// The edit.
        public var item: String
        /// The contender whose result is on the left.
        public var left: String
        /// The contender whose result is on the right.
        public var right: String
        /// What it is for.
        public var purpose: Purpose
        /// Of a mirrored pair the one that it repeats.
        public var repeats: String?
    }

    /// What the page is called, by which its votes are known.
    public var page: String
    /// The pairs, in the order of the page.
    public var pairs: [Pair]

    /// What stands on the worse side of a check.
    public static let spoiled = "spoiled"

    /// Pairs drawn by a seed: of each edit, two contenders that both have a result, all pairs of contenders in turns.
    ///
    /// Every tenth pair comes again later with its sides exchanged, and after every tenth comes a check. Sides are drawn.
    /// - Parameters:
    ///   - rows: of whom `nothing` and `autoencoder` have no part.
    ///   - contenders: who is compared; everybody where empty.
    ///   - count: contests, at most; as many as there are where they are fewer.
    public init(_ rows: [Row], contenders: [String] = [], count: Int, seed: UInt64) {
        var results: [String: Set<String>] = [:]
        var items: [String] = []
        for row in rows where row.status == .done && !BenchmarkRows.references.contains(row.candidate) {
            guard contenders.isEmpty || contenders.contains(row.candidate) else { continue }
            if results[row.item] == nil { items.append(row.item) }
            results[row.item, default: []].insert(row.candidate)
        }
        let names = Set(results.values.joined()).sorted()
        let rivals = names.indices.flatMap { one in
            names.indices.filter { $0 > one }.map { (names[one], names[$0]) }
        }
        var draws = PCG32(seed: seed, stream: 6)
        var pool = rivals.map { pair in
            Self.shuffled(items.filter { results[$0]?.isSuperset(of: [pair.0, pair.1]) == true }, &draws)
        }
        var contests: [(item: String, one: String, other: String)] = []
        while contests.count < count, pool.contains(where: { !$0.isEmpty }) {
            for index in rivals.indices where contests.count < count && !pool[index].isEmpty {
                contests.append((pool[index].removeLast(), rivals[index].0, rivals[index].1))
            }
        }
        contests = Self.shuffled(contests, &draws)
        var pairs: [Pair] = []
        func add(
            _ item: String, _ left: String, _ right: String, _ purpose: Purpose, _ repeats: String? = nil
        ) {
            let digits = String(pairs.count + 1)
            let id = "p" + String(repeating: "0", count: max(4 - digits.count, 0)) + digits
            pairs.append(
                Pair(id: id, item: item, left: left, right: right, purpose: purpose, repeats: repeats))
        }
        var again: [Pair] = []
        for (index, contest) in contests.enumerated() {
            let isTurned = draws.next() >> 31 == 1
            add(
                contest.item, isTurned ? contest.other : contest.one,
                isTurned ? contest.one : contest.other, .contest)
            if index % 10 == 4, let last = pairs.last { again.append(last) }
            guard index % 10 == 9 else { continue }
            let isLeft = draws.next() >> 31 == 1
            add(
                contest.item, isLeft ? Self.spoiled : contest.one, isLeft ? contest.one : Self.spoiled,
                .check)
            for pair in again { add(pair.item, pair.right, pair.left, .mirrored, pair.id) }
            again = []
        }
        self.pairs = pairs
        var name = PCG32(seed: seed, stream: 7)
        page =
            String(name.next(), radix: 16) + String(UInt32(truncatingIfNeeded: contests.count), radix: 16)
    }

    private static func shuffled<Element>(_ elements: [Element], _ draws: inout PCG32) -> [Element] {
        var elements = elements
        for place in elements.indices.dropFirst().reversed() {
            elements.swapAt(place, draws.below(place + 1))
        }
        return elements
    }

    /// A result that is plainly worse than the one it is made of: coarse squares in exchanged colours.
    public static func spoiled(_ image: Image) -> Image {
        let side = max(min(image.width, image.height) / 8, 1)
        var spoiled = Image(width: image.width, height: image.height)
        for row in 0..<image.height {
            for column in 0..<image.width {
                let from = 3 * ((row / side * side) * image.width + column / side * side)
                let to = 3 * (row * image.width + column)
                for channel in 0..<3 { spoiled.pixels[to + channel] = 255 - image.pixels[from + channel] }
            }
        }
        return spoiled
    }
}
