import Foundation
import Imaging
import TestSupport
import Testing

/// Region files on the command line: one format for all commands that paint.
@Suite struct RegionFileTests {
    static let file = """
        {"prompt": "a photo", "canvas": [64, 64], "regions": [
          {"role": "background", "prompt": "a table"},
          {"id": "fruit", "box": [0.25, 0.25, 0.5, 0.5], "prompt": "an apple", "target": "a pear", "words": ["apple"]}]}
        """
    static let shared = ["--model", Fixtures.model("tiny-sd1"), "--steps", "2", "--regions", "r.json"]

    static func folder(_ text: String = file) throws -> Folder {
        let folder = try Folder()
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder["r.json"]))
        return folder
    }

    @Test("A file is checked and told line by line, and its layout drawn on a photo")
    func regions() throws {
        let folder = try Self.folder()
        let outcome = try Program.run(
            ["regions", "r.json", "-o", "l.png", "--photo", image("plain.png")], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.output == """
                1 (background) 0,0,1,1: a table
                fruit (edited) 0.25,0.25,0.5,0.5: an apple -> a pear [apple]

                """)
        let drawn = try Image(contentsOf: folder["l.png"])
        #expect(max(drawn.width, drawn.height) >= 512)
        let alone = try Program.run(["regions", "r.json", "--photo", image("plain.png")], in: folder)
        #expect(alone.status == 64 && alone.errors.contains("-o"))
    }

    @Test("Generate makes a source, a target and a panel from a file, and their accounts tell the regions")
    func generates() throws {
        let folder = try Self.folder()
        let outcome = try Program.run(
            ["generate", "--method", "p2p-regions", "--seed", "4", "-o", "p.png", "--json"] + Self.shared,
            in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(folder.names == ["p-panel.png", "p-source.png", "p.png", "r.json"])
        let account = try outcome.json()
        #expect(account["method"] as? String == "p2p-regions" && account["prompt"] as? String == "a photo")
        #expect((account["layout"] as? [[String: Any]])?.last?["target"] as? String == "a pear")
        // Two regions, four rows each, two steps.
        #expect((account["cost"] as? [String: Any])?["forwards"] as? Int == 16)
        #expect(try Image(contentsOf: folder["p.png"]) != Image(contentsOf: folder["p-source.png"]))
        let one = try Program.run(["generate", "--seed", "4", "-o", "m.png"] + Self.shared, in: folder)
        #expect(one.status == 0 && folder.names.contains("m.png"), "\(one.errors)")
    }

    @Test("Edit and compare take the same file; methods without use for regions go without")
    func edits() throws {
        let folder = try Self.folder()
        let edit = try Program.run(
            [
                "edit", image("plain.png"), "--method", "p2p-regions", "--option", "null-steps=1", "-o",
                "e.png", "--json",
            ] + Self.shared, in: folder)
        #expect(edit.status == 0, "\(edit.errors)")
        // Two regions inverted, learnt (1 + 1 + 2) and painted, two levels each.
        let cost = try #require(try edit.json()["cost"] as? [String: Any])
        #expect(cost["forwards"] as? Int == 2 * 2 + 2 * 2 * 4 + 2 * 2 * 4 && cost["backwards"] as? Int == 4)
        let compared = try Program.run(
            [
                "compare", image("plain.png"), "--methods", "sdedit,multidiffusion,p2p-regions", "-o",
                "s.png", "--json", "-",
            ] + Self.shared, in: folder)
        #expect(compared.status == 0 && !compared.output.contains("\"failed\""), "\(compared.errors)")
    }

    @Test(
        "What a file or a method cannot do is one line before anything is computed",
        arguments: [
            (
                ["generate", "--method", "sdedit"],
                "sdedit has no use for regions; --method multidiffusion has"
            ),
            (
                ["generate", "--method", "p2p-regions", "-o", "-"],
                "source, target and panel are three pictures; name a file with -o"
            ),
            (
                ["generate", "--method", "p2p-regions", "--eta", "1"],
                "--sampler, --eta, --wrap and windows do not go with --method p2p-regions, which samples by DDIM"
            ),
            (
                ["generate", "--option", "feather=1"],
                "--source, --preset and --option count where --method makes a source and a target; multidiffusion makes "
                    + "one picture"
            ),
            (
                ["edit", "nowhere.png", "--method", "p2p-regions", "--option", "feather=2"],
                "option feather is 2; it must be a number from 0 to 1"
            ),
        ])
    func refused(arguments: [String], line: String) throws {
        let folder = try Self.folder()
        let outcome = try Program.run(arguments + Self.shared, in: folder)
        #expect(outcome.status == 64 && outcome.errorLines == ["pentimento: \(line)"], "\(outcome.errors)")
        #expect(folder.names == ["r.json"])
    }

    @Test("A broken file is named in one line by every command")
    func broken() throws {
        let folder = try Self.folder(Self.file.replacingOccurrences(of: "target", with: "tarket"))
        let line = "pentimento: r.json: region 2: there is no key \"tarket\"; did you mean target?"
        let photo = image("plain.png")
        for command in [
            ["regions", "r.json"], ["generate"], ["edit", photo], ["compare", photo, "-o", "s.png"],
        ] {
            let rest = command[0] == "regions" ? [] : Self.shared
            let outcome = try Program.run(command + rest, in: folder)
            #expect(
                outcome.status == 65 && outcome.errorLines == [line[...]], "\(command): \(outcome.errors)")
        }
        let needed = try Program.run(
            ["generate", "--prompt", "x", "--method", "p2p-regions", "--model", Fixtures.model("tiny-sd1")],
            in: folder)
        #expect(needed.errorLines == ["pentimento: p2p-regions needs at least one region (--region)"])
    }

    @Test("Without its guide mrgd says which folder is missing, before anything is computed")
    func unguided() throws {
        let folder = try Self.folder()
        let line =
            "pentimento: mrgd needs a network that tells where a picture shows a text, and there is no tiny-sd1-clipseg "
            + "beside the model; name its folder with --relevance"
        for command in [["generate"], ["edit", image("plain.png")]] {
            let outcome = try Program.run(command + ["--method", "mrgd"] + Self.shared, in: folder)
            #expect(outcome.status == 66 && outcome.errorLines == [line[...]], "\(outcome.errors)")
        }
        let named = try Program.run(
            ["generate", "--method", "mrgd", "--relevance", "nowhere"] + Self.shared, in: folder)
        let missing = "pentimento: nowhere: there is no such folder with a config.json"
        #expect(named.status == 66 && named.errorLines == [missing[...]], "\(named.errors)")
        #expect(folder.names == ["r.json"])
    }
}
