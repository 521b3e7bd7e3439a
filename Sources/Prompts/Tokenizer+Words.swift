extension Tokenizer {
    /// A word that is added to a vocabulary, with ids of its own.
    public struct AddedWord: Sendable, Hashable {
        /// How it is written; upper and lower case are the same.
        public let text: String
        /// Its first id.
        public let id: Int
        /// How many ids it takes.
        public let count: Int

        /// A word.
        public init(_ text: String, id: Int, count: Int) {
            self.text = text
            self.id = id
            self.count = count
        }
    }

    /// The tokenizer with further words, each as a whole and before the text is cut into tokens; of two that begin at one
    /// place the longer counts.
    public func adding(_ words: [AddedWord]) -> Tokenizer {
        var tokenizer = self
        tokenizer.added = AddedTokens(
            added.all
                + words.map {
                    AddedToken(
                        content: $0.text, id: $0.id, isNormalized: true, stripsLeft: false,
                        stripsRight: false,
                        count: $0.count, isWholeWord: true)
                })
        return tokenizer
    }
}
