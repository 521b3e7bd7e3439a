package import Foundation
import Prompts

/// The words of the captions that a model was trained on: `words.json` in its folder, where the trainer wrote one.
///
/// Models that were trained on the language of the whole web have none.
public struct KnownWords: Sendable, Equatable {
    /// The file's name.
    package static let file = "words.json"

    /// All of them, in lower case.
    public let words: Set<String>

    /// Given words.
    package init(_ words: Set<String>) { self.words = words }

    /// The words of captions.
    package init(captions: some Sequence<String>) { words = Set(captions.lazy.flatMap(Self.split)) }

    /// The list of a model folder; nil where there is none, or none that can be read.
    package init?(folder: String) {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(Self.file)"),
            let list = try? JSONDecoder().decode([String].self, from: data), !list.isEmpty
        else { return nil }
        words = Set(list)
    }

    /// The list as it stands in a model folder.
    package var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes]
            return try encoder.encode(words.sorted()) + Data("\n".utf8)
        }
    }

    /// The words of a text that were in no caption, in their order, each once.
    ///
    /// Words that name no thing are never among them, and an s at the end makes no other word.
    public func unknown(in text: String) -> [String] { Self.content(of: text).filter { !contains($0) } }

    /// The words of a text that were in captions, in their order, each once; none that names no thing.
    package func known(in text: String) -> [String] { Self.content(of: text).filter { contains($0) } }

    private func contains(_ word: String) -> Bool {
        words.contains(word) || (word.hasSuffix("s") && words.contains(String(word.dropLast())))
    }

    /// The words of a text that name things, in their order, each once.
    package static func content(of text: String) -> [String] {
        var found: [String] = []
        for word in split(text) where word.count > 1 && !StopWords.all.contains(word) {
            if !found.contains(word) { found.append(word) }
        }
        return found
    }

    private static func split(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter }.map(String.init)
    }
}
