import Diffusion
import Foundation
import Imaging
import Support
import TestSupport
import Testing

@testable import Editing

/// Which of command line, preset, model and method decides about a setting, and what is said of a model's bad file.
@Suite struct ModelSettingsTests {
    static let model = ModelSettings(
        path: "flowers/editing.json", shared: .init(guidance: 6, strength: 0.7),
        methods: [
            "diffedit": .init(
                guidance: 5, steps: 30, options: ["threshold": "0.3", "encode-prompt": "source"])
        ])

    private func request(
        _ method: String = "diffedit", _ change: (inout EditSettings) -> Void = { _ in }
    ) -> EditSettings {
        EditSettings(prompt: "a red flower", source: "an orange flower", method: method, change)
    }

    @Test("What a request leaves open, the model's file says; what neither says, the method")
    func standsIn() throws {
        let checked = try request().checked(with: Self.model)
        #expect(checked.settings == .init(steps: 30, guidance: 5, strength: 0.7, inversion: .ddim))
        #expect(checked.options[DiffEditMask.threshold] == 0.3)
        #expect(checked.options[DiffEdit.encodePrompt] == .source)
        #expect(checked.options[DiffEditMask.noises] == 10)
        // Of methods that it does not name, the shared values.
        let other = try request("sdedit").checked(with: Self.model).settings
        let usual = try request("sdedit").checked().settings
        #expect(other.guidance == 6 && other.steps == usual.steps)
    }

    @Test("What a request says counts before the file, setting by setting")
    func requestFirst() throws {
        let checked = try request {
            $0.guidance = 9
            $0.options = ["threshold": "0.5"]
        }.checked(with: Self.model)
        #expect(checked.settings == .init(steps: 30, guidance: 9, strength: 0.7, inversion: .ddim))
        #expect(checked.options[DiffEditMask.threshold] == 0.5)
        #expect(checked.options[DiffEdit.encodePrompt] == .source)
        // What the file says is nothing that the user could be told has no effect.
        #expect(checked.unused.isEmpty)
    }

    @Test("A preset that is named is taken whole", arguments: [Preset.paper, .official, .fast])
    func presetFirst(preset: Preset) throws {
        let named = request { $0.preset = preset }
        let (with, without) = (try named.checked(with: Self.model), try named.checked())
        #expect(with.settings == without.settings && with.options == without.options)
    }

    @Test("Without a file, no preset means the paper's")
    func paper() throws {
        let (open, paper) = (try request().checked(), try request { $0.preset = .paper }.checked())
        #expect(open.settings == paper.settings && open.options == paper.options)
    }

    @Test(
        "A file that asks for what there is not is named, with what is known",
        arguments: [
            (
                ModelSettings(path: "m/editing.json", methods: ["difedit": .init()]),
                "m/editing.json: there is no method \"difedit\"; did you mean diffedit?"
            ),
            (
                .init(path: "m/editing.json", methods: ["diffedit": .init(options: ["treshold": "0.3"])]),
                "m/editing.json: diffedit has no option \"treshold\"; did you mean threshold?"
            ),
            (
                .init(path: "m/editing.json", methods: ["sdedit": .init(guidance: 500)]),
                "m/editing.json: guidance is 500; it must be a number from 0 to 100"
            ),
            (
                .init(path: "m/editing.json", shared: .init(steps: 0)),
                "m/editing.json: steps is 0; it must be a number from 1 to 1000"
            ),
            (
                .init(path: "m/editing.json", shared: .init(strength: 1.5)),
                "m/editing.json: strength is 1.5; it must be above 0 and at most 1"
            ),
            (
                .init(path: "m/editing.json", methods: ["diffedit": .init(options: ["threshold": "2"])]),
                "m/editing.json: option threshold is 2; it must be a number from 0 to 1"
            ),
        ])
    func refused(model: ModelSettings, message: String) {
        let error = #expect(throws: EditingError.self) { try request("ddim").checked(with: model) }
        #expect(error?.description == message && error?.kind == .badInput)
    }

    @Test("Words that a model with named things never saw are told in one line with what it knows instead")
    func oneLine() {
        func line(_ words: [String], example: String? = "a photo of an orange flower") -> String? {
            PromptAdvice.unknown(words, to: "flowers", kinds: ["daisy", "rose"], example: example)?
                .description
        }
        #expect(line([]) == nil)
        #expect(
            line(["dahlia"])
                == "flowers never saw the word \"dahlia\"; it knows daisy, rose; for what it has no name for, write for "
                + "instance \"a photo of an orange flower\"")
        #expect(
            line(["car", "b", "c", "d", "e", "f"], example: nil)
                == "flowers never saw the words \"car\", \"b\", \"c\", \"d\", \"e\" and 1 more; it knows daisy, rose"
        )
    }

    static let flowers = Fixtures.package + "/Models/flowers"

    @Test(
        "The flower model's own file fits the methods, and one line tells of all words that it never saw",
        .enabled(if: FileManager.default.fileExists(atPath: flowers + "/editing.json"), "no Models/flowers"))
    func flowerModel() throws {
        let folder = try ModelFolder(path: Self.flowers)
        let values = try DiffEdit.description.values(of: try #require(folder.settings))
        #expect(values.guidance == 5 && values.options["encode-prompt"] == "source")
        let session = DiffusionSession(model: LoadedModel(folder: folder))
        session.advise(on: [
            ("prompt", "a photo of a red dahlia"), ("source prompt", "a photo of a car and a dahlia"),
        ])
        #expect(
            session.warnings == [
                "flowers never saw the words \"dahlia\", \"car\"; it knows daisy, dandelion, rose, sunflower, tulip; for "
                    + "what it has no name for, write for instance \"a photo of an orange flower\""
            ])
    }
}
