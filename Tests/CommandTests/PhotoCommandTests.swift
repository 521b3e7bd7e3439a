import Foundation
import Imaging
import TestSupport
import Testing

/// Photos in place of still lifes, as the commands take them.
@Suite struct PhotoCommandTests {
    /// A folder of two photos, of which the second is measured and may become white.
    static func photos(in folder: Folder) throws {
        let lines = (1...2).map {
            "{\"file\": \"\($0).ppm\", \"kind\": \"rose\", \"colour\": \"red\", \"scale\": \"close\"}\n"
        }
        for part in ["set", "set/truth"] {
            try FileManager.default.createDirectory(
                atPath: folder[part], withIntermediateDirectories: true)
        }
        _ = try folder.file("set/photos-held-out.jsonl", lines.joined())
        _ = try folder.file(
            "set/colour-edits.jsonl",
            "{\"file\": \"2.ppm\", \"mask\": \"mask.ppm\", \"truth\": \"truth/2.ppm\", \"kind\": \"rose\", "
                + "\"source\": \"a photo of a red rose\", \"prompt\": \"a photo of a white rose\", "
                + "\"colour\": \"white\"}\n")
        for name in ["set/1.ppm", "set/2.ppm"] {
            try Image(width: 16, height: 16, red: 200).write(to: folder[name])
        }
        try Image(width: 16, height: 16, red: 250, green: 250, blue: 250).write(to: folder["set/truth/2.ppm"])
        let mask = Mask(width: 16, height: 16, values: (0..<256).map { $0 < 128 ? 1 : 0 })
        try mask.image().write(to: folder["set/mask.ppm"])
    }

    @Test("An evaluation measures photos, and says which part of a folder is missing")
    func evaluates() throws {
        let folder = try Folder()
        try Self.photos(in: folder)
        let arguments = [
            "evaluate", Fixtures.model("tiny-sd1"), "--reconstructions", "1", "--colour-edits", "1",
            "--edit-steps", "2", "--option", "noises=1", "--photos",
        ]
        let result = try Program.run(arguments + ["set", "-o", "numbers.json"], in: folder)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("\nedits by diffedit (paper), 2 steps, noises=1\nautoencoder: "))
        #expect(result.output.contains("\n1 edits of colour: median gain "))
        let written = try JSONSerialization.jsonObject(
            with: Data(contentsOf: URL(fileURLWithPath: folder["numbers.json"])))
        #expect((written as? [String: Any])?["colourEdits"] is [String: Any])
        let missing = try Program.run(arguments + ["nowhere"], in: folder)
        #expect(missing.status == 66)
        #expect(
            missing.errors
                == "pentimento: nowhere does not exist; Scripts/flowers makes a folder of photos with held-out edits\n"
        )
        let more = try Program.run(arguments + ["set", "--colour-edits", "2"], in: folder)
        #expect(more.status == 64)
        #expect(more.errors.contains("set has 1 edits of colour, and 2 are wanted"))
        let unnamed = try Program.run(
            ["evaluate", Fixtures.model("tiny-sd1"), "--tuning"], in: folder)
        #expect(unnamed.status == 64 && unnamed.errors.contains("name their folder with --photos"))
    }

    @Test("A study runs over photos; what scenes are made of is refused with them")
    func studies() throws {
        let folder = try Folder()
        try Self.photos(in: folder)
        let arguments = [
            "study", "--photos", "set", "--model", Fixtures.model("tiny-sd1"), "--seed", "1", "--edits", "2",
            "--steps", "2", "--methods", "sdedit", "--option", "sdedit.strength=0.5", "-o", "st",
        ]
        let result = try Program.run(arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("6 results computed now"))
        let report = try String(contentsOfFile: folder["st/study.md"], encoding: .utf8)
        #expect(report.contains("| SDEdit strength=0.5 |") && report.contains("2 edits of held-out photos"))
        #expect(try Program.run(arguments, in: folder).output.contains("0 results computed now"))
        let mixed = try Program.run(arguments + ["--size", "16"], in: folder)
        #expect(mixed.status == 64 && mixed.errors.contains("are for still lifes, not for photos"))
    }
}
