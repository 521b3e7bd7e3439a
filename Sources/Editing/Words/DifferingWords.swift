import Prompts

/// The words in which two prompts differ, as things that sentences can be made of.
///
/// From the first to the last differing word, with the noun that follows ("red" and "green" before "apple" give "red
/// apple" and "green apple") and without leading articles. Where one prompt only adds words, the word before them comes
/// along: "cat" and "cat with a hat". Where there is none ("a cat" and "on a sofa, a cat"), the prompts themselves are
/// the things.
struct DifferingWords: Equatable {
    /// What the source prompt says.
    let source: String
    /// What the target prompt says.
    let target: String

    /// The words, or nil where nothing can be told: no difference, or one prompt without a word.
    init?(from source: String, to target: String) {
        let old = source.split(whereSeparator: \.isWhitespace).map(String.init)
        let new = target.split(whereSeparator: \.isWhitespace).map(String.init)
        let (oldKeys, newKeys) = (old.map(Self.key), new.map(Self.key))
        guard oldKeys != newKeys, !oldKeys.isEmpty, !newKeys.isEmpty else { return nil }
        let shorter = min(old.count, new.count)
        var start = 0
        while start < shorter, oldKeys[start] == newKeys[start] { start += 1 }
        var kept = 0
        while kept < shorter - start, oldKeys[old.count - 1 - kept] == newKeys[new.count - 1 - kept] {
            kept += 1
        }
        if kept > 0, !Self.endsPart(old[start..<(old.count - kept)].last),
            !Self.endsPart(new[start..<(new.count - kept)].last)
        {
            let next = oldKeys[old.count - kept]
            let beginsPart =
                StopWords.all.contains(next) || next.hasSuffix("ing")
            if !beginsPart { kept -= 1 }
        }
        func phrases() -> (String, String) {
            (
                Self.phrase(oldKeys[start..<(old.count - kept)]),
                Self.phrase(newKeys[start..<(new.count - kept)])
            )
        }
        while start > 0, phrases().0.isEmpty || phrases().1.isEmpty { start -= 1 }
        let (gone, come) = phrases()
        let tells = !gone.isEmpty && !come.isEmpty
        self.source = tells ? gone : Self.phrase(oldKeys[...])
        self.target = tells ? come : Self.phrase(newKeys[...])
        guard !self.source.isEmpty, !self.target.isEmpty else { return nil }
    }

    /// A word without case and the punctuation around it.
    private static func key(_ word: String) -> String {
        var word = word.lowercased()[...]
        while let last = word.last, last.isPunctuation { word.removeLast() }
        while let first = word.first, first.isPunctuation { word.removeFirst() }
        return String(word)
    }

    private static func endsPart(_ word: String?) -> Bool {
        word?.last.map { ",.;:!?".contains($0) } ?? false
    }

    private static func phrase(_ words: ArraySlice<String>) -> String {
        words.filter { !$0.isEmpty }.drop { StopWords.articles.contains($0) }.joined(separator: " ")
    }
}
