import Foundation
import Imaging
import StillLife
import TestSupport
import Testing

/// Chosen still lifes, and sheets of pictures.
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
            try Picture(width: 32, height: 16, red: 255, green: 0, blue: 0).write(to: folder["\(name).png"])
        }
        let small = try Program.run(["sheet", "a.png", "b.png", "-o", "small.png"], in: folder)
        let large = try Program.run(
            ["sheet", "a.png", "b.png", "c.png", "--columns", "2", "--side", "64", "-o", "large.png"],
            in: folder)
        #expect(small.status == 0 && large.status == 0, "\(small.errors) \(large.errors)")
        let first = try Picture(contentsOf: folder["small.png"])
        let second = try Picture(contentsOf: folder["large.png"])
        func reds(_ picture: Picture) -> Int {
            stride(from: 0, to: picture.pixels.count, by: 3).count {
                picture.pixels[$0] == 255 && picture.pixels[$0 + 1] == 0
            }
        }
        #expect(reds(first) == 2 * 32 * 16)
        #expect(reds(second) == 3 * 64 * 32)
        let missing = try Program.run(["sheet", "nowhere.png", "-o", "x.png"], in: folder)
        #expect(missing.status == 66 && missing.errorLines.count == 1, "\(missing.errors)")
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
            return try Picture(contentsOf: folder["sheet.png"]).pixels
        }
        #expect(try sheet("an apple\n") == sheet("an apple\n", "--own-seeds"))
        #expect(try sheet("an apple\nan apple\n") != sheet("an apple\nan apple\n", "--own-seeds"))
    }
}
