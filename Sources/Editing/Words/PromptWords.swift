import Diffusion
import Prompts

/// A prompt cut into tokens, and the words of it that options may name.
struct PromptWords {
    let tokens: TokenizedPrompt
    private let tokenizer: Tokenizer

    /// A prompt that somebody wrote.
    /// - Throws: `EditingError.missing` for a prompt that was computed.
    init(_ prompt: Conditioning, _ tokenizer: Tokenizer, method: String) throws {
        guard let tokens = prompt.tokens else {
            throw EditingError.missing(.textPrompts, method: method)
        }
        self.tokenizer = tokenizer
        self.tokens = tokens
    }

    /// Start, text and end, without padding.
    var ids: [Int] { Array(tokens.ids.prefix(tokens.tokens.count + 2)) }

    /// How many ids the model reads (L).
    var length: Int { tokens.ids.count }

    /// Where a word or phrase lies in the ids, every time it occurs; empty where it does not.
    /// - Throws: `TokenizerError.phraseCutOff`.
    func occurrences(of phrase: String) throws -> [Range<Int>] {
        do {
            return try tokenizer.wordTokens(phrase, in: tokens)
        } catch TokenizerError.phraseNotFound {
            return []
        }
    }

    /// Where a word or phrase lies in the ids, every time it occurs.
    /// - Throws: `EditingError.unknownWord` with the nearest word there is.
    func positions(of phrase: String) throws -> [Range<Int>] {
        let found = try occurrences(of: phrase)
        guard !found.isEmpty else { throw unknown(phrase) }
        return found
    }

    /// The error for a word that this prompt lacks.
    func unknown(_ phrase: String) -> EditingError {
        .unknownWord(
            word: phrase, prompt: tokens.text, nearest: tokens.words.map(\.text).nearest(to: phrase))
    }
}

/// Words with values, as options write them: `red:2,apple:0.5`.
enum WordList {
    /// The words of `red,apple`; spaces around them do not count.
    static func words(_ text: String) -> [String] {
        text.split(separator: ",").map(\.trimmed).filter { !$0.isEmpty }
    }

    /// The words and values of `red:2,apple:0.5`.
    /// - Throws: `EditingError.badValue` for an entry that has no word or no value.
    static func parse<Value>(
        _ text: String, option: String, expected: String, _ value: (String) -> Value?
    ) throws(EditingError) -> [(word: String, value: Value)] {
        var list: [(word: String, value: Value)] = []
        for entry in text.split(separator: ",").map(\.trimmed) where !entry.isEmpty {
            guard let sign = entry.lastIndex(of: ":"),
                let value = value(entry[entry.index(after: sign)...].trimmed),
                case let word = entry[..<sign].trimmed, !word.isEmpty
            else { throw .badValue(name: "option \(option)", value: text, expected: expected) }
            list.append((word, value))
        }
        return list
    }
}

extension StringProtocol {
    /// The text without white space at either end.
    var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
