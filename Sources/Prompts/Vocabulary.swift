/// Tokens with their ids and the merges that build them, checked against each other.
struct Vocabulary: Sendable {
    /// A merge: the pair's rank, and the token it makes.
    struct Merge: Sendable {
        let rank: Int32
        let token: Int32
    }

    /// Every token's UTF-8, by id.
    let tokens: [[UInt8]]
    /// The merges as pairs of ids, in order of rank.
    let mergedPairs: [(left: Int32, right: Int32)]
    /// What a pair of ids merges to, by `pairKey`.
    private let merges: [UInt64: Merge]
    /// The id of a byte's symbol inside a word and, 256 further on, at its end; the unknown token's where there is
    /// none.
    let byteTokens: [Int32]

    static func pairKey(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }

    /// The merge of two neighbours, if there is one.
    func merge(_ left: Int32, _ right: Int32) -> Merge? { merges[Self.pairKey(left, right)] }

    /// - Parameters:
    ///   - table: ids by token.
    ///   - mergeList: left and right symbols as UTF-8, by rank.
    ///   - unknown: the token that stands for bytes without a symbol.
    ///   - path, mergePath: the files they come from, for messages.
    init(
        table: ByteTable, mergeList: MergeList, unknown: String, path: String, mergePath: String
    ) throws(TokenizerError) {
        var tokens = [[UInt8]](repeating: [], count: table.count)
        var isSeen = [Bool](repeating: false, count: table.count)
        for (key, id) in table.entries where id < table.count {
            guard !isSeen[id] else { throw .duplicate(path: path, what: "id \(id)") }
            isSeen[id] = true
            tokens[id] = Array(key)
        }
        if let missing = isSeen.firstIndex(of: false) {
            throw .idsNotContiguous(path: path, missing: missing, count: table.count)
        }
        self.tokens = tokens

        let unknownToken = table[unknown.utf8].map(Int32.init)
        var byteTokens: [Int32] = []
        for endingWord in [false, true] {
            for byte in UInt8.min...UInt8.max {
                let symbol = ByteSymbols.symbol(of: byte, endingWord: endingWord)
                guard let token = table[symbol].map(Int32.init) ?? unknownToken else {
                    throw .missingEntry(path: path, token: String(decoding: symbol, as: UTF8.self))
                }
                byteTokens.append(token)
            }
        }
        self.byteTokens = byteTokens

        var merges = [UInt64: Merge](minimumCapacity: mergeList.count)
        var pairs: [(left: Int32, right: Int32)] = []
        pairs.reserveCapacity(mergeList.count)
        for rank in 0..<mergeList.count {
            let (left, right, joined) = mergeList[rank]
            func id(_ symbol: ArraySlice<UInt8>) throws(TokenizerError) -> Int32 {
                guard let id = table[symbol] else {
                    let token = String(decoding: symbol, as: UTF8.self)
                    throw .unknownToken(path: mergePath, merge: rank + 1, token: token)
                }
                return Int32(id)
            }
            let pair = (left: try id(left), right: try id(right))
            merges[Self.pairKey(pair.left, pair.right)] = Merge(rank: Int32(rank), token: try id(joined))
            pairs.append(pair)
        }
        self.merges = merges
        self.mergedPairs = pairs
    }
}

/// The lines of a merge file, kept as one block of bytes: for each merge left and right symbol side by side.
struct MergeList {
    private var bytes: [UInt8] = []
    private var bounds: [(start: Int, middle: Int, end: Int)] = []

    var count: Int { bounds.count }

    /// The two symbols of a merge, and the two joined.
    subscript(rank: Int) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>, joined: ArraySlice<UInt8>) {
        let (start, middle, end) = bounds[rank]
        return (bytes[start..<middle], bytes[middle..<end], bytes[start..<end])
    }

    mutating func append(left: some Collection<UInt8>, right: some Collection<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: left)
        let middle = bytes.count
        bytes.append(contentsOf: right)
        bounds.append((start, middle, bytes.count))
    }
}
