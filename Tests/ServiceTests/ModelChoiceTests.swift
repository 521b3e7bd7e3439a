import Diffusion
import Service
import Support
import Testing

/// Which of the package's own models is taken where none is named, and what is said of it.
@Suite struct ModelChoiceTests {
    static let candidates = [
        ModelChoice.Candidate(
            name: "flowers", path: "M/flowers", words: KnownWords(["photo", "red", "rose", "flower", "dark"])),
        ModelChoice.Candidate(
            name: "still-life", path: "M/still-life", words: KnownWords(["photo", "red", "apple", "table"])),
    ]

    @Test(
        "The model that knows more of the words is taken, of equals the flowers, and a photo's own account decides",
        arguments: [
            (
                ["a photo of a red rose", "a flower"], nil, "M/flowers",
                "the model is flowers, which knows 4 of 4 words (still-life 2)"
            ),
            (
                ["two red apples on a table"], nil, "M/still-life",
                "the model is still-life, which knows 3 of 4 words (flowers 1)"
            ),
            (
                ["red"], nil, "M/flowers",
                "the model is flowers, which knows 1 of 1 word (still-life 1)"
            ),
            (
                ["a car"], nil, "M/flowers",
                "the model is flowers, which knows 0 of 1 word (still-life 0)"
            ),
            (
                [""], nil, "M/flowers",
                "the model is flowers, as no words speak for another"
            ),
            (
                ["a red rose"], "{\"command\": \"edit\", \"model\": {\"name\": \"still-life\"}}",
                "M/still-life",
                "the model is still-life, whose picture the photo is"
            ),
            (
                ["a rose"], "{\"command\": \"still-life\"}", "M/still-life",
                "the model is still-life, whose picture the photo is"
            ),
            (
                ["a red apple on a table"], "{\"command\": \"edit\", \"model\": {\"name\": \"sd15\"}}",
                "M/still-life",
                "the model is still-life, which knows 3 of 3 words (flowers 1)"
            ),
        ] as [([String], String?, String, String)])
    func chosen(prompts: [String], record: String?, path: String, line: String) throws {
        let choice = try #require(ModelChoice(for: prompts, record: record, among: Self.candidates))
        #expect(choice.path == path && choice.line == line)
        let naming = Naming { if case .setting(let name, _) = $0 { "the field \(name)" } else { nil } }
        #expect(choice.message.text(naming) == line + "; the field model names another")
    }

    @Test("With one model there is no choice and nothing is said")
    func alone() {
        #expect(ModelChoice(for: ["a rose"], record: nil, among: [Self.candidates[1]]) == nil)
        #expect(ModelChoice(for: ["a rose"], record: nil, among: []) == nil)
    }
}
