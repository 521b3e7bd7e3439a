/// A token that is looked for in the prompt as it stands, before the text is split into words.
struct AddedToken: Sendable, Equatable {
    /// The text to look for.
    let content: String
    /// Its id.
    let id: Int
    /// Whether it is looked for after clean-up, so that case does not matter.
    let isNormalized: Bool
    /// Whether white space before it belongs to it.
    let stripsLeft: Bool
    /// Whether white space after it belongs to it.
    let stripsRight: Bool
    /// How many ids it takes, one after the other.
    var count = 1
    /// Whether it is no part of a longer word.
    var isWholeWord = false
}

/// The added tokens of a tokenizer, split by when they are looked for.
struct AddedTokens: Sendable {
    /// A stretch of a prompt: a token found in it, or text between them.
    struct Stretch {
        let range: Range<Int>
        let token: AddedToken?
    }

    /// All of them, by id.
    let all: [AddedToken]
    private let verbatim: [(pattern: [Unicode.Scalar], token: AddedToken)]
    private let normalized: [(pattern: [Unicode.Scalar], token: AddedToken)]

    init(_ tokens: [AddedToken]) {
        all = tokens.sorted { $0.id < $1.id }
        // Longest first, since the longest of the tokens that start at a place wins.
        let byLength = all.sorted { $0.content.unicodeScalars.count > $1.content.unicodeScalars.count }
        verbatim = byLength.filter { !$0.isNormalized }.map { (Array($0.content.unicodeScalars), $0) }
        normalized = byLength.filter(\.isNormalized).map {
            (PromptScalars($0.content).normalized().items.map(\.scalar), $0)
        }
    }

    /// Cuts text at the tokens that are looked for before clean-up, or after it.
    func cut(_ text: PromptScalars, afterNormalization: Bool) -> [Stretch] {
        let patterns = afterNormalization ? normalized : verbatim
        func isSpace(_ index: Int) -> Bool { text.items[index].scalar.properties.isWhitespace }
        var stretches: [Stretch] = []
        var textStart = 0
        var place = 0
        while place < text.items.count {
            guard
                let found = patterns.first(where: { pattern, token in
                    text.matches(pattern, at: place)
                        && (!token.isWholeWord || text.standsAlone(place..<(place + pattern.count)))
                })
            else {
                place += 1
                continue
            }
            var start = place
            var end = place + found.pattern.count
            place = end
            if found.token.stripsLeft { while start > textStart, isSpace(start - 1) { start -= 1 } }
            if found.token.stripsRight { while end < text.items.count, isSpace(end) { end += 1 } }
            if textStart < start { stretches.append(Stretch(range: textStart..<start, token: nil)) }
            stretches.append(Stretch(range: start..<end, token: found.token))
            textStart = end
            place = max(place, end)
        }
        if textStart < text.items.count {
            stretches.append(Stretch(range: textStart..<text.items.count, token: nil))
        }
        return stretches
    }
}

extension PromptScalars {
    /// Whether no letter or digit goes on from a range, at either end that is one itself.
    fileprivate func standsAlone(_ range: Range<Int>) -> Bool {
        func isWord(_ index: Int) -> Bool {
            guard items.indices.contains(index) else { return false }
            let properties = items[index].scalar.properties
            return properties.isAlphabetic || properties.numericType != nil
        }
        return !(isWord(range.lowerBound) && isWord(range.lowerBound - 1))
            && !(isWord(range.upperBound - 1) && isWord(range.upperBound))
    }
}
