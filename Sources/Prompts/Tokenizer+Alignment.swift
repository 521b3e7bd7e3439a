extension Tokenizer {
    /// Where the tokens of a word or phrase lie in a prompt's ids, once for every time it occurs.
    ///
    /// Whole words are compared after clean-up, so case and spacing do not matter, "dog" is found in "a dog, asleep"
    /// and not in "dogma". Occurrences that were cut off are left out.
    /// - Throws: `TokenizerError.phraseNotFound`, or `.phraseCutOff` where every occurrence was cut off.
    public func wordTokens(
        _ phrase: String, in prompt: TokenizedPrompt
    ) throws(TokenizerError) -> [Range<Int>] {
        let wanted = pieces(of: phrase).map(\.text)
        var found: [Range<Int>] = []
        var isCut = false
        if !wanted.isEmpty, wanted.count <= prompt.words.count {
            for start in 0...(prompt.words.count - wanted.count) {
                let words = prompt.words[start..<(start + wanted.count)]
                guard words.map(\.text) == wanted, let first = words.first, let last = words.last else {
                    continue
                }
                if last.isWhole {
                    found.append(first.positions.lowerBound..<last.positions.upperBound)
                } else {
                    isCut = true
                }
            }
        }
        if !found.isEmpty { return found }
        if isCut {
            throw .phraseCutOff(phrase: phrase, prompt: prompt.text, contextLength: contextLength)
        }
        throw .phraseNotFound(phrase: phrase, prompt: prompt.text)
    }
}
