import Foundation

@testable import Prompts

/// The tokenizer fixtures of the repository, and scratch folders.
enum Fixtures {
    /// `Tests/Fixtures/tokenizer`.
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures/tokenizer").path

    /// A text with the ids that transformers gives it, by family; a family that is left out agrees with `trained`.
    struct Line: Decodable {
        let text: String
        let trained: [Int]
        let sd1: [Int]?
        let sd2: [Int]?
    }

    static func lines() throws -> [Line] {
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/strings.json"))
        return try JSONDecoder().decode([Line].self, from: data)
    }

    static func captions() throws -> [String] {
        try String(contentsOfFile: folder + "/captions.txt", encoding: .utf8).split(separator: "\n").map(
            String.init)
    }

    /// Runs a body with an empty folder that is removed afterwards.
    static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(
            "prompts-" + UUID().uuidString
        ).path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    /// Runs a body with a folder that has the small vocabulary and the settings of a family.
    static func withFamily<Result>(_ family: String, _ body: (String) throws -> Result) throws -> Result {
        try withFolder { path in
            for name in ["vocab.json", "merges.txt"] {
                try FileManager.default.copyItem(
                    atPath: "\(folder)/trained/\(name)", toPath: "\(path)/\(name)")
            }
            for name in ["tokenizer_config.json", "special_tokens_map.json"] {
                try FileManager.default.copyItem(
                    atPath: "\(folder)/\(family)/\(name)", toPath: "\(path)/\(name)")
            }
            return try body(path)
        }
    }

    static func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    static func trained(contextLength: Int? = nil) throws -> Tokenizer {
        try Tokenizer(folder: folder + "/trained", contextLength: contextLength)
    }
}
