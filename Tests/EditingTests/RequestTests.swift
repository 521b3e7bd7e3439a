import Foundation
import Imaging
import Support
import Testing

@testable import Editing

@Suite struct RequestTests {
    func request(_ change: (inout EditRequest) -> Void) -> EditRequest {
        var request = EditRequest(image: Image(width: 2, height: 2), prompt: "a pear")
        change(&request)
        return request
    }

    func message(_ change: (inout EditRequest) -> Void) -> String {
        let error = #expect(throws: EditingError.self) { try request(change).checked() }
        return error?.description ?? ""
    }

    @Test("A method or option that does not exist is answered with the nearest that does")
    func suggestions() {
        func option(_ name: String) -> String { message { $0.options = [name: "0.5"] } }
        #expect(
            message { $0.method = "difedit" }
                == "there is no method \"difedit\"; did you mean diffedit?")
        #expect(
            message { $0.method = "SDEDIT2" }
                == "there is no method \"SDEDIT2\"; did you mean sdedit?")
        #expect(option("treshold") == "diffedit has no option \"treshold\"; did you mean threshold?")
        #expect(option("thresh") == "diffedit has no option \"thresh\"; did you mean threshold?")
        #expect(
            option("strength")
                == "diffedit has no option \"strength\"; it is a setting of its own, not of the method")
        #expect(
            option("Seed") == "diffedit has no option \"Seed\"; it is a setting of its own, not of the method"
        )
        #expect(
            message { ($0.method, $0.options) = ("ddim", ["x": "1"]) }
                == "ddim has no option \"x\"; it has none at all")
    }

    @Test("Nothing is suggested where nothing is near")
    func noSuggestion() {
        #expect(
            message { $0.method = "nosuch" }
                == "there is no method \"nosuch\"; there are \(Registry.all.map { $0.description.name }.joined(separator: ", "))"
        )
        #expect(
            message { ($0.method, $0.options) = ("cyclediffusion", ["colour": "1"]) }
                == "cyclediffusion has no option \"colour\"; it has eta, source-guidance")
        #expect(["edit", "invert"].nearest(to: "edti") == "edit" && ["ddim"].nearest(to: "dim") == "ddim")
        #expect(["edit"].nearest(to: "x") == nil && [String]().nearest(to: "edit") == nil)
    }

    @Test(
        "Methods are found by name, title and what people call them, whatever the case and punctuation",
        arguments: [
            ("SDEdit", "sdedit"), ("LEDITS++", "ledits"), ("P2P", "prompt-to-prompt"),
            ("Plug and Play", "plug-and-play"),
            ("pnp", "plug-and-play"), ("img2img", "sdedit"), ("Pix2PixZero", "pix2pix-zero"),
            ("ip2p", "instruct-pix2pix"),
            ("Inpainting", "inpaint"),
        ])
    func names(typed: String, name: String) throws {
        #expect(try Registry.method(named: typed).description.name == name)
    }

    @Test("No two methods go by one name, and every paper's text has its year")
    func distinct() throws {
        for method in Registry.all.map({ $0.description }) {
            for name in [method.name, method.title] + method.aliases {
                #expect(try Registry.method(named: name).description.name == method.name)
            }
            #expect(method.paper.contains(/20\d\d/))
        }
        for inversion in InversionDescription.all { #expect(inversion.paper.contains(/20\d\d/)) }
        #expect(try InversionKind.named("Null Text") == .nullText)
    }

    @Test(
        "Kinds of options are plain objects in JSON",
        arguments: [
            (.integer(1...20), #"{"maximum":20,"minimum":1,"type":"integer"}"#),
            (.number(0...1.5), #"{"maximum":1.5,"minimum":0,"type":"number"}"#),
            (.choice(["a", "b"]), #"{"type":"choice","values":["a","b"]}"#), (.text, #"{"type":"text"}"#),
            (.flag, #"{"type":"flag"}"#),
        ] as [(OptionDescription.Kind, String)])
    func kinds(kind: OptionDescription.Kind, json: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        #expect(String(decoding: try encoder.encode(kind), as: UTF8.self) == json)
        #expect(try JSONDecoder().decode(OptionDescription.Kind.self, from: Data(json.utf8)) == kind)
    }

    @Test("A range that is upside down is refused when it is read")
    func badKind() {
        let json = Data(#"{"maximum":1,"minimum":2,"type":"number"}"#.utf8)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(OptionDescription.Kind.self, from: json)
        }
    }

    @Test(
        "Every bad value is refused with what would be right",
        arguments: [
            ("noises", "0", "from 1 to 256"), ("noises", "1.5", "whole number"),
            ("threshold", "nan", "from 0 to 1"),
            ("threshold", "inf", "from 0 to 1"), ("clamp", "much", "from 1 to 100"),
            ("mask", "all", "found, none"),
        ])
    func badOptions(name: String, value: String, expected: String) {
        let text = message { $0.options = [name: value] }
        #expect(text.contains(name) && text.contains(value) && text.contains(expected))
    }

    @Test("Steps, strength and guidance out of range, and an empty prompt, each have their message")
    func badSettings() {
        #expect(message { $0.steps = 0 } == "steps is 0; it must be a number from 1 to 1000")
        #expect(message { $0.strength = 2 } == "strength is 2.0; it must be above 0 and at most 1")
        #expect(message { $0.strength = 0 }.contains("strength"))
        #expect(message { $0.strength = .nan }.contains("strength"))
        #expect(message { $0.guidance = .nan } == "guidance is nan; it must be a number from 0 to 100")
        #expect(message { $0.guidance = -1 }.contains("guidance"))
        #expect(message { $0.prompt = " \n" }.contains("the prompt is empty"))
        #expect(message { $0.feather = .infinity }.contains("feather"))
    }

    @Test("Settings survive JSON, and a request reads and sets them as its own")
    func settings() throws {
        let settings = EditSettings(prompt: "dog", source: "cat", method: "ddim") {
            $0.negative = "bird"
            $0.preset = .official
            $0.options = ["noises": "3"]
            $0.seed = .max
            $0.steps = 7
            $0.guidance = 2.5
            $0.strength = 0.5
            $0.offset = 0
            $0.inversion = .nullText
            $0.inversionOptions = ["iterations": "3"]
            $0.paste = .residual
            $0.feather = 3
            $0.workingSide = 64
            $0.traces = true
            $0.measuresInversion = true
        }
        let data = try JSONEncoder().encode(settings)
        #expect(try JSONDecoder().decode(EditSettings.self, from: data) == settings)
        var request = EditRequest(settings, image: Image(width: 2, height: 2))
        #expect(request.seed == .max && request.inversionOptions == ["iterations": "3"])
        request.options["noises"] = nil
        request.steps = 9
        #expect(request.settings.options.isEmpty && request.settings.steps == 9)
        #expect(
            EditRequest(image: request.image, prompt: "dog", source: "cat", method: "ddim").settings
                == EditSettings(prompt: "dog", source: "cat", method: "ddim"))
    }

    @Test("Settings are checked without an image; what will be there is said beside them")
    func withoutPixels() throws {
        let settings = EditSettings(prompt: "dog", source: "cat", method: "inpaint")
        #expect(try settings.checked().unused.isEmpty)
        #expect(
            try settings.checked(hasMask: true).advice?.description
                == "inpaint makes no use of a source prompt (which counts only without a mask and with mask-from=diffedit)"
        )
        let region = Region(.box(.init(x: 0, y: 0, width: 1, height: 1)), prompt: "sky")
        #expect(throws: EditingError.unusedRegions(method: "inpaint")) {
            try settings.checked(regions: [region])
        }
        #expect(
            throws: EditingError.badValue(
                name: "the prompt of region 1", value: "empty", expected: "some words")
        ) {
            try EditSettings(prompt: "dog", method: "multidiffusion").checked(
                regions: [Region(region.place, prompt: " ")])
        }
    }

    @Test("Options are written name=value, and what is not is shown")
    func parsing() throws {
        #expect(try Options.parse(["noises=3", "mask=none", "noises=4"]) == ["noises": "4", "mask": "none"])
        #expect(throws: EditingError.malformedOption(text: "noises")) { try Options.parse(["noises"]) }
        #expect(throws: EditingError.malformedOption(text: "=3")) { try Options.parse(["=3"]) }
    }

    @Test(
        "Defaults and presets lie within what each option allows",
        arguments: Registry.all.map { $0.description })
    func descriptions(method: MethodDescription) throws {
        #expect(Set(method.options.map(\.name)).count == method.options.count)
        for option in method.options {
            for value in [option.standard] + option.presets.values {
                #expect(try option.value(of: value.description) == value)
            }
        }
        for preset in method.presetNames {
            let checked = try request {
                $0.method = method.name
                $0.preset = preset
                $0.source = method.needs.source == .required ? "cat" : nil
                $0.regions = (try? regions(for: method.name)) ?? []
                if method.isSpatial { $0.prompt = "flip the cat" }
            }.checked()
            #expect(checked.options.values.count == method.options.count)
        }
    }
}

@Suite struct InversionRequestTests {
    @Test("A request carries the inversion's options, and checks them")
    func options() throws {
        var request = EditRequest(image: Image(width: 2, height: 2), prompt: "a pear", method: "ddim") {
            $0.inversion = .nullText
            $0.inversionOptions = ["iterations": "3"]
        }
        #expect(try request.checked().inversionOptions?[NullTextInversion.iterations] == 3)
        request.inversion = nil
        #expect(throws: EditingError.unknownOption(name: "iterations", method: "ddim", known: [])) {
            try request.checked()
        }
        // A method that does not invert has nobody to tell them to.
        request.method = "sdedit"
        let error = #expect(throws: EditingError.self) { try request.checked() }
        #expect(error?.description.contains("the inversion of sdedit") == true)
        request.inversion = .fixedPoint
        request.inversionOptions = ["iterations": "3"]
        #expect(try request.checked().inversionOptions == nil)
    }
}
