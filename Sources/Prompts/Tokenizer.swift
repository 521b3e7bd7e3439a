/// CLIP's byte-pair tokenizer, giving the ids that Python's `CLIPTokenizer` gives for the same folder.
public struct Tokenizer: Sendable {
    let vocabulary: Vocabulary
    var added: AddedTokens
    /// How many ids every prompt takes, start, end and padding included.
    public let contextLength: Int
    /// The id that every prompt begins with.
    public let startToken: Int
    /// The id that ends the text; text encoders pool at its first place.
    public let endToken: Int
    /// The id that fills the rest: the end token in Stable Diffusion 1.x, `!` (0) in 2.x.
    public let paddingToken: Int

    /// How many ids there are; the text encoder's embedding needs as many rows.
    public var vocabularySize: Int {
        max(vocabulary.tokens.count, added.all.map { $0.id + $0.count }.max() ?? 0)
    }

    /// The least context length: start, one token, end.
    static let leastContext = 3

    init(
        vocabulary: Vocabulary, added: AddedTokens, contextLength: Int, startToken: Int, endToken: Int,
        paddingToken: Int
    ) throws(TokenizerError) {
        guard contextLength >= Self.leastContext else { throw .contextTooShort(length: contextLength) }
        self.vocabulary = vocabulary
        self.added = added
        self.contextLength = contextLength
        self.startToken = startToken
        self.endToken = endToken
        self.paddingToken = paddingToken
    }

    /// The text of a token, `</w>` marking a word's end; nil for an id out of range.
    public func token(of id: Int) -> String? {
        if let token = added.all.first(where: { ($0.id..<($0.id + $0.count)).contains(id) }) {
            return token.content
        }
        guard vocabulary.tokens.indices.contains(id) else { return nil }
        return String(decoding: vocabulary.tokens[id], as: UTF8.self)
    }

    /// Turns a prompt into ids, cutting what does not fit and filling up what is left.
    public func encode(_ text: String) -> TokenizedPrompt {
        let room = contextLength - 2
        var tokens: [TokenizedPrompt.Token] = []
        var words: [TokenizedPrompt.Word] = []
        for piece in pieces(of: text) {
            let first = tokens.count
            for (token, characters) in piece.tokens {
                tokens.append(.init(id: token, characters: characters, word: words.count))
            }
            words.append(
                .init(
                    text: piece.text, characters: piece.characters,
                    positions: (min(first, room) + 1)..<(min(tokens.count, room) + 1),
                    isWhole: tokens.count <= room))
        }
        var truncatedText: String?
        if tokens.count > room, let last = words.last {
            let cut = tokens[room].characters.lowerBound
            truncatedText = String(text.dropFirst(cut).prefix(last.characters.upperBound - cut))
            tokens.removeSubrange(room...)
        }
        var ids = [startToken] + tokens.map(\.id) + [endToken]
        ids += Array(repeating: paddingToken, count: contextLength - ids.count)
        return TokenizedPrompt(
            text: text, ids: ids, tokens: tokens, words: words, truncatedText: truncatedText)
    }

    /// A word of a prompt with its tokens.
    struct Piece {
        let text: String
        let characters: Range<Int>
        let tokens: [(id: Int, characters: Range<Int>)]
    }

    /// Splits a prompt into words and those into tokens, without regard to the context length.
    func pieces(of text: String) -> [Piece] {
        var pieces: [Piece] = []
        let typed = PromptScalars(text)
        for outer in added.cut(typed, afterNormalization: false) {
            if let token = outer.token {
                pieces.append(piece(of: token, characters: typed.characters(of: outer.range)))
                continue
            }
            let clean = typed[outer.range].normalized()
            for inner in added.cut(clean, afterNormalization: true) {
                if let token = inner.token {
                    pieces.append(piece(of: token, characters: clean.characters(of: inner.range)))
                    continue
                }
                let stretch = clean[inner.range]
                pieces += stretch.words().map { piece(of: $0, in: stretch) }
            }
        }
        return pieces
    }

    private func piece(of token: AddedToken, characters: Range<Int>) -> Piece {
        Piece(
            text: token.content, characters: characters,
            tokens: (0..<token.count).map { (token.id + $0, characters) })
    }

    private func piece(of word: Range<Int>, in text: PromptScalars) -> Piece {
        var bytes: [UInt8] = []
        // Which scalar each byte is part of.
        var sources: [Int] = []
        for index in word {
            for byte in UTF8.encode(text.items[index].scalar) ?? .init() {
                bytes.append(byte)
                sources.append(index)
            }
        }
        let tokens = vocabulary.split(word: bytes).map { part in
            let scalars = sources[part.bytes.lowerBound]..<(sources[part.bytes.upperBound - 1] + 1)
            return (id: Int(part.token), characters: text.characters(of: scalars))
        }
        return Piece(text: text.text(of: word), characters: text.characters(of: word), tokens: tokens)
    }
}
