import Foundation
import Testing

@testable import Prompts

/// CLIP's tokenizer, made of its merges alone.
@Suite struct MergesTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
            "Models/clip-tokenizer"
        ).path

    // The nearest wrong vocabulary lists bytes by their number, not printable ones first: every id is another then.
    @Test("The merges make CLIP's vocabulary and its ids")
    func ids() throws {
        let tokenizer = try Tokenizer(mergesIn: Self.folder)
        #expect(tokenizer.vocabularySize == 49408 && tokenizer.contextLength == 77)
        #expect(tokenizer.startToken == 49406 && tokenizer.endToken == 49407)
        #expect(tokenizer.encode("a cat!").ids.prefix(6) == [49406, 320, 2368, 256, 49407, 49407])
        #expect(
            tokenizer.encode("A photo of a red fox, in the snow").ids.prefix(12)
                == [49406, 320, 1125, 539, 320, 736, 3240, 267, 530, 518, 2583, 49407])
        let padded = try Tokenizer(mergesIn: Self.folder, contextLength: 8, padding: .zero)
        #expect(padded.encode("a cat").ids == [49406, 320, 2368, 49407, 0, 0, 0, 0])
    }

    @Test("A folder without merges is told")
    func missing() {
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(mergesIn: "/nowhere") }
        #expect(error?.description.hasPrefix("no tokenizer in /nowhere: ") == true)
    }
}
