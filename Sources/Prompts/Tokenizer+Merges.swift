extension Tokenizer {
    /// What fills the rest of a prompt.
    public enum Padding: Sendable, Hashable {
        /// The end token, as in Stable Diffusion 1.x.
        case end
        /// The token of id 0, which is `!`, as in Stable Diffusion 2.x.
        case zero
    }

    /// Reads the tokenizer that a folder's `merges.txt` alone describes, as CLIP's own does.
    ///
    /// The merges name the vocabulary: 256 symbols for bytes, the same at the end of a word, what each merge makes, the
    /// start token and the end token. CLIP's 48 894 merges make its 49 408 tokens.
    /// - Parameters:
    ///   - folder: the folder of the `merges.txt`.
    ///   - contextLength: how many ids a prompt takes, 77 for CLIP.
    /// - Throws: `TokenizerError`, naming the file and what is wrong with it.
    public init(
        mergesIn folder: String, contextLength: Int = defaultContextLength, padding: Padding = .end
    ) throws(TokenizerError) {
        let files = try TokenizerFolder(folder)
        guard files.has(TokenizerFolder.merges) else {
            throw .filesMissing(folder: folder, missing: [TokenizerFolder.merges])
        }
        try self.init(
            merges: try files.mergeList(), contextLength: contextLength, padding: padding,
            path: files.path(of: TokenizerFolder.merges))
    }

    /// The tokenizer of merges.
    /// - Parameter path: where they come from, for messages.
    init(
        merges: MergeList, contextLength: Int, padding: Padding = .end, path: String
    ) throws(TokenizerError) {
        var tokens = [false, true].flatMap { endingWord in
            ByteSymbols.vocabularyOrder.map { ByteSymbols.symbol(of: $0, endingWord: endingWord) }
        }
        tokens += (0..<merges.count).map { Array(merges[$0].joined) }
        tokens += [Array(Self.startText.utf8), Array(Self.endText.utf8)]
        var table = ByteTable(capacity: tokens.count)
        for (id, token) in tokens.enumerated() where !table.insert(token, value: id) {
            throw .duplicate(path: path, what: String(decoding: token, as: UTF8.self))
        }
        let (start, end) = (tokens.count - 2, tokens.count - 1)
        let vocabulary = try Vocabulary(
            table: table, mergeList: merges, unknown: Self.endText, path: path, mergePath: path)
        let special = [(Self.startText, start), (Self.endText, end)].map {
            AddedToken(content: $0.0, id: $0.1, isNormalized: false, stripsLeft: false, stripsRight: false)
        }
        try self.init(
            vocabulary: vocabulary, added: AddedTokens(special), contextLength: contextLength,
            startToken: start, endToken: end, paddingToken: padding == .end ? end : 0)
    }
}
