import Testing

@testable import Editing

/// The values that presets of Prompt-to-Prompt, MDP, MasaCtrl and LEDITS++ stand for.
@Suite struct PresetsOfAttentionMethodsTests {
    /// All of a preset's values, as `pentimento methods` writes them.
    static func values(_ method: MethodDescription, _ preset: Preset) throws -> [String: String] {
        try Options([:], of: method, preset: preset).values.mapValues(\.description)
    }

    /// Whether some values are a preset's, and all others the paper's.
    static func differs(
        _ method: MethodDescription, _ preset: Preset, by values: [String: String]
    ) throws -> Bool {
        try Self.values(method, preset) == Self.values(method, .paper).merging(values) { $1 }
    }

    typealias Settings = MethodDescription.Settings

    @Test("Prompt-to-Prompt: the paper's shares; google's notebook for photos; PnPInversion's comparison")
    func promptToPrompt() throws {
        let method = PromptToPrompt.description
        #expect(
            try Self.values(method, .paper) == [
                "edit": "auto", "cross-steps": "0.8", "self-steps": "0.4", "word-steps": "", "weights": "",
                "self-scale": "2", "blend": "none", "blend-threshold": "0.3", "blend-start": "0.2",
                "blend-subtract": "", "blend-subtract-threshold": "0.3", "blend-side": "16",
                "correction": "source", "mask-from": "none", "published-alignment": "false",
                "extra-row": "false",
            ])
        let google = [
            "self-steps": "0.5", "weights": "auto:2", "blend": "auto", "published-alignment": "true",
            "extra-row": "true",
        ]
        #expect(try Self.differs(method, .google, by: google))
        #expect(try Self.differs(method, .official, by: google))
        let pnp = google.merging(["edit": "refine", "cross-steps": "0.4", "self-steps": "0.6"]) { $1 }
        #expect(try Self.differs(method, .pnpInversion, by: pnp))
        #expect(try Self.differs(method, .fast, by: [:]))
        for (preset, steps, inversion) in [
            (Preset.paper, 50, InversionKind.direct), (.google, 50, .nullText), (.official, 50, .nullText),
            (.pnpInversion, 50, .direct), (.fast, 20, .direct),
        ] {
            #expect(
                method.settings(preset)
                    == Settings(steps: steps, guidance: 7.5, strength: 1, inversion: inversion))
        }
    }

    @Test("MDP: the paper's window, and the notebook's with null-text inversion")
    func mdp() throws {
        let method = MDP.description
        #expect(
            try Self.values(method, .paper) == [
                "variable": "noise", "schedule": "constant", "window-start": "48", "window-length": "25",
                "weight": "1", "amplify": "1",
            ])
        #expect(try Self.differs(method, .official, by: ["window-start": "47", "window-length": "26"]))
        #expect(try Self.differs(method, .fast, by: [:]))
        for (preset, steps, inversion) in [
            (Preset.paper, 50, InversionKind.direct), (.official, 50, .nullText), (.fast, 20, .direct),
        ] {
            #expect(
                method.settings(preset)
                    == Settings(steps: steps, guidance: 7.5, strength: nil, inversion: inversion))
        }
    }

    @Test("MasaCtrl: step 4 of 50, layer 10 of 16; officially the source is walked down without a prompt")
    func masactrl() throws {
        let method = MasaCtrl.description
        #expect(
            try Self.values(method, .paper) == [
                "start-step": "0.08", "start-layer": "10", "steps": "", "layers": "", "source-sees": "given",
                "foreground": "", "source-foreground": "", "mask-threshold": "0.1", "source-mask": "",
                "target-mask": "",
            ])
        #expect(try Self.differs(method, .official, by: ["source-sees": "empty"]))
        #expect(try Self.differs(method, .fast, by: [:]))
        for (preset, steps, inversion) in [
            (Preset.paper, 50, InversionKind.direct), (.official, 50, .ddim), (.fast, 20, .direct),
        ] {
            #expect(
                method.settings(preset)
                    == Settings(steps: steps, guidance: 7.5, strength: nil, inversion: inversion))
        }
    }

    @Test(
        "LEDITS++: 30 of 34 steps, scale 5, nine tenths stay; diffusers leads its inversion alone, by 1 - 3.5"
    )
    func ledits() throws {
        let method = LEDITSPlusPlus.description
        #expect(
            try Self.values(method, .paper) == [
                "edits": "", "phrases": "auto", "threshold": "0.9", "warm-up": "0", "cool-down": "1",
                "masks": "both", "solver": "dpm-solver", "source-guidance": "0", "inversion-only": "false",
                "last-noise": "true",
            ])
        #expect(
            try Self.differs(
                method, .official,
                by: [
                    "phrases": "words", "source-guidance": "-2.5", "inversion-only": "true",
                    "last-noise": "false",
                ]))
        #expect(try Self.differs(method, .fast, by: [:]))
        for (preset, steps, strength) in [
            (Preset.paper, 34, 0.885), (.official, 34, 0.885), (.fast, 20, 0.85),
        ] {
            #expect(method.settings(preset) == Settings(steps: steps, guidance: 5, strength: strength))
        }
    }

    @Test("A preset that is named after one method's code is refused for all others, in one line")
    func foreign() throws {
        #expect(
            throws: EditingError.badValue(
                name: "preset", value: "google", expected: "one of paper, official, fast for mdp")
        ) { try Options([:], of: MDP.description, preset: .google) }
        #expect(
            PromptToPrompt.description.presetNames == [.paper, .official, .fast, .google, .pnpInversion])
        // An inversion takes it for published code.
        #expect(
            try InversionKind.editFriendly.options(preset: .google)[EditFriendlyInversion.lastNoise] == false)
    }
}
