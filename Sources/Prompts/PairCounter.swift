/// Counts neighbouring symbols over a set of words, and keeps the counts right as pairs are merged.
///
/// Only the words that hold a merged pair are counted again, so a vocabulary of tens of thousands stays cheap.
struct PairCounter {
    /// A word as symbols, and how often it occurs.
    struct Word {
        var symbols: [Int32]
        let count: Int
    }

    /// Two symbols side by side.
    struct Pair: Hashable {
        let left: Int32
        let right: Int32
    }

    /// A pair with the count it had when it was pushed: most frequent first, then the smaller ids.
    private struct Candidate: Comparable {
        let count: Int
        let pair: Pair

        static func < (one: Candidate, other: Candidate) -> Bool {
            (-one.count, one.pair.left, one.pair.right) < (-other.count, other.pair.left, other.pair.right)
        }
    }

    /// A pair seen once teaches nothing about other texts.
    private static let leastCount = 2

    private var words: [Word]
    private var counts: [Pair: Int] = [:]
    /// The words that hold a pair, or once did.
    private var holders: [Pair: Set<Int>] = [:]
    private var candidates = Heap<Candidate>()

    init(words: [Word]) {
        self.words = words
        var touched: Set<Pair> = []
        for index in words.indices { add(index, sign: 1, touched: &touched) }
        push(touched)
    }

    private mutating func add(_ index: Int, sign: Int, touched: inout Set<Pair>) {
        let word = words[index]
        for (left, right) in zip(word.symbols, word.symbols.dropFirst()) {
            let pair = Pair(left: left, right: right)
            counts[pair, default: 0] += sign * word.count
            if sign > 0 { holders[pair, default: []].insert(index) }
            touched.insert(pair)
        }
    }

    private mutating func push(_ pairs: Set<Pair>) {
        for pair in pairs {
            guard let count = counts[pair], count >= Self.leastCount else { continue }
            candidates.push(Candidate(count: count, pair: pair))
        }
    }

    /// The pair that occurs most often, if any occurs twice.
    mutating func mostFrequent() -> Pair? {
        // Counts in the heap may be out of date; the right one was pushed when it changed.
        while let candidate = candidates.popLeast() {
            if counts[candidate.pair] == candidate.count { return candidate.pair }
        }
        return nil
    }

    /// Takes a pair out of the running for good.
    mutating func giveUp(_ pair: Pair) { counts[pair] = nil }

    /// Replaces a pair by one symbol everywhere.
    mutating func merge(_ pair: Pair, into symbol: Int32) {
        var touched: Set<Pair> = []
        for index in holders.removeValue(forKey: pair) ?? [] {
            add(index, sign: -1, touched: &touched)
            var merged: [Int32] = []
            for next in words[index].symbols {
                if next == pair.right, merged.last == pair.left {
                    merged[merged.count - 1] = symbol
                } else {
                    merged.append(next)
                }
            }
            words[index].symbols = merged
            add(index, sign: 1, touched: &touched)
        }
        push(touched)
    }
}
