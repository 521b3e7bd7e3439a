/// A prompt as the text encoder reads it, with the way back from every token to the words.
public struct TokenizedPrompt: Sendable, Hashable {
    /// One token of the text.
    public struct Token: Sendable, Hashable {
        /// Its id in the vocabulary.
        public let id: Int
        /// The prompt's characters that it stands for, as offsets from the start; they never depend on truncation.
        ///
        /// Tokens that share a character, as when an emoji takes several, have ranges that overlap.
        public let characters: Range<Int>
        /// The word in `words` that it belongs to.
        public let word: Int
    }

    /// A word as the tokenizer splits text: letters, one digit, an ending such as `'s`, or a run of symbols.
    public struct Word: Sendable, Hashable {
        /// The word after clean-up, so in lower case.
        public let text: String
        /// The prompt's characters that it stands for, as offsets from the start.
        public let characters: Range<Int>
        /// Where its tokens lie in `ids`; shorter than the word, or empty, where the prompt was cut.
        public let positions: Range<Int>
        /// Whether all its tokens are in `ids`.
        public let isWhole: Bool
    }

    /// The prompt as it was typed.
    public let text: String
    /// The ids the model reads: start, text, end, padding; as many as the context is long.
    public let ids: [Int]
    /// The text's tokens that fit; the first of them is at position 1 of `ids`.
    public let tokens: [Token]
    /// The prompt's words, those that were cut included.
    public let words: [Word]
    /// The part of the prompt that did not fit, for a warning; nil where all of it did.
    public let truncatedText: String?

    /// The part of the prompt that a range of character offsets names.
    public func text(of characters: Range<Int>) -> Substring {
        text.dropFirst(characters.lowerBound).prefix(characters.count)
    }

    /// The words between white space, punctuation included, as Prompt-to-Prompt counts them.
    ///
    /// "a dog, asleep" gives "a", "dog," and "asleep", each with the positions of its tokens in `ids`. Source: Hertz et
    /// al. 2022, whose code splits on spaces.
    public func spacedWords() -> [Word] {
        var result: [Word] = []
        let characters = Array(text)
        var index = 0
        var start = 0
        while start < characters.count {
            guard !characters[start].isWhitespace else {
                start += 1
                continue
            }
            var end = start + 1
            while end < characters.count, !characters[end].isWhitespace { end += 1 }
            let first = index
            while index < words.count, words[index].characters.lowerBound < end { index += 1 }
            let parts = words[first..<index]
            let lower = parts.first?.positions.lowerBound ?? 0
            result.append(
                Word(
                    text: String(characters[start..<end]), characters: start..<end,
                    positions: lower..<(parts.last?.positions.upperBound ?? lower),
                    isWhole: parts.allSatisfy(\.isWhole)))
            start = end
        }
        return result
    }
}
