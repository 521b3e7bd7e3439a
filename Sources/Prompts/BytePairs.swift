/// A symbol of a word while it is being merged, and in the end a token.
struct BytePiece: Equatable {
    /// The token's id.
    var token: Int32
    /// The word's bytes that it stands for.
    var bytes: Range<Int>
}

extension Vocabulary {
    /// A merge that may still be possible; lower rank first, then further left.
    private struct Candidate: Comparable {
        let rank: Int32
        let left: Int
        let token: Int32

        static func < (one: Candidate, other: Candidate) -> Bool {
            (one.rank, one.left) < (other.rank, other.left)
        }
    }

    /// Splits one word into tokens by merging neighbours, the earliest learned merge first.
    ///
    /// The time grows as n log n with the word's length, so that a very long word cannot stall a caller. Source:
    /// byte-pair encoding (Sennrich et al. 2016), with CLIP's mark on the last symbol.
    func split(word: [UInt8]) -> [BytePiece] {
        guard let last = word.last else { return [] }
        var pieces = word.indices.map { BytePiece(token: byteTokens[Int(word[$0])], bytes: $0..<($0 + 1)) }
        pieces[word.count - 1].token = byteTokens[256 + Int(last)]

        // A doubly linked list: merged symbols drop out without moving the others.
        var next = word.indices.map { $0 + 1 }
        var previous = word.indices.map { $0 - 1 }
        var isMerged = [Bool](repeating: false, count: word.count)
        var candidates = Heap<Candidate>()
        func consider(_ left: Int, _ right: Int) {
            guard let merge = merge(pieces[left].token, pieces[right].token) else { return }
            candidates.push(Candidate(rank: merge.rank, left: left, token: merge.token))
        }
        for left in word.indices.dropLast() { consider(left, left + 1) }

        while let candidate = candidates.popLeast() {
            let left = candidate.left
            guard !isMerged[left], next[left] < word.count else { continue }
            let right = next[left]
            // The neighbours may have changed since; then their own candidate is in the heap.
            guard let merge = merge(pieces[left].token, pieces[right].token), merge.token == candidate.token
            else { continue }
            pieces[left] = BytePiece(
                token: merge.token, bytes: pieces[left].bytes.lowerBound..<pieces[right].bytes.upperBound)
            isMerged[right] = true
            next[left] = next[right]
            if next[left] < word.count {
                previous[next[left]] = left
                consider(left, next[left])
            }
            if previous[left] >= 0 { consider(previous[left], left) }
        }
        return pieces.indices.filter { !isMerged[$0] }.map { pieces[$0] }
    }
}
