import Foundation
import Testing

@testable import Editing

/// Sentences about things, made and read, and the words that they are about.
@Suite struct SentenceBankTests {
    @Test("All made sentences are different, name the thing once, and are the same every time")
    func made() {
        let sentences = SentenceBank.sentences(about: "apple", count: SentenceBank.most)
        #expect(sentences.count == SentenceBank.most)
        #expect(Set(sentences).count == SentenceBank.most)
        #expect(sentences.allSatisfy { $0.components(separatedBy: "an apple").count == 2 })
        #expect(sentences.allSatisfy { !$0.contains("{") && !$0.contains("}") })
        #expect(SentenceBank.sentences(about: "apple", count: 9) == Array(sentences.prefix(9)))
        // Two banks differ in the things alone.
        let others = SentenceBank.sentences(about: "orange", count: SentenceBank.most)
        #expect(others.map { $0.replacingOccurrences(of: "orange", with: "apple") } == sentences)
    }

    @Test("The thing stands first, early, in the middle and late, behind other things and places")
    func places() throws {
        let sentences = SentenceBank.sentences(about: "qqq", count: 200)
        let before = try sentences.map { try #require($0.split(separator: " ").firstIndex(of: "qqq")) - 1 }
        for range in [0...0, 1...4, 5...7, 8...13] {
            let count = before.count { range.contains($0) }
            #expect(count >= 20 && count <= 100, "\(count) with \(range) words before")
        }
        #expect(before.allSatisfy { $0 <= 13 })
    }

    @Test("Words that look like the bank's own placeholders stay as they are")
    func placeholders() {
        #expect(SentenceBank.sentences(about: "{kind}", count: 1) == ["a photo of a {kind} on a table"])
    }

    @Test(
        "Articles come before what can be counted one by one",
        arguments: [
            ("apple", "an apple"), ("pear", "a pear"), ("green apple", "a green apple"),
            ("apples", "apples"), ("the moon", "the moon"), ("glass", "a glass"), ("cactus", "a cactus"),
            ("slices of bread", "slices of bread"), ("cat with glasses", "a cat with glasses"),
            ("two dogs", "two dogs"), ("Elk", "an Elk"),
        ])
    func articles(words: String, expected: String) {
        #expect(SentenceBank.withArticle(words) == expected)
    }

    @Test(
        "The words in which prompts differ, as things",
        arguments: [
            ("a photo of a cat on a sofa", "a photo of a dog on a sofa", "cat", "dog"),
            ("a red apple on a table", "a green apple on a table", "red apple", "green apple"),
            ("an apple on a table", "a pear on a table", "apple", "pear"),
            ("a cat", "a cat with a hat", "cat", "cat with a hat"),
            ("an apple", "a red apple", "apple", "red apple"),
            ("A Horse, running", "a zebra, running", "horse", "zebra"),
            ("a cat sleeping", "a dog sleeping", "cat", "dog"),
            (
                "a red ball on a blue cloth", "a red cube on a green cloth", "ball on a blue cloth",
                "cube on a green cloth"
            ),
            ("cat", "dog", "cat", "dog"),
            ("a cat", "drawing of a cat", "cat", "drawing of a cat"),
            ("a cat", "on a sofa, a cat", "cat", "on a sofa a cat"),
        ])
    func differing(source: String, target: String, from: String, to: String) throws {
        let found = try #require(DifferingWords(from: source, to: target))
        #expect((found.source, found.target) == (from, to))
        let back = try #require(DifferingWords(from: target, to: source))
        #expect((back.source, back.target) == (to, from))
    }

    @Test(
        "Prompts that tell no two things give none",
        arguments: [("a cat", "a cat"), ("a cat", "A cat."), ("", "a cat"), ("a cat", " "), ("", "")])
    func nothing(source: String, target: String) {
        #expect(DifferingWords(from: source, to: target) == nil)
    }
}
