import Foundation
import Testing

@testable import Prompts

@Suite("The tokenizer")
struct TokenizerTests {
    @Test(
        "gives the ids that transformers gives, in every family of folders",
        arguments: ["trained", "sd1", "sd2"])
    func parity(family: String) throws {
        let lines = try Fixtures.lines()
        #expect(lines.count >= 500)
        func check(_ tokenizer: Tokenizer) {
            for line in lines {
                let expected = (family == "sd1" ? line.sd1 : family == "sd2" ? line.sd2 : nil) ?? line.trained
                let ids = tokenizer.encode(line.text).ids
                #expect(ids.count == tokenizer.contextLength)
                #expect(Array(ids.prefix(expected.count)) == expected, "\(line.text.debugDescription)")
                #expect(ids.dropFirst(expected.count).allSatisfy { $0 == tokenizer.paddingToken })
            }
        }
        if family == "trained" {
            check(try Fixtures.trained())
        } else {
            try Fixtures.withFamily(family) { check(try Tokenizer(folder: $0)) }
        }
    }

    @Test("pads with the end token in Stable Diffusion 1 and with id 0 in Stable Diffusion 2")
    func padding() throws {
        let first = try Fixtures.withFamily("sd1") { try Tokenizer(folder: $0) }
        #expect(first.paddingToken == first.endToken)
        #expect(first.encode("").ids == [first.startToken] + Array(repeating: first.endToken, count: 76))
        let second = try Fixtures.withFamily("sd2") { try Tokenizer(folder: $0) }
        #expect(second.encode("").ids.suffix(75).allSatisfy { $0 == 0 })
        #expect(second.encode("!").ids.prefix(3) == [second.startToken, 0, second.endToken])
    }

    @Test("finds the tokenizer in a model folder")
    func modelFolder() throws {
        try Fixtures.withFolder { path in
            try FileManager.default.copyItem(
                atPath: Fixtures.folder + "/trained", toPath: path + "/tokenizer")
            #expect(try Tokenizer(folder: path).vocabularySize == Fixtures.trained().vocabularySize)
        }
    }

    @Test("reads tokenizer.json to the same ids as the separate files")
    func wholeFile() throws {
        try Fixtures.withFolder { place in
            let trained = try Fixtures.trained()
            let vocabulary = try String(
                contentsOfFile: Fixtures.folder + "/trained/vocab.json", encoding: .utf8)
            for asText in [true, false] {
                let merges = try String(
                    contentsOfFile: Fixtures.folder + "/trained/merges.txt", encoding: .utf8
                )
                .split(separator: "\n").dropFirst().map { $0.split(separator: " ").map(String.init) }
                let items: Any = asText ? merges.map { $0.joined(separator: " ") } : merges
                let mergesText = String(
                    decoding: try JSONSerialization.data(withJSONObject: items), as: UTF8.self)
                try Fixtures.write(
                    """
                    {"version": "1.0", "truncation": null, "added_tokens": [
                      {"id": \(trained.startToken), "content": "<|startoftext|>", "special": true},
                      {"id": \(trained.endToken), "content": "<|endoftext|>", "special": true}],
                     "model": {"type": "BPE", "dropout": null, "vocab": \(vocabulary),
                      "merges": \(mergesText)}}
                    """, to: place + "/tokenizer.json")
                let tokenizer = try Tokenizer(folder: place)
                for line in try Fixtures.lines() {
                    #expect(tokenizer.encode(line.text).ids == trained.encode(line.text).ids)
                }
            }
        }
    }

    @Test("takes the context length from the folder unless the caller says")
    func contextLength() throws {
        #expect(try Fixtures.trained().contextLength == 77)
        #expect(try Fixtures.trained(contextLength: 32).encode("a cat").ids.count == 32)
        #expect(throws: TokenizerError.contextTooShort(length: 2)) { try Fixtures.trained(contextLength: 2) }
        try Fixtures.withFamily("sd1") { path in
            for (written, expected) in [("16", 16), ("null", 77), ("1000000000000000019884624838656", 77)] {
                try Fixtures.write("{\"model_max_length\": \(written)}", to: path + "/tokenizer_config.json")
                #expect(try Tokenizer(folder: path).contextLength == expected)
            }
        }
    }

    @Test("adds a new token after the vocabulary and finds it in a prompt")
    func addedToken() throws {
        try Fixtures.withFamily("sd1") { path in
            let size = try Tokenizer(folder: path).vocabularySize
            try Fixtures.write("{\"<my-cat>\": \(size)}", to: path + "/added_tokens.json")
            let tokenizer = try Tokenizer(folder: path)
            #expect(tokenizer.vocabularySize == size + 1)
            #expect(tokenizer.token(of: size) == "<my-cat>")
            #expect(tokenizer.encode("a<MY-CAT>b").tokens.map(\.id).contains(size))
            try Fixtures.write("{\"<my-cat>\": \(size + 4)}", to: path + "/added_tokens.json")
            #expect(throws: TokenizerError.self) { try Tokenizer(folder: path) }
        }
    }
}

private let preparedFolder = ProcessInfo.processInfo.environment["PENTIMENTO_TOKENIZER_PARITY"]

/// Runs only where Scripts/parity/tokenizer.py has prepared a folder.
@Suite("The full vocabulary", .enabled(if: preparedFolder != nil))
struct FullVocabularyTests {
    struct Line: Decodable {
        let text: String
        let ids: [Int]
    }

    @Test("gives transformers' ids for every text", arguments: ["sd1", "sd2"])
    func parity(family: String) throws {
        let folder = try #require(preparedFolder)
        let lines = try JSONDecoder().decode(
            [Line].self, from: Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(family).json")))
        let clock = ContinuousClock()
        let start = clock.now
        let tokenizer = try Tokenizer(folder: "\(folder)/\(family)")
        let loaded = clock.now
        var differences = 0
        for line in lines {
            let padding = Array(repeating: tokenizer.paddingToken, count: 77 - line.ids.count)
            if tokenizer.encode(line.text).ids != line.ids + padding {
                differences += 1
                if differences <= 10 { Issue.record("differs: \(line.text.debugDescription)") }
            }
        }
        print(
            "\(family): \(differences) of \(lines.count) texts differ; "
                + "loaded in \(loaded - start), encoded in \(clock.now - loaded)")
        #expect(differences == 0)
    }
}
