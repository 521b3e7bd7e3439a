import Foundation
import TestSupport
import Testing

@testable import Diffusion

/// What a model folder tells of good settings: `editing.json`.
@Suite struct ModelSettingsTests {
    /// What a folder with this file tells; errors name the file alone.
    private func read(_ text: String?) throws -> ModelSettings? {
        let folder = NSTemporaryDirectory() + "/settings-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if let text { try text.write(toFile: folder + "/editing.json", atomically: true, encoding: .utf8) }
        do {
            return try ModelSettings(folder: folder)
        } catch {
            throw Refused("\(error)".replacing(folder, with: "model"))
        }
    }

    private struct Refused: Error, Equatable {
        let text: String
        init(_ text: String) { self.text = text }
    }

    @Test(
        "Shared values, those of methods, options of all kinds, the things it paints and an example are read")
    func whole() throws {
        let settings = try #require(
            try read(
                """
                {"guidance": 5, "strength": 0.75, "kinds": ["daisy", "rose"], "example": "a photo of a flower",
                 "methods": {"diffedit": {"guidance": 4.5, "threshold": 0.35, "noises": 16,
                                          "encode-prompt": "source"},
                             "masactrl": {"steps": 20, "flag": true}}}
                """))
        #expect(settings.path.hasSuffix("/editing.json"))
        #expect(settings.shared == .init(guidance: 5, strength: 0.75))
        #expect(
            settings.methods == [
                "diffedit": .init(
                    guidance: 4.5, options: ["threshold": "0.35", "noises": "16", "encode-prompt": "source"]),
                "masactrl": .init(steps: 20, options: ["flag": "true"]),
            ])
        #expect(settings.kinds == ["daisy", "rose"] && settings.example == "a photo of a flower")
        #expect(
            settings.values(for: "masactrl")
                == .init(guidance: 5, steps: 20, strength: 0.75, options: ["flag": "true"]))
        #expect(settings.values(for: "sdedit") == .init(guidance: 5, strength: 0.75))
    }

    @Test("A folder without the file tells nothing, and an empty object leaves everything open")
    func nothing() throws {
        #expect(try read(nil) == nil)
        let empty = try #require(try read("{}"))
        #expect(empty.shared == .init() && empty.methods.isEmpty && empty.kinds.isEmpty)
        #expect(try ModelFolder(path: Fixtures.model("tiny-sd1")).settings == nil)
    }

    @Test(
        "What cannot be read is refused with the file, the key and what belongs there",
        arguments: [
            ("[]", "model/editing.json is not a JSON object"),
            (
                "{\"guidnace\": 5}",
                "model/editing.json: there is no setting \"guidnace\"; there are example, guidance, kinds, methods, "
                    + "steps, strength"
            ),
            ("{\"guidance\": \"high\"}", "model/editing.json: guidance is high, where a number belongs"),
            ("{\"steps\": 2.5}", "model/editing.json: steps is 2.5, where a whole number belongs"),
            ("{\"kinds\": \"daisy\"}", "model/editing.json: kinds is daisy, where a list of texts belongs"),
            ("{\"methods\": 1}", "model/editing.json: methods is 1, where an object belongs"),
            (
                "{\"methods\": {\"diffedit\": {\"threshold\": [1]}}}",
                "model/editing.json: threshold is [1], where a text, a number, true or false belongs"
            ),
        ])
    func refused(text: String, message: String) {
        #expect(throws: Refused(message)) { try read(text) }
    }
}
