import Prompts

/// The noun phrases of a prompt, found by its articles and little words alone.
///
/// "a red apple and a blue mug on a wooden table" has three: red apple, blue mug, wooden table, of which the last is what
/// the others stand on. No dictionary is asked, so phrases without an article count where a little word stands before.
struct PromptPhrases: Hashable {
    /// A noun phrase.
    struct Phrase: Hashable {
        /// The words before the noun.
        let adjectives: [String]
        /// The last word: the head.
        let noun: String
        /// Its tokens, from the article to the noun and the words after it that tell a side.
        var range: Range<Int>
        /// The noun's place among the tokens.
        let nounIndex: Int
        /// Whether it is where the things are: what follows "on", "in front of" and the like.
        let isGround: Bool

        /// "red apple".
        var name: String { (adjectives + [noun]).joined(separator: " ") }
    }

    /// Words and commas, in lower case.
    let tokens: [String]
    /// The phrases, in the prompt's order.
    let phrases: [Phrase]

    /// The phrases of a prompt.
    init(_ prompt: String) {
        tokens = prompt.lowercased().matches(of: /[\p{L}\p{N}'\-]+|,/).map { String($0.output) }
        phrases = Self.phrases(in: tokens)
    }

    /// What may stand after a noun and say which way the thing faces.
    private static let facing: Set<String> = ["facing", "pointing", "looking", "turned"]
    /// Other words that end a noun phrase.
    private static let endings: Set<String> = ["standing", "lying", "sitting", "left", "right", ","]
    private static let grounds: Set<String> = [
        "on", "in", "at", "against", "before", "behind", "over", "under", "above", "below",
    ]
    private static let sideNouns: Set<String> = [
        "front", "side", "middle", "top", "edge", "center", "centre", "half",
    ]

    private static func phrases(in tokens: [String]) -> [Phrase] {
        var phrases: [Phrase] = []
        var index = 0
        while index < tokens.count {
            let start = index
            if StopWords.articles.contains(tokens[index]) { index += 1 }
            var words: [String] = []
            while index < tokens.count, !ends(tokens[index]) {
                words.append(tokens[index])
                index += 1
            }
            guard let noun = words.last else {
                index = max(index, start + 1)
                continue
            }
            // "a photo of", "the left side of": no thing, but a part of what follows.
            if index < tokens.count, tokens[index] == "of" || Self.sideNouns.contains(noun) { continue }
            let side = sideWords(tokens, from: index)
            phrases.append(
                Phrase(
                    adjectives: words.dropLast(), noun: noun, range: start..<(index + side),
                    nounIndex: index - 1,
                    isGround: isGround(tokens, before: start, after: phrases.last)))
            index += side
        }
        return phrases
    }

    private static func ends(_ token: String) -> Bool {
        StopWords.all.contains(token) || facing.contains(token) || endings.contains(token)
    }

    /// How many tokens from an index on say which side the thing before shows.
    private static func sideWords(_ tokens: [String], from index: Int) -> Int {
        let rest = tokens[index...]
        if let first = rest.first, facing.contains(first) {
            var count = 1
            while count < rest.count, ["to", "the"].contains(rest[index + count]) { count += 1 }
            return rest.dropFirst(count).first.map(isSide) == true ? count + 1 : 0
        }
        // "with its handle on the left".
        if rest.count >= 6, rest[index] == "with", ["its", "the"].contains(rest[index + 1]),
            rest[index + 3] == "on", rest[index + 4] == "the", isSide(rest[index + 5])
        {
            return 6
        }
        return 0
    }

    private static func isSide(_ word: String) -> Bool { word == "left" || word == "right" }

    private static func isGround(_ tokens: [String], before start: Int, after last: Phrase?) -> Bool {
        guard start > 0 else { return false }
        switch tokens[start - 1] {
        case "and", ",": return last?.isGround ?? false
        case "of":
            guard start > 1 else { return false }
            return sideNouns.contains(tokens[start - 2])
        case let word: return grounds.contains(word)
        }
    }
}

/// Which phrases an instruction's things are.
extension PromptPhrases {
    /// The phrases that are things, not what they stand on or before.
    var things: [Phrase] { phrases.filter { !$0.isGround } }

    /// The phrases that a thing may be: several where only its place can tell them apart.
    /// - Throws: `LiftError` where none fits, or several do and nothing chooses.
    func phrases(for thing: LiftInstruction.Thing) throws(LiftError) -> [Phrase] {
        let named = phrases.filter { Self.isSame($0.noun, thing.noun) }
        guard !named.isEmpty else {
            let known = phrases.map(\.noun)
            throw .unknownThing(thing.noun, nearest: known.nearest(to: thing.noun), known: known)
        }
        let fitting = named.filter { phrase in thing.adjectives.allSatisfy(phrase.adjectives.contains) }
        guard !fitting.isEmpty else {
            throw .otherAdjectives(thing.name, known: named.map { Self.article($0.name) })
        }
        guard fitting.count == 1 || thing.place != nil else {
            throw .severalFit(thing.noun, count: fitting.count)
        }
        return fitting
    }

    /// Checks that a prompt names every thing of an instruction.
    func check(_ instruction: LiftInstruction) throws(LiftError) {
        for step in instruction.steps {
            for thing in step.named { _ = try phrases(for: thing) }
        }
    }

    /// Whether two nouns are one but for the plural's ending.
    static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || one + "s" == other || other + "s" == one
    }

    /// Whether a noun is written as several.
    static func isPlural(_ noun: String, of thing: LiftInstruction.Thing) -> Bool { noun == thing.noun + "s" }

    private static func article(_ name: String) -> String {
        (name.first.map { "aeiou".contains($0) } == true ? "an " : "a ") + name
    }
}
