import Foundation
import Prompts

/// Sentences about a thing, from which its place in the text encoder's space is averaged.
///
/// Made from our own short patterns, always the same ones in the same order, so that the banks of two words are equal
/// but for the words: what the patterns mean cancels in a difference, and a few dozen do for what needs a thousand
/// sentences that were written freely.
///
/// A direction is added position by position, so the thing must stand wherever a caption may name it: first, behind
/// other things, behind where they are. With a thing that always stood at the front, the direction would hit whatever a
/// caption names first.
enum SentenceBank {
    /// What a sentence says it is.
    private static let kinds = ["a photo", "a painting", "a picture", "a drawing", "a sketch"]
    /// Where the things are.
    private static let places = [
        "on a table", "on a cloth", "in front of a wall", "on the left", "in the middle", "on the right",
        "in the open", "by a window", "on the grass",
    ]
    /// What else there is.
    private static let others = [
        "a ball", "a cup", "a book", "a box", "a lamp", "a cone", "a green cup", "a white box", "a red book",
        "a black lamp", "a small ball",
    ]
    /// {kind}, {place}, {other}, {more} and {thing} are filled in; what stands before the thing is from zero to a dozen
    /// words long.
    ///
    /// The sentences are short and of common words, so that also small text encoders read them whole.
    private static let patterns = [
        "{kind} of {thing} {place}", "{other} and {thing}", "{thing} and {other}",
        "{kind} of {other} and {thing}",
        "{place} {thing}", "{kind} of {other}, {more} and {thing}", "{thing} {place}",
        "{other} {place} and {thing}",
        "{kind} of {thing} and {other}", "{other}, {more} and {thing} {place}",
        "{kind} of {other} {place} and {thing}", "{place} {other} and {thing}", "{other} and {thing} {place}",
    ]

    /// All different sentences with {thing} in place of a thing.
    ///
    /// The lists' lengths have no common divisor, so that counting through all of them at once meets every combination.
    private static let frames: [String] = {
        var seen: Set<String> = []
        return (0..<(patterns.count * kinds.count * places.count * others.count)).map { index in
            let parts = [
                ("{kind}", kinds[index % kinds.count]), ("{place}", places[index % places.count]),
                ("{other}", others[index % others.count]), ("{more}", others[(index + 4) % others.count]),
            ]
            return parts.reduce(patterns[index % patterns.count]) { text, part in
                text.replacingOccurrences(of: part.0, with: part.1)
            }
        }.filter { seen.insert($0).inserted }
    }()

    /// How many different sentences there are.
    static let most = frames.count

    /// The first sentences about a thing, at most `most`.
    static func sentences(about words: String, count: Int) -> [String] {
        let thing = withArticle(words)
        return frames.prefix(count).map { $0.replacingOccurrences(of: "{thing}", with: thing) }
    }

    /// "apple" with "an" before it; nothing before plurals and what brings a determiner of its own.
    static func withArticle(_ words: String) -> String {
        let all = words.split(separator: " ").map { $0.lowercased() }
        guard let first = all.first else { return words }
        // The noun is the last word before a preposition: "slices" in "slices of bread".
        let noun = all.prefix { !StopWords.joining.contains($0) }.last ?? first
        let isPlural = noun.hasSuffix("s") && !["ss", "us", "is"].contains(where: noun.hasSuffix)
        if isPlural || determiners.contains(first) { return words }
        return (first.first.map { "aeiou".contains($0) } == true ? "an " : "a ") + words
    }

    private static let determiners = StopWords.articles.union([
        "my", "your", "his", "her", "its", "our", "their", "two", "three", "four", "many", "several", "no",
    ])
}
