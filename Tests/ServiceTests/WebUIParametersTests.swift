import Service
import Testing

/// The webui's account of an image, read and written.
@Suite struct WebUIParametersTests {
    @Test("The webui's parameters are read as they were written, commas, quotes and all")
    func parameters() {
        let all = [
            WebUIParameters(prompt: "a cat", settings: [("Steps", "20"), ("Seed", "1")]),
            WebUIParameters(
                prompt: "a cat,\nand: a dog", negative: "ugly, (bad:1.2)",
                settings: [("Steps", "20"), ("Model", "odd, \"name\": 3\nx"), ("Seed", "7")]),
        ]
        for parameters in all { #expect(WebUIParameters(parameters.text) == parameters) }
        let prose = WebUIParameters("note: a cat, painted")
        #expect(prose.prompt == "note: a cat, painted" && prose.settings.isEmpty)
    }

    @Test("The last line about a negative prompt is the one that counts")
    func negativePrompt() {
        let read = WebUIParameters(
            "a pear\nNegative prompt: of mine\nNegative prompt: dull\nSteps: 2, Seed: 1")
        #expect(read.prompt == "a pear\nNegative prompt: of mine" && read.negative == "dull")
        let empty = WebUIParameters("a pear\nNegative prompt:\nSteps: 2, Seed: 1")
        #expect(empty.prompt == "a pear" && empty.negative.isEmpty)
        let odd = WebUIParameters(prompt: "Negative prompt: x", settings: [("Steps", "2"), ("Seed", "1")])
        #expect(odd.text == " Negative prompt: x\nSteps: 2, Seed: 1")
        #expect(WebUIParameters(odd.text).negative.isEmpty)
    }
}
