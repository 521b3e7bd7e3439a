import Foundation
import Imaging
import Testing

@testable import Editing

@Suite struct RequestTests {
    func request(_ change: (inout EditRequest) -> Void) -> EditRequest {
        var request = EditRequest(picture: Picture(width: 2, height: 2), prompt: "a pear")
        change(&request)
        return request
    }

    func message(_ change: (inout EditRequest) -> Void) -> String {
        let error = #expect(throws: EditingError.self) { try request(change).checked() }
        return error?.description ?? ""
    }

    @Test("A method or option that does not exist is answered with the nearest that does")
    func suggestions() {
        #expect(message { $0.method = "difedit" }.contains("did you mean diffedit?"))
        #expect(message { $0.method = "SDEDIT2" }.contains("did you mean sdedit?"))
        #expect(message { $0.options = ["treshold": "0.5"] }.contains("did you mean threshold?"))
        #expect(
            message {
                $0.method = "ddim"
                $0.options = ["x": "1"]
            }.contains("it has none at all"))
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
            }.checked()
            #expect(checked.options.values.count == method.options.count)
        }
    }
}

@Suite struct InversionRequestTests {
    @Test("A request carries the inversion's options, checks them, and survives JSON with them")
    func options() throws {
        var request = EditRequest(
            picture: Picture(width: 2, height: 2), prompt: "a pear", method: "ddim", inversion: .nullText,
            inversionOptions: ["iterations": "3"])
        #expect(try request.checked().inversionOptions?.integer("iterations") == 3)
        let data = try JSONEncoder().encode(request)
        #expect(try JSONDecoder().decode(EditRequest.self, from: data) == request)
        request.inversion = nil
        #expect(throws: EditingError.unknownOption(name: "iterations", method: "ddim", nearest: nil)) {
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
