public import Prompts
import Tensors

/// A text of any length as a prompt: parts that the text encoder reads, whose embeddings are joined to one context.
///
/// What AUTOMATIC1111's web UI made common: cross-attention takes a context of any length, so a text that is longer than
/// the encoder reads is cut between words and every part is embedded for itself, with a start and an end of its own.
public struct LongPrompt {
    /// What cross-attention reads, [1, n·L, D].
    public let prompt: Conditioning
    /// The tokens of every part.
    public let parts: [TokenizedPrompt]

    /// The ids of all parts, n·L of them; positions in it are columns of the prompt's maps.
    public var ids: [Int] { parts.flatMap(\.ids) }

    /// The words between white space in their order, with their positions in `ids`.
    public var words: [(text: String, positions: Range<Int>)] {
        var first = 0
        return parts.flatMap { part in
            defer { first += part.ids.count }
            return part.spacedWords().map { word in
                (word.text, (word.positions.lowerBound + first)..<(word.positions.upperBound + first))
            }
        }
    }

    /// The word, without punctuation, whose token stands at a position of `ids`; nil for start, end and padding.
    public func word(at position: Int) -> String? {
        var first = 0
        for part in parts {
            if position < first + part.ids.count {
                return part.words.first { $0.positions.contains(position - first) }?.text
            }
            first += part.ids.count
        }
        return nil
    }
}

extension DiffusionSession {
    /// A text as a prompt that is never cut off: in as many parts as it takes, at least `count`.
    ///
    /// A text of one part is the same object as `prompt(_:)` answers; missing parts are empty prompts.
    public func longPrompt(_ text: String, as role: String = "prompt", parts count: Int = 1) throws
        -> LongPrompt
    {
        let tokenizer = try model.tokenizer()
        var texts = Self.parts(of: text, tokenizer)
        texts += Array(repeating: "", count: max(count - texts.count, 0))
        let tokens = texts.map { tokenizer.encode($0) }
        guard texts.count > 1 else { return LongPrompt(prompt: try prompt(text, as: role), parts: tokens) }
        return LongPrompt(prompt: try joined(texts, text), parts: tokens)
    }

    /// The texts that the encoder reads whole, cut between words.
    static func parts(of text: String, _ tokenizer: Tokenizer) -> [String] {
        guard tokenizer.encode(text).truncatedText != nil else { return [text] }
        var parts: [String] = []
        for word in text.split(whereSeparator: \.isWhitespace) {
            let longer = parts.last.map { "\($0) \(word)" }
            if let longer, tokenizer.encode(longer).truncatedText == nil {
                parts[parts.count - 1] = longer
            } else {
                parts.append(String(word))
            }
        }
        return parts
    }
}
