import Foundation
import Testing

@testable import Prompts

@Suite("TokenizerTraining")
struct TokenizerTrainingTests {
    @Test("Training on the stored captions gives the stored vocabulary, byte for byte")
    func golden() throws {
        let tokenizer = try Tokenizer.train(on: Fixtures.captions(), vocabularySize: 1200)
        let stored = Fixtures.folder + "/trained"
        if ProcessInfo.processInfo.environment["PENTIMENTO_WRITE_FIXTURES"] != nil {
            try tokenizer.write(to: stored)
        }
        try Fixtures.withFolder { path in
            try tokenizer.write(to: path + "/new/folder")
            for name in ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json"] {
                let written = try Data(contentsOf: URL(fileURLWithPath: "\(path)/new/folder/\(name)"))
                #expect(try written == Data(contentsOf: URL(fileURLWithPath: "\(stored)/\(name)")), "\(name)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: path + "/new/folder").count == 4)
        }
    }

    @Test("A written tokenizer reads back as it was, families with their own padding included")
    func roundTrip() throws {
        try Fixtures.withFamily("sd2") { path in
            let before = try Tokenizer(folder: path, contextLength: 20)
            try before.write(to: path + "/copy")
            let after = try Tokenizer(folder: path + "/copy")
            for line in try Fixtures.lines() {
                #expect(after.encode(line.text).ids == before.encode(line.text).ids)
            }
        }
    }

    @Test("The layout is CLIP's: byte symbols, their endings, merges, start, end")
    func layout() throws {
        let tokenizer = try Tokenizer.train(
            on: ["abab abab", "abab cd cd"], vocabularySize: 600, contextLength: 8)
        #expect(tokenizer.token(of: 0) == "!")
        #expect(tokenizer.token(of: 256) == "!</w>")
        #expect(tokenizer.token(of: 512) == "ab")
        #expect(tokenizer.token(of: 513) == "ab</w>")
        #expect(tokenizer.token(of: 514) == "abab</w>")
        #expect(tokenizer.token(of: 515) == "cd</w>")
        #expect(tokenizer.startToken == 516)
        #expect(tokenizer.endToken == 517)
        #expect(tokenizer.vocabularySize == 518)
        #expect(tokenizer.token(of: 518) == nil)
        #expect(tokenizer.encode("ABAB CD").ids == [516, 514, 515, 517, 517, 517, 517, 517])
    }

    @Test("The smallest vocabulary still writes every text, byte by byte")
    func smallest() throws {
        let tokenizer = try Tokenizer.train(on: ["a cat"], vocabularySize: 514)
        #expect(tokenizer.vocabularySize == 514)
        let ids = tokenizer.encode("héé 😀").tokens.map(\.id)
        #expect(ids.count == 9)
        #expect(ids.allSatisfy { $0 < 512 })
        #expect(throws: TokenizerError.vocabularyTooSmall(size: 513, least: 514)) {
            try Tokenizer.train(on: ["a cat"], vocabularySize: 513)
        }
    }
}
