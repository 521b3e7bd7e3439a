import Foundation
import Prompts

/// Sentences about a thing, from which its place in the text encoder's space is averaged.
///
/// Made from our own short patterns, always the same ones in the same order, so that the banks of two words
/// are equal but for the words: what the patterns mean cancels in a difference, and a few dozen do for what
/// needs a thousand sentences that were written freely.
enum SentenceBank {
    /// What a sentence says it is.
    private static let kinds = [
        "a photo", "a close view", "a snapshot", "a plain picture", "a sharp photo", "a colour picture",
        "a good photo", "a simple view", "an old picture",
    ]
    private static let places = [
        "on a table", "in a garden", "by a window", "on a quiet street", "in the grass", "in a large room",
        "in front of a wall", "under a tree", "close to water", "out in the open", "beside a road", "at home",
        "in the morning", "in bright sun", "on a grey day", "at dusk", "in soft light", "in winter",
        "in late summer", "after rain", "by lamplight", "from nearby", "from far away",
    ]
    /// {kind}, {thing} and {place} are filled in; the thing stands early, as it does in captions.
    ///
    /// The sentences are short, so that also small text encoders read them whole.
    private static let patterns = [
        "{kind} of {thing} {place}", "{thing} {place} in {kind}", "{thing} {place}, {kind}",
        "{kind} of {thing}, {place}", "{kind} that shows {thing} {place}",
    ]

    /// How many different sentences there are; the lists' lengths have no common divisor, so that counting
    /// through all of them at once meets every combination.
    static let most = patterns.count * kinds.count * places.count

    /// The first sentences about a thing, at most `most`.
    static func sentences(about words: String, count: Int) -> [String] {
        let thing = withArticle(words)
        return (0..<min(count, most)).map { index in
            [("{kind}", kinds), ("{place}", places), ("{thing}", [thing])].reduce(
                patterns[index % patterns.count]
            ) { text, part in
                text.replacingOccurrences(of: part.0, with: part.1[index % part.1.count])
            }
        }
    }

    /// "apple" with "an" before it; nothing before plurals and what brings a determiner of its own.
    static func withArticle(_ words: String) -> String {
        let all = words.split(separator: " ").map { $0.lowercased() }
        guard let first = all.first else { return words }
        // The noun is the last word before a preposition: "slices" in "slices of bread".
        let noun = all.prefix { !LittleWords.joining.contains($0) }.last ?? first
        let isPlural = noun.hasSuffix("s") && !["ss", "us", "is"].contains(where: noun.hasSuffix)
        if isPlural || determiners.contains(first) { return words }
        return (first.first.map { "aeiou".contains($0) } == true ? "an " : "a ") + words
    }

    private static let determiners = LittleWords.articles.union([
        "my", "your", "his", "her", "its", "our", "their", "two", "three", "four", "many", "several", "no",
    ])

    // MARK: Files

    /// The most bytes a file of sentences may have.
    static let mostBytes = 1 << 20
    /// The most sentences.
    static let mostSentences = 10_000

    /// The lines of a file that are not blank.
    /// - Parameter option: whose value the path is, for the error.
    /// - Throws: `EditingError.badValue` that says what is wrong with the file.
    static func sentences(in path: String, option: String) throws(EditingError) -> [String] {
        func refused(_ reason: String) -> EditingError {
            .badValue(
                name: "option \(option)", value: "\"\(path)\"",
                expected: "a text file with one sentence per line, but \(reason)")
        }
        // A pipe or device could keep the program waiting or never end; only regular files are opened.
        let url = URL(fileURLWithPath: path).resolvingSymlinksInPath()
        guard let facts = try? FileManager.default.attributesOfItem(atPath: url.path) else {
            throw refused("there is no such file")
        }
        guard facts[.type] as? FileAttributeType == .typeRegular else { throw refused("it is no file") }
        guard let handle = FileHandle(forReadingAtPath: url.path) else { throw refused("it cannot be read") }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: mostBytes + 1) else {
            throw refused("it has no sentences")
        }
        guard data.count <= mostBytes else { throw refused("it is larger than \(mostBytes) bytes") }
        guard let text = String(validating: data, as: UTF8.self), !text.unicodeScalars.contains("\0") else {
            throw refused("it is not UTF-8 text")
        }
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"])) }.filter { !$0.isEmpty }
        guard !lines.isEmpty else { throw refused("it has no sentences") }
        guard lines.count <= mostSentences else {
            throw refused("it has \(lines.count) sentences; at most \(mostSentences) are read")
        }
        return lines
    }
}
