import Diffusion
import Foundation
import Imaging
import Prompts
import Support
import Tensors
import TestSupport
import Testing

@testable import Editing

/// What is said about prompts that a model or this program reads otherwise than their writer thinks.
@Suite struct PromptAdviceTests {
    @Test("The default model tells what it never saw, each word once, and says nothing of its own world")
    func unknownWords() throws {
        let folder = try ModelFolder(path: Fixtures.package + "/Models/still-life")
        let session = DiffusionSession(model: LoadedModel(folder: folder))
        session.advise(on: [
            ("prompt", "A green pear and two apples on a wooden table, in front of a brick wall"),
            ("source prompt", "an open book"), ("negative prompt", ""),
        ])
        let sentence =
            "the prompt has words that the model was never trained on, and it cannot paint what they mean: two"
        #expect(session.warnings == [sentence])
        session.advise(on: [("prompt", "a cat, a rocket and a cat"), ("source prompt", "a cat on a sofa")])
        #expect(
            session.warnings.dropFirst() == [
                "the prompt has words that the model was never trained on, and it cannot paint what they mean: cat, rocket",
                "the source prompt has words that the model was never trained on, and it cannot paint what they mean: sofa",
            ])
    }

    @Test("More than five unknown words are counted, and a model without a list says nothing")
    func many() throws {
        #expect(
            PromptAdvice.unknown(["b", "c", "d", "e", "f", "g", "h"], role: "prompt")?.description
                == "the prompt has words that the model was never trained on, and it cannot paint what they mean: "
                + "b, c, d, e, f and 2 more")
        let session = DiffusionSession(model: try tinyModel())
        session.advise(on: [("prompt", "a zeppelin")])
        #expect(session.warnings.isEmpty)
    }

    @Test(
        "Notation of the webui gets a hint; ordinary brackets and colons do not",
        arguments: [
            ("a (pear:1.3) on a table", "(pear:1.3)"), ("a [pear:0.5]", "[pear:0.5]"),
            ("a ((red)) pear", "((red))"),
            ("a pear <lora:fruit:0.8>", "<lora:fruit:0.8>"), ("a pear BREAK a table", "BREAK"),
            ("BREAK (pear:1.3)", "BREAK, (pear:1.3)"),
            ("a pear (green) at 10:30", nil), ("a break", nil), ("still life: a pear", nil),
            ("a (b: c)", nil),
        ] as [(String, String?)])
    func notation(text: String, found: String?) {
        let expected = found.map {
            "the prompt has \($0), which other programs take as a command and this one reads as plain words; "
                + "prompt-to-prompt with its option weights=word:1.3 weighs words"
        }
        #expect(PromptAdvice.notation(in: text, role: "prompt")?.description == expected)
    }

    @Test("A prompt that is too long is named, with where it was cut off and how much")
    func cutOff() throws {
        let session = DiffusionSession(model: try tinyModel())
        let text = (0..<90).map { "pear\($0)" }.joined(separator: " ")
        _ = try session.prompt(text, as: "source prompt")
        _ = try session.prompt(text, as: "prompt")
        let cut = try #require(try tinyModel().tokenizer().encode(text).truncatedText)
        let words = cut.split(separator: " ")
        #expect(
            session.warnings == [
                "the source prompt is longer than the model reads; it was cut off from \"\(cut.prefix(40))…\" on "
                    + "(\(words.count) words)"
            ])
    }

    @Test(
        "A small mask that was found gets a hint with half its threshold; a larger one, or the user's, none")
    func smallMask() throws {
        let request = EditRequest(image: Image(width: 2, height: 2), prompt: "x") {
            $0.options = ["threshold": "0.5"]
        }
        func mask(_ count: Int) -> Mask {
            Mask(width: 10, height: 10, values: (0..<100).map { $0 < count ? 1 : 0 })
        }
        let checked = try request.checked()
        #expect(
            checked.advice(onFound: mask(3))?.description
                == "the mask that was found covers only 3 % of the picture; option threshold=0.25 finds more, or draw "
                + "one")
        #expect(checked.advice(onFound: mask(5)) == nil && checked.advice(onFound: mask(0)) == nil)
        #expect(checked.advice(onFound: nil) == nil)
    }
}
