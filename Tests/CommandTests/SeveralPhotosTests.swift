import Foundation
import Imaging
import TestSupport
import Testing

@testable import pentimento

/// Several photos in one call: files, folders, patterns.
@Suite struct SeveralPhotosTests {
    static let shared = [
        "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear", "--steps", "2", "--method", "sdedit",
        "--seed", "1",
    ]

    /// A folder with good photos, one that is none, and other things.
    private func photos() throws -> Folder {
        let folder = try Folder()
        for name in ["a.png", "set/a.png", "set/b.png", "more/c.png"] {
            try FileManager.default.createDirectory(
                atPath: folder[(name as NSString).deletingLastPathComponent],
                withIntermediateDirectories: true)
            try Image(width: 16, height: 12, red: 200).write(to: folder[name])
        }
        _ = try folder.file("set/bad.jpg", "no picture")
        _ = try folder.file("set/notes.txt", "not meant")
        _ = try folder.file("set/.hidden.png", "not meant")
        return folder
    }

    @Test("Files, folders and patterns are edited with a line each; what fails is listed at the end")
    func several() throws {
        let folder = try photos()
        let outcome = try Program.run(
            ["edit", "a.png", "./a.png", "set", "mo*/*.png", "gone.png", "-o", "out/", "--panel", "panels/"]
                + Self.shared,
            in: folder)
        #expect(outcome.status == 65)
        let lines = outcome.output.split(separator: "\n").map { String($0.prefix { $0 != "(" }) }
        #expect(
            lines == [
                "out/a-sdedit-1.png ", "out/a-sdedit-1-2.png ", "out/b-sdedit-1.png ", "out/c-sdedit-1.png ",
            ])
        #expect(
            outcome.errors == """
                pentimento: set/bad.jpg: not a picture this program reads (\(PhotoListTests.kinds))
                pentimento: gone.png: no such file
                pentimento: 2 of 6 photos failed

                """)
        let made = try FileManager.default.contentsOfDirectory(atPath: folder["out"]).sorted()
        #expect(made == ["a-sdedit-1-2.png", "a-sdedit-1.png", "b-sdedit-1.png", "c-sdedit-1.png"])
        let panels = try FileManager.default.contentsOfDirectory(atPath: folder["panels"]).sorted()
        #expect(
            panels == [
                "a-sdedit-1-panel-2.png", "a-sdedit-1-panel.png", "b-sdedit-1-panel.png",
                "c-sdedit-1-panel.png",
            ])
        // Not one of them differs from the edit of one photo alone.
        let alone = try Program.run(["edit", "set/b.png", "-o", "b.png"] + Self.shared, in: folder)
        #expect(alone.status == 0)
        #expect(try Image(contentsOf: folder["b.png"]) == Image(contentsOf: folder["out/b-sdedit-1.png"]))
    }

    @Test("With --json every photo has one object on one line")
    func json() throws {
        let folder = try photos()
        let outcome = try Program.run(["edit", "set", "-o", "out/", "--json"] + Self.shared, in: folder)
        #expect(outcome.status == 65)
        let lines = try outcome.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(lines.map { $0["photoPath"] as? String } == ["set/a.png", "set/b.png", "set/bad.jpg"])
        #expect(
            lines.map { $0["outputPath"] as? String } == ["out/a-sdedit-1.png", "out/b-sdedit-1.png", nil])
        #expect(lines[0]["seed"] as? Int == 1 && lines[2]["status"] as? Int == 65)
        #expect(
            lines[2]["error"] as? String
                == "set/bad.jpg: not a picture this program reads (\(PhotoListTests.kinds))")
    }

    @Test("What several photos cannot have is refused before the model is looked for, and no folder stays")
    func refused() throws {
        let folder = try photos()
        let before = folder.names
        for (options, status, said) in [
            (["-o", "x.png"], 64, "-o is the one file x.png, for several photos; name a folder: -o edited/"),
            (["-o", "-"], 64, "-o is standard output, for several photos; name a folder: -o edited/"),
            (
                ["-o", "out/", "--trace", "t"], 64,
                "--trace is the one file t, for several photos; name a folder: --trace edited/"
            ),
            (["-o", "none/out/"], 66, "none/out/ cannot be written: there is no folder none; make it first"),
            (["-o", "out/", "--model", "none"], 66, "there is no model \"none\""),
        ] as [([String], Int32, String)] {
            let outcome = try Program.run(["edit", "a.png", "set"] + Self.shared + options, in: folder)
            #expect(outcome.status == status && outcome.output.isEmpty)
            #expect(outcome.errors.hasPrefix("pentimento: \(said)"), "\(outcome.errors)")
            #expect(outcome.errorLines.count == 1 && folder.names == before)
        }
        let pattern = try Program.run(["edit", "none*.png"] + Self.shared, in: folder)
        #expect(pattern.status == 66)
        #expect(pattern.errors == "pentimento: no file fits the pattern none*.png\n")
    }

    @Test("Ctrl-C among several photos leaves whole pictures only, and says how many are done")
    func interrupt() throws {
        let folder = try Folder()
        for index in 0..<200 {
            try Image(width: 16, height: 12).write(to: folder["photo-\(1000 + index).png"])
        }
        let running = try Program.start(
            ["edit", ".", "-o", "out/", "-q", "--trace", "out/"] + Self.shared, in: folder)
        func made() -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: folder["out"])) ?? []).sorted()
        }
        while running.process.isRunning, made().count < 6 { usleep(2000) }
        running.process.interrupt()
        let outcome = try running.outcome()
        #expect(outcome.status == 130, "\(outcome.errors)")
        #expect(
            outcome.errors.wholeMatch(of: /pentimento: interrupted; \d+ of 200 photos are done\n/) != nil,
            "\(outcome.errors)")
        #expect(made().allSatisfy { !$0.hasPrefix(".") })
        for name in made() where name.hasSuffix(".png") {
            #expect(try Image(contentsOf: folder["out/\(name)"]).width == 16)
        }
    }
}

@Suite struct PhotoListTests {
    static let kinds = "PNG, JPEG, WebP, GIF, AVIF, HEIC, TIFF, PPM"

    @Test("A name that exists is itself, whatever a shell would read in it; one photo is not several")
    func literal() throws {
        let folder = try Folder()
        let odd = try folder.file("a[1]*.png", "x")
        let list = try PhotoList([odd])
        #expect(list.paths == [odd] && !list.areSeveral)
        let pattern = try PhotoList([folder["a*"]])
        #expect(pattern.paths == [odd] && pattern.areSeveral)
        #expect(try PhotoList(["-"]).paths == ["-"])
    }

    @Test("Names that are made of photos' fit any file system and keep what tells them apart")
    func stems() {
        #expect(ResultPlace.stem("x/a.b.png", "m-1") == "a.b-m-1")
        #expect(ResultPlace.stem("-", "m-1") == "photo-m-1")
        #expect(ResultPlace.stem(".png", "m-1") == ".png-m-1")
        let long = ResultPlace.stem(String(repeating: "猫", count: 84) + ".png", "m-1")
        #expect(long == String(repeating: "猫", count: 69) + "-m-1")
    }
}
