import Testing

@testable import Prompts

@Suite("Tokens and words")
struct AlignmentTests {
    /// Knows "cat</w>" and "dog</w>" as one token each, and nothing else.
    private func tokenizer(contextLength: Int = 24) throws -> Tokenizer {
        try Tokenizer.train(on: ["cat cat cat dog dog"], vocabularySize: 600, contextLength: contextLength)
    }

    @Test("A word's tokens are found wherever it occurs, by whole words and in any case")
    func words() throws {
        let tokenizer = try tokenizer()
        let prompt = tokenizer.encode("Cat, owl\n cats CAT")
        #expect(try tokenizer.wordTokens("cat", in: prompt) == [1..<2, 10..<11])
        #expect(try tokenizer.wordTokens("owl", in: prompt) == [3..<6])
        #expect(try tokenizer.wordTokens("cat, OWL", in: prompt) == [1..<6])
        #expect(try tokenizer.wordTokens("cats  cat", in: prompt) == [6..<11])
        for absent in ["ow", "dog", "", " ", "cat owl", "a very long phrase that is not there"] {
            #expect(throws: TokenizerError.phraseNotFound(phrase: absent, prompt: prompt.text)) {
                try tokenizer.wordTokens(absent, in: prompt)
            }
        }
    }

    @Test("Every token knows its characters, through composition and case")
    func characters() throws {
        let tokenizer = try tokenizer(contextLength: 40)
        let prompt = tokenizer.encode("  cafe\u{301}  CAT👩‍🚀 İ")
        #expect(prompt.words.map(\.text) == ["café", "cat", "👩\u{200D}🚀", "i", "\u{307}"])
        #expect(
            prompt.words.map { String(prompt.text(of: $0.characters)) }.prefix(2) == ["cafe\u{301}", "CAT"])
        let last = try #require(prompt.words.last)
        #expect(prompt.text(of: last.characters) == "İ")
        // c, a, f, then the two bytes of é, which share one character.
        #expect(prompt.tokens.prefix(5).map(\.characters) == [2..<3, 3..<4, 4..<5, 5..<6, 5..<6])
        let cat = try #require(prompt.tokens.first { $0.word == 1 })
        #expect(cat.characters == 8..<11)
    }

    @Test("Words between spaces keep their punctuation and cover all tokens in order")
    func spacedWords() throws {
        let prompt = try tokenizer().encode(" cat, dog's   dog!\n")
        let words = prompt.spacedWords()
        #expect(words.map(\.text) == ["cat,", "dog's", "dog!"])
        #expect(words.map(\.positions) == [1..<3, 3..<6, 6..<8])
        #expect(words.flatMap(\.positions) == Array(1...prompt.tokens.count))
    }

    @Test("What does not fit is told, and words beyond the cut are not found")
    func truncation() throws {
        let tokenizer = try tokenizer(contextLength: 5)
        #expect(tokenizer.encode("cat dog cat").truncatedText == nil)
        let prompt = tokenizer.encode("cat dog cat  owl, dog ")
        #expect(prompt.truncatedText == "owl, dog")
        #expect(prompt.ids.last == tokenizer.endToken)
        #expect(prompt.tokens.count == 3)
        #expect(prompt.words.map(\.positions) == [1..<2, 2..<3, 3..<4, 4..<4, 4..<4, 4..<4])
        #expect(prompt.words.map(\.isWhole) == [true, true, true, false, false, false])
        #expect(try tokenizer.wordTokens("dog", in: prompt) == [2..<3])
        let cut = TokenizerError.phraseCutOff(phrase: "owl", prompt: prompt.text, contextLength: 5)
        #expect(throws: cut) { try tokenizer.wordTokens("owl", in: prompt) }
        // A word cut in its middle: the part that is left does not count as the word.
        let half = tokenizer.encode("cat dog owl")
        #expect(half.truncatedText == "wl")
        #expect(half.spacedWords().map(\.positions) == [1..<2, 2..<3, 3..<4])
        #expect(half.spacedWords().map(\.isWhole) == [true, true, false])
    }

    @Test("A word of a hundred thousand letters is split without delay")
    func longWord() throws {
        let prompt = try tokenizer().encode(String(repeating: "catdog", count: 17_000))
        #expect(prompt.truncatedText != nil)
        #expect(prompt.words.count == 1)
    }
}
