import Diffusion
import Prompts

/// Two prompts side by side: which words of the one take the place of which words of the other.
struct PromptPair {
    /// How the prompts differ.
    enum Kind: String, OptionChoice {
        /// Replace where the word counts agree, else refine.
        case auto
        /// Words stand for words.
        case replace
        /// Words were added or left out.
        case refine
        /// The same words; only their weight changes.
        case reweight
    }

    let source: PromptWords
    let target: PromptWords
    /// Never `auto`.
    let kind: Kind
    private let pairs: [(source: TokenizedPrompt.Word, target: TokenizedPrompt.Word)]

    /// A pair of prompts.
    /// - Throws: `EditingError.badValue` where words are to be replaced but their counts differ.
    init(source: PromptWords, target: PromptWords, kind: Kind) throws {
        self.source = source
        self.target = target
        let (old, new) = (source.tokens.spacedWords(), target.tokens.spacedWords())
        self.kind = kind == .auto ? (old.count == new.count ? .replace : .refine) : kind
        guard kind != .replace || old.count == new.count else {
            throw EditingError.badValue(
                name: "option edit", value: kind.rawValue,
                expected:
                    "refine or auto here: the source has \(old.count) words and the prompt \(new.count), and "
                    + "words can be replaced only by as many")
        }
        pairs = self.kind == .replace ? zip(old, new).filter { $0.text != $1.text } : []
    }

    /// The columns of the target's maps that come from the source's.
    /// - Parameter official: with the published code's defects.
    func mapper(official: Bool) -> TokenMapper {
        switch kind {
        case .reweight: .identity(length: target.length)
        case .replace:
            .replace(
                pairs.map { ($0.source.positions, $0.target.positions) }, length: target.length,
                official: official)
        case .auto, .refine:
            .refine(source: source.ids, target: target.ids, length: target.length, official: official)
        }
    }

    /// Words that differ when the word after them does and whose maps show no object.
    private static let little = StopWords.all.union(["no"])

    /// The positions of the words in which the prompts differ; little words only where nothing else does.
    var differing: LocalBlend.Words {
        let (oldWords, newWords): ([TokenizedPrompt.Word], [TokenizedPrompt.Word])
        if kind == .replace {
            (oldWords, newWords) = (pairs.map(\.source), pairs.map(\.target))
        } else {
            let aligned = TokenMapper.alignment(source.ids, target.ids)
            let known = Set(aligned.compactMap { $0 })
            oldWords = source.tokens.spacedWords().filter { word in
                word.positions.contains { !known.contains($0) }
            }
            newWords = target.tokens.spacedWords().filter { word in
                word.positions.contains { aligned[$0] == nil }
            }
        }
        let named = (oldWords + newWords).contains { !Self.little.contains($0.text.lowercased()) }
        func positions(_ words: [TokenizedPrompt.Word]) -> [Int] {
            words.filter { !named || !Self.little.contains($0.text.lowercased()) }.flatMap(\.positions)
        }
        return (positions(oldWords), positions(newWords))
    }

    /// The positions of words that may stand in either prompt.
    /// - Throws: `EditingError.unknownWord` for a word that neither has.
    func positions(of words: [String]) throws -> LocalBlend.Words {
        var found: LocalBlend.Words = ([], [])
        for word in words {
            let (old, new) = (try source.occurrences(of: word), try target.occurrences(of: word))
            guard !old.isEmpty || !new.isEmpty else { throw unknown(word) }
            found.source += old.joined()
            found.target += new.joined()
        }
        return found
    }

    private func unknown(_ word: String) -> EditingError {
        let nearest = (source.tokens.words + target.tokens.words).map(\.text).nearest(to: word)
        return .unknownWord(
            word: word, prompt: "\(source.tokens.text)\" or \"\(target.tokens.text)", nearest: nearest)
    }
}
