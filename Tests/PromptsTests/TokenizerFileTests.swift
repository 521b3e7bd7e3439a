import Foundation
import Testing

@testable import Prompts

@Suite("Tokenizer files that are not what they should be")
struct TokenizerFileTests {
    /// The error of reading a good folder after one file was replaced.
    private func error(replacing name: String, by text: String?) throws -> TokenizerError? {
        try Fixtures.withFamily("sd1") { path in
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
            if let text { try Fixtures.write(text, to: "\(path)/\(name)") }
            do {
                _ = try Tokenizer(folder: path)
                return nil
            } catch let error as TokenizerError {
                return error
            }
        }
    }

    private func vocabulary(_ change: (String) -> String) throws -> String {
        change(try String(contentsOfFile: Fixtures.folder + "/trained/vocab.json", encoding: .utf8))
    }

    @Test("Missing files are named")
    func missing() throws {
        #expect(
            throws: TokenizerError.filesMissing(folder: "/nowhere", missing: ["vocab.json", "merges.txt"])
        ) {
            try Tokenizer(folder: "/nowhere")
        }
        guard case .filesMissing(_, ["merges.txt"]) = try error(replacing: "merges.txt", by: nil) else {
            Issue.record("merges.txt was not missed")
            return
        }
        #expect(try error(replacing: "tokenizer_config.json", by: nil) == nil)
        #expect(try error(replacing: "special_tokens_map.json", by: nil) == nil)
    }

    @Test(
        "Other kinds of files are recognised",
        arguments: [
            ("<!DOCTYPE html><html></html>", "a web page"),
            ("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a git-lfs pointer"),
            ("", "empty"), (" \n", "empty"),
        ])
    func otherKinds(text: String, kind: String) throws {
        for name in ["vocab.json", "tokenizer_config.json"] {
            guard case .notTheFile(let path, let found) = try error(replacing: name, by: text) else {
                Issue.record("\(name) was taken although it is \(kind)")
                continue
            }
            #expect(found == kind)
            #expect(path.hasSuffix(name))
        }
        if kind != "empty" {
            guard case .notTheFile = try error(replacing: "merges.txt", by: text) else {
                Issue.record("merges.txt was taken although it is \(kind)")
                return
            }
        }
    }

    @Test(
        "Broken JSON is refused with its place",
        arguments: [
            "{", "[]", "{\"a\"}", "{\"a\":}", "{\"a\":1", "{\"a\":1,}", "{\"a\":01}", "{\"a\":-1}",
            "{\"a\":1.0}",
            "{\"a\":1e3}", "{\"a\":\"b\"}", "{\"a\":99999999999}", "{\"a\":1}x", "{\"a\\q\":1}",
            "{\"\\ud800\":1}",
            "{\"\\ud800\\u0041\":1}", "{\"\\u00g0\":1}", "{\"a\n\":1}", "{\"a", "nul", "{\"a\":true}",
        ])
    func brokenVocabulary(text: String) throws {
        guard case .malformed(let path, _, _) = try error(replacing: "vocab.json", by: text) else {
            Issue.record("was taken: \(text)")
            return
        }
        #expect(path.hasSuffix("vocab.json"))
    }

    @Test("Broken settings are refused")
    func brokenSettings() throws {
        let deep = String(repeating: "[", count: 5000)
        for text in ["{", "[1]", "{\"a\": tru}", "{\"a\": +1}", "{\"a\": 1e999}", "{\"a\": \(deep)"] {
            guard case .malformed = try error(replacing: "tokenizer_config.json", by: text) else {
                Issue.record("was taken: \(text.prefix(40))")
                continue
            }
        }
        let unsupported = [
            "{\"tokenizer_class\": \"T5Tokenizer\"}", "{\"padding_side\": \"left\"}",
            "{\"model_max_length\": 1.5}",
            "{\"added_tokens_decoder\": {\"x\": \"a\"}}", "{\"pad_token\": 3}", "{\"add_bos_token\": false}",
        ]
        for text in unsupported {
            let found = try Fixtures.withFamily("sd1") { path in
                try FileManager.default.removeItem(atPath: path + "/special_tokens_map.json")
                try Fixtures.write(text, to: path + "/tokenizer_config.json")
                return #expect(throws: TokenizerError.self) { try Tokenizer(folder: path) }
            }
            guard case .unsupported = found else {
                Issue.record("\(text): \(String(describing: found))")
                continue
            }
        }
    }

    @Test("A vocabulary and merges that contradict themselves or each other are refused")
    func contradictions() throws {
        let twice = try vocabulary { $0.replacingOccurrences(of: "\"b\": 65", with: "\"a\": 65") }
        guard case .duplicate(_, "the token \"a\"") = try error(replacing: "vocab.json", by: twice) else {
            Issue.record("a token listed twice was taken")
            return
        }
        let sameId = try vocabulary { $0.replacingOccurrences(of: "\"b\": 65", with: "\"b\": 64") }
        guard case .duplicate(_, "id 64") = try error(replacing: "vocab.json", by: sameId) else {
            Issue.record("an id given twice was taken")
            return
        }
        let gap = try vocabulary { $0.replacingOccurrences(of: "\"b\": 65", with: "\"b\": 90000") }
        guard case .idsNotContiguous(_, 65, _) = try error(replacing: "vocab.json", by: gap) else {
            Issue.record("a gap in the ids was taken")
            return
        }
        guard
            case .unknownToken(let path, 2, "zzzz") = try error(replacing: "merges.txt", by: "a p\nzzzz q\n")
        else {
            Issue.record("a merge of an unknown token was taken")
            return
        }
        #expect(path.hasSuffix("merges.txt"))
        guard case .malformed(_, 4, _) = try error(replacing: "merges.txt", by: "a p\na b c\n") else {
            Issue.record("a merge of three symbols was taken")
            return
        }
        guard case .missingEntry = try error(replacing: "vocab.json", by: "{\"a\": 0}") else {
            Issue.record("a vocabulary without byte symbols was taken")
            return
        }
    }

    @Test("A folder that cannot be written is reported")
    func unwritable() throws {
        try Fixtures.withFolder { path in
            try Fixtures.write("a file", to: path + "/file")
            let tokenizer = try Fixtures.trained()
            let error = #expect(throws: TokenizerError.self) { try tokenizer.write(to: path + "/file/below") }
            guard case .unreachable = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}
