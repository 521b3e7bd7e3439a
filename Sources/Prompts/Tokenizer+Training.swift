extension Tokenizer {
    /// Where every vocabulary begins and ends: 512 symbols for bytes, and the start and end tokens.
    private static let leastVocabulary = 514

    static let startText = "<|startoftext|>"
    static let endText = "<|endoftext|>"

    /// Learns a vocabulary from captions by byte-pair encoding, laid out as CLIP's.
    ///
    /// The layout is 256 byte symbols, the same with `</w>`, the merges in the order learned, the start token and the
    /// end token, which is the padding as well. The same captions give the same vocabulary; equal counts are settled by
    /// the smaller ids. Learning stops early when no pair occurs twice. Source: Sennrich et al. 2016; layout of CLIP
    /// (Radford et al. 2021).
    /// - Parameters:
    ///   - captions: the texts to learn from; repeated ones count as often as they occur.
    ///   - vocabularySize: how many ids there may be at most; at least 514.
    ///   - contextLength: how many ids a prompt takes; at least 3.
    public static func train(
        on captions: [String], vocabularySize: Int, contextLength: Int = defaultContextLength
    ) throws(TokenizerError) -> Tokenizer {
        guard vocabularySize >= leastVocabulary else {
            throw .vocabularyTooSmall(size: vocabularySize, least: leastVocabulary)
        }
        var trainer = PairCounter(words: countWords(of: captions))
        var tokens = [false, true].flatMap { endingWord in
            ByteSymbols.vocabularyOrder.map { ByteSymbols.symbol(of: $0, endingWord: endingWord) }
        }
        var known = Set(tokens)
        var merges = MergeList()
        while tokens.count < vocabularySize - 2, let pair = trainer.mostFrequent() {
            let (left, right) = (tokens[Int(pair.left)], tokens[Int(pair.right)])
            // Two different pairs may spell the same token; the second one would have no id of its own.
            guard known.insert(left + right).inserted else {
                trainer.giveUp(pair)
                continue
            }
            trainer.merge(pair, into: Int32(tokens.count))
            merges.append(left: left, right: right)
            tokens.append(left + right)
        }
        return try Tokenizer(merges: merges, contextLength: contextLength, path: "the captions")
    }

    /// How often each word occurs, as ids of byte symbols, in an order that depends on the captions alone.
    private static func countWords(of captions: [String]) -> [PairCounter.Word] {
        var place: [UInt8: Int32] = [:]
        for (index, byte) in ByteSymbols.vocabularyOrder.enumerated() { place[byte] = Int32(index) }
        var counts: [[UInt8]: Int] = [:]
        for caption in captions {
            let text = PromptScalars(caption).normalized()
            for word in text.words() { counts[Array(text.text(of: word).utf8), default: 0] += 1 }
        }
        return counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { bytes, count in
            var symbols = bytes.map { place[$0] ?? 0 }
            if let last = symbols.popLast() { symbols.append(last + 256) }
            return PairCounter.Word(symbols: symbols, count: count)
        }
    }
}
