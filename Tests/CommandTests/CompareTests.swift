import Foundation
import Imaging
import TestSupport
import Testing

/// Many methods on one photo, and studies of still lifes, on a tiny model.
@Suite struct CompareTests {
    static let shared = ["--model", Fixtures.model("tiny-sd1"), "--steps", "2"]

    @Test("Compare leaves a sheet, panels and a table; doing nothing and the autoencoder are in it")
    func compare() throws {
        let folder = try Folder()
        let photo = try Image(contentsOf: image("plain.png"))
        var truth = photo
        for index in 0..<(photo.pixels.count / 4) { truth.pixels[index] = 255 - photo.pixels[index] }
        try truth.write(to: folder["truth.png"])
        let outcome = try Program.run(
            [
                "compare", image("plain.png"), "--prompt", "a pear", "--source", "an apple", "--truth",
                "truth.png", "--methods", "sdedit,diffedit", "--option", "diffedit.noises=2", "--seed", "3",
                "-o", "sheet.png", "--json", "rows.json", "--panels", "panels",
            ] + Self.shared, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(folder.names == ["panels", "rows.json", "sheet.png", "truth.png"])
        for name in ["autoencoder", "diffedit", "sdedit"] {
            #expect(FileManager.default.fileExists(atPath: folder["panels/\(name).png"]))
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: folder["rows.json"]))
        let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        #expect(
            rows.map { $0["contender"] as? String } == [
                "nothing", "autoencoder", "sdedit", "diffedit noises=2",
            ])
        for row in rows {
            #expect(row["status"] as? String == "done")
            #expect(outcome.output.contains(try #require(row["contender"] as? String)))
            #expect((row["scores"] as? [String: Any])?["gain"] is Double)
        }
        #expect((rows[0]["scores"] as? [String: Any])?["gain"] as? Double == 0)
        #expect((rows[0]["scores"] as? [String: Any])?["preservation"] as? Double == 100)
        #expect(outcome.output.contains("seed 3"))
        let sheet = try Image(contentsOf: folder["sheet.png"])
        #expect(sheet.width >= 4 * 256)
    }

    @Test("A model that no method can use has lines that say why, and the status of bad input")
    func unfit() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "compare", image("plain.png"), "--prompt", "a pear", "--methods", "sdedit", "-o", "s.png",
                "--model", Fixtures.model("tiny-inpaint"), "--steps", "2", "--json", "-",
            ], in: folder)
        #expect(outcome.status == 65 && outcome.errors.contains("9 channels"), "\(outcome.errors)")
        #expect(outcome.output.contains("\"failed\"") && folder.names == ["s.png"])
    }

    @Test(
        "What cannot be compared is refused in one line before anything is written",
        arguments: [
            (["--methods", "difedit"], 64, "diffedit"), (["--option", "diffedit.nois=2"], 64, "noises"),
            (["--truth", "nowhere.png"], 66, "nowhere.png"), (["--strength", "2"], 64, "strength"),
            (["--inversion", "dim"], 64, "ddim"), (["--steps", "1001"], 64, "1001"),
            (["--json", "nowhere/at/all.json"], 66, "nowhere/at"), (["--prompt", " "], 64, "prompt"),
        ] as [([String], Int32, String)])
    func refused(arguments: [String], status: Int32, mention: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "compare", image("plain.png"), "--prompt", "a pear", "-o", "s.png", "--model",
                Fixtures.model("tiny-sd1"),
            ] + arguments, in: folder)
        #expect(outcome.status == status && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(outcome.errors.contains(mention) && folder.names == [], "\(outcome.errors)")
    }

    @Test("The region benchmark goes on where it stopped, and leaves tables and each pair's files")
    func regions() throws {
        let folder = try Folder()
        let arguments = ["benchmark", "regions", "-o", "bm"] + Self.shared
        let first = try Program.run(arguments + ["--items", "1"], in: folder)
        #expect(first.status == 0 && first.output.contains("3 results computed now"), "\(first.errors)")
        let second = try Program.run(arguments + ["--items", "2"], in: folder)
        #expect(second.status == 0 && second.output.contains("3 results computed now"), "\(second.errors)")
        let report = try String(contentsOfFile: folder["bm/regions.md"], encoding: .utf8)
        for title in ["Do nothing", "Autoencoder alone", "MultiDiffusion"] {
            #expect(report.contains("| \(title) |"))
        }
        for name in ["sheet.png", "items/add-01.json", "items/rem-01-source.png", "items/rem-01-target.png"] {
            #expect(FileManager.default.fileExists(atPath: folder["bm/\(name)"]), "\(name)")
        }
        let other = try Program.run(arguments + ["--methods", "sdedit"], in: folder)
        #expect(
            other.errors.hasSuffix("sdedit paints no regions; --methods takes methods that do\n"),
            "\(other.errors)")
        let many = try Program.run(arguments + ["--items", "62"], in: folder)
        #expect(many.status == 64 && many.errors.contains("it must lie in 1...61"), "\(many.errors)")
    }

    @Test("A study goes on where it stopped, and its tables follow from its rows")
    func study() throws {
        let folder = try Folder()
        let arguments =
            ["study", "--seed", "2", "--size", "16", "--edit", "colour", "-o", "st"] + Self.shared
        let first = try Program.run(arguments + ["--edits", "1", "--methods", "sdedit"], in: folder)
        #expect(first.status == 0 && first.output.contains("3 results computed now"), "\(first.errors)")
        let second = try Program.run(arguments + ["--edits", "2", "--methods", "sdedit,ddim"], in: folder)
        #expect(second.status == 0 && second.output.contains("5 results computed now"), "\(second.errors)")
        let again = try Program.run(arguments + ["--edits", "2", "--methods", "sdedit,ddim"], in: folder)
        #expect(again.output.contains("0 results computed now"), "\(again.errors)")
        let report = try String(contentsOfFile: folder["st/study.md"], encoding: .utf8)
        for title in ["Do nothing", "Autoencoder alone", "SDEdit", "DDIM encode–decode"] {
            #expect(report.contains("| \(title) |"))
        }
        #expect(FileManager.default.fileExists(atPath: folder["st/sheet.png"]))
        let other = try Program.run(arguments + ["--edits", "2", "--guidance", "3"], in: folder)
        #expect(other.status == 65 && other.errors.contains("another"), "\(other.errors)")
    }
}
