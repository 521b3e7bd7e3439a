import Foundation
import Imaging
import StillLife
import TestSupport
import Testing

/// From a configuration to a judge, from the judge to a verdict and to a model's numbers.
@Suite struct JudgeTests {
    /// A judge that was trained for two steps.
    static func judge(in folder: Folder) throws -> String {
        let configuration = try folder.file(
            "judge.json",
            """
            {"kind": "judge", "output": "\(folder["judge"])", "work": "\(folder["work"])", "threads": 1,
             "device": "cpu", "samples": {"everySteps": 0},
             "data": {"size": 16, "count": 8, "heldOut": 4},
             "judge": {"channels": [4, 8, 8, 8], "normGroups": 2, "batch": 4, "steps": 2, "warmup": 1}}
            """)
        let result = try Program.run(["train", configuration])
        try #require(result.status == 0, "\(result.errors)")
        return folder["judge"]
    }

    @Test("A trained judge says what pictures show, and whether that was asked for")
    func judges() throws {
        let folder = try Folder()
        let judge = try Self.judge(in: folder)
        let scene = Scene.random(seed: 4, objects: 1...1)
        try scene.render(size: 24).write(to: folder["a.png"])
        let prompts = try folder.file("prompts.txt", scene.caption + "\n")
        let told = try Program.run(
            ["judge", folder["a.png"], "--judge", judge, "--prompts", prompts, "--json"])
        #expect(told.status == 0, "\(told.errors)")
        struct Line: Decodable {
            struct Wanted: Decodable { struct Object: Decodable { let kind: String }; let objects: [Object] }
            struct Verdict: Decodable { let kinds: Bool? }
            let file: String
            let prompt: String
            let wanted: Wanted
            let verdict: Verdict
        }
        let line = try JSONDecoder().decode(Line.self, from: Data(told.output.utf8))
        #expect(line.file == folder["a.png"] && line.prompt == scene.caption)
        #expect(line.wanted.objects.map(\.kind) == [scene.objects[0].kind.rawValue])
        #expect(line.verdict.kinds != nil)
        let plain = try Program.run(["judge", folder["a.png"], "--judge", judge])
        #expect(plain.output.contains("a.png: ") && plain.output.contains("in all"))
        let two = try folder.file("two.txt", "one\ntwo\n")
        let wrong = try Program.run(["judge", folder["a.png"], "--judge", judge, "--prompts", two])
        #expect(wrong.status == 65 && wrong.errors.contains("2 prompts for 1 pictures"))
        #expect(try Program.run(["judge", folder["none.png"], "--judge", judge]).status == 66)
        #expect(try Program.run(["judge", folder["a.png"], "--judge", folder["nowhere"]]).status == 66)
    }

    @Test("A model's numbers are printed and written")
    func evaluates() throws {
        let folder = try Folder()
        let judge = try Self.judge(in: folder)
        let counts = [
            "--singles", "2", "--pairs", "0", "--steps", "2", "--reconstructions", "2", "--inversions", "1",
            "--maps", "1", "--edits", "1",
        ]
        let result = try Program.run(
            ["evaluate", Fixtures.model("tiny-sd1"), "--judge", judge, "-o", folder["numbers.json"]] + counts)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("generated, one object: kind"))
        let written = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: folder["numbers.json"])))
        let numbers = try #require(written as? [String: Any])
        #expect(numbers["autoencoder"] is Double && numbers["masks"] is [Any])
        let negative = try Program.run(["evaluate", "--singles", "-1"])
        #expect(negative.status == 64 && negative.errors.contains("--singles"))
    }
}
