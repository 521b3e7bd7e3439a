import Foundation
import Imaging
import StillLife
import TestSupport
import Testing

/// Chosen still lifes, and sheets of images.
@Suite struct SheetTests {
    @Test("A still-life set is made of what was asked for alone")
    func chosenScenes() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "still-life", "--seed", "5", "--count", "4", "--size", "16", "--objects", "1", "--kind",
                "apple",
                "--kind", "pear", "--colour", "red", "--surface", "plain", "--table", "wood", "--wall",
                "cream",
                "--style", "photo", "--edit", "wall", "--edit", "table", "-o", "set",
            ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        let lines = try String(contentsOfFile: folder["set/items.jsonl"], encoding: .utf8).split(
            separator: "\n")
        let items = try lines.map { try JSONDecoder().decode(StillLifeSet.Item.self, from: Data($0.utf8)) }
        #expect(items.map(\.kind) == [.wall, .table, .wall, .table])
        for item in items {
            let object = try #require(item.scene.objects.first)
            #expect(item.scene.objects.count == 1 && [.apple, .pear].contains(object.kind))
            #expect(object.colour == .red && object.surface == .plain)
            #expect(item.scene.table == .wood && item.scene.wall == .cream && item.scene.style == .photo)
        }
    }

    @Test(
        "What no scene can be made of is refused in one line",
        arguments: [
            (["--kind", "ball", "--objects", "2"], "differ"), (["--objects", "4"], "--objects"),
            (["--kind", "ball", "--edit", "state"], "state"), (["--colour", "beige"], "brown"),
        ])
    func impossibleScenes(choices: [String], mention: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(
            ["still-life", "--seed", "1", "--count", "1", "--size", "16", "-o", "set"] + choices, in: folder)
        #expect(outcome.status == 64 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(mention), "\(outcome.errors)")
        #expect(folder.names == [])
    }

    @Test("A sheet holds its pictures in rows, made to fit the side that is asked for")
    func sheet() throws {
        let folder = try Folder()
        for name in ["a", "b", "c"] {
            try Image(width: 32, height: 16, red: 255, green: 0, blue: 0).write(to: folder["\(name).png"])
        }
        let small = try Program.run(["sheet", "a.png", "b.png", "-o", "small.png"], in: folder)
        let large = try Program.run(
            ["sheet", "a.png", "b.png", "c.png", "--columns", "2", "--side", "64", "-o", "large.png"],
            in: folder)
        #expect(small.status == 0 && large.status == 0, "\(small.errors) \(large.errors)")
        let first = try Image(contentsOf: folder["small.png"])
        let second = try Image(contentsOf: folder["large.png"])
        func reds(_ image: Image) -> Int {
            stride(from: 0, to: image.pixels.count, by: 3).count {
                image.pixels[$0] == 255 && image.pixels[$0 + 1] == 0
            }
        }
        #expect(reds(first) == 2 * 32 * 16)
        #expect(reds(second) == 3 * 64 * 32)
        let missing = try Program.run(["sheet", "nowhere.png", "-o", "x.png"], in: folder)
        #expect(missing.status == 66 && missing.errorLines.count == 1, "\(missing.errors)")
    }

    /// What inspect shows of an image.
    private func account(_ file: String, in folder: Folder) throws -> [String: Any] {
        let texts = try Program.run(["inspect", file, "--json"], in: folder).json()
        return try #require(texts["pentimento"] as? [String: Any])
    }

    private func labels(_ account: [String: Any]) -> [String]? {
        (account["pictures"] as? [[String: Any]])?.compactMap { $0["label"] as? String }
    }

    @Test("Strengths, comparisons, samples, sheets and panels say how they were made")
    func accounts() throws {
        let folder = try Folder()
        let shared = ["--model", Fixtures.model("tiny-sd1"), "--steps", "2", "--seed", "7"]
        func run(_ arguments: [String]) throws {
            let outcome = try Program.run(arguments, in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        try run(
            [
                "edit", image("plain.png"), "--prompt", "a pear", "--method", "sdedit", "--strengths",
                "0.5,1", "-o",
                "strengths.png",
            ] + shared)
        let strengths = try account("strengths.png", in: folder)
        #expect(strengths["prompt"] as? String == "a pear" && strengths["seed"] as? Int == 7)
        #expect(labels(strengths) == ["strength 0.5", "strength 1"])
        let first = (strengths["pictures"] as? [[String: Any]])?.first?["account"] as? [String: Any]
        #expect((first?["settings"] as? [String: Any])?["strength"] as? Double == 0.5)
        #expect(
            try Program.run(["inspect", "strengths.png"], in: folder).output.contains(
                "  Pictures: strength 0.5; strength 1\n"))

        try run(
            [
                "edit", image("plain.png"), "--prompt", "a pear", "--method", "sdedit", "-o", "e.png",
                "--panel",
                "panel.png",
            ] + shared)
        let (panel, edit) = (try account("panel.png", in: folder), try account("e.png", in: folder))
        #expect(panel as NSDictionary == edit as NSDictionary && edit["threads"] is Int)

        try run(
            [
                "compare", image("plain.png"), "--prompt", "a pear", "--methods", "sdedit", "-o", "c.png",
                "--panels",
                "panels",
            ] + shared)
        #expect(labels(try account("c.png", in: folder)) == ["nothing", "autoencoder", "sdedit"])
        #expect(labels(try account("panels/sdedit.png", in: folder)) == ["sdedit"])

        let prompts = try folder.file("prompts.txt", "an apple\na pear\n")
        try run(["samples", prompts, "-o", "samples.png"] + shared)
        #expect(labels(try account("samples.png", in: folder)) == ["an apple", "a pear"])
        try run(["sheet", "e.png", "panel.png", "-o", "sheet.png"])
        let sheet = try account("sheet.png", in: folder)
        #expect(labels(sheet) == ["e.png", "panel.png"])
        let inner = (sheet["pictures"] as? [[String: Any]])?.first?["account"] as? [String: Any]
        #expect(try #require(inner) as NSDictionary == edit as NSDictionary)
        try run([
            "still-life", "--seed", "1", "--count", "1", "--size", "16", "-o", "set", "--sheet", "still.png",
        ])
        #expect(try account("still.png", in: folder)["seed"] as? Int == 1)
        try run(["sheet", "e.png", "--no-metadata", "-o", "bare.png"])
        #expect(try Program.run(["inspect", "bare.png", "--json"], in: folder).json().isEmpty)
    }

    @Test("Samples begin from one seed, or each from a seed of its own")
    func ownSeeds() throws {
        let folder = try Folder()
        func sheet(_ prompts: String, _ more: String...) throws -> [UInt8] {
            let file = try folder.file("prompts.txt", prompts)
            let outcome = try Program.run(
                [
                    "samples", file, "--model", Fixtures.model("tiny-sd1"), "--seed", "3", "--steps", "2",
                    "--bare",
                ]
                    + more + ["-o", folder["sheet.png"]])
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try Image(contentsOf: folder["sheet.png"]).pixels
        }
        #expect(try sheet("an apple\n") == sheet("an apple\n", "--own-seeds"))
        #expect(try sheet("an apple\nan apple\n") != sheet("an apple\nan apple\n", "--own-seeds"))
    }
}
