import Foundation
import Imaging
import TestSupport
import Testing

/// Inversions on the command line.
@Suite struct InversionCommandTests {
    static func edit(_ folder: Folder, _ arguments: [String]) throws -> Program.Outcome {
        try Program.run(
            [
                "edit", image("plain.png"), "--model", Fixtures.model("tiny-sd1"), "--source",
                "a red apple",
                "--prompt", "a pear", "--method", "ddim", "--steps", "3", "--seed", "1", "--json", "-o",
                "out.png",
            ] + arguments, in: folder, environment: ["XDG_CACHE_HOME": folder["cache"]])
    }

    static func forwards(_ outcome: Program.Outcome) throws -> Int? {
        (try outcome.json()["cost"] as? [String: Any])?["forwards"] as? Int
    }

    @Test("A second edit of a photo uses its kept inversion, unless that is not wanted")
    func kept() throws {
        let folder = try Folder()
        // ⌊0.8 · 3⌋ = 2 levels: 2 up where nothing is kept, 4 down.
        var first: Program.Outcome?
        for (arguments, forwards) in [
            (["--no-cache"], 6), (["--cache-limit", "0"], 6), ([], 6), ([], 4), (["--no-cache"], 6),
            (["--inversion", "null-text", "--inversion-option", "iterations=1"], 4 + 2 + 6),
            (["--inversion", "null-text", "--inversion-option", "iterations=1"], 4),
        ] {
            let outcome = try Self.edit(folder, arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(try Self.forwards(outcome) == forwards, "\(arguments)")
            first = first ?? outcome
        }
        let place = folder["cache"] + "/pentimento/inversions"
        #expect(try FileManager.default.contentsOfDirectory(atPath: place).count == 2)
        #expect(try first?.json()["inversionKept"] as? Bool == false)
    }

    @Test(
        "A wrong inversion, option, value or limit ends with status 64 and one line that helps",
        arguments: [
            (["--inversion", "nul-text"], "did you mean null-text?"),
            (["--inversion", "null-text", "--inversion-option", "iteration=1"], "did you mean iterations?"),
            (["--inversion", "null-text", "--inversion-option", "iterations=many"], "whole number"),
            (["--inversion-option", "iterations"], "name=value"),
            (["--cache-limit", "much"], "much"),
        ])
    func refused(arguments: [String], message: String) throws {
        let folder = try Folder()
        let outcome = try Self.edit(folder, arguments)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains(message), "\(outcome.errors)")
        #expect(outcome.errorLines.count == 1 && folder.names.isEmpty)
    }

    @Test("Inversions are listed with title, paper, cost and options")
    func listing() throws {
        let outcome = try Program.run(["methods", "--inversions", "--json"])
        let list = try #require(
            try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        #expect(
            list.compactMap { $0["kind"] as? String } == [
                "ddim", "negative-prompt", "direct", "null-text", "edit-friendly", "fixed-point",
            ])
        for entry in list {
            for key in ["title", "summary", "paper", "cost"] {
                #expect((entry[key] as? String)?.isEmpty == false)
            }
            #expect(entry["options"] is [Any])
        }
        let text = try Program.run(["methods", "--inversions", "null-text"]).output
        #expect(text.contains("iterations=10") && !text.contains("edit-friendly"))
    }

    @Test("invert takes every inversion and tells what the autoencoder alone would lose")
    func invert() throws {
        let folder = try Folder()
        for kind in ["direct", "edit-friendly", "fixed-point"] {
            let outcome = try Program.run(
                [
                    "invert", image("plain.png"), "--model", Fixtures.model("tiny-sd1"), "--steps", "3",
                    "--guidance", "7.5", "--source", "a red apple", "--inversion", kind, "-o", "\(kind).png",
                    "--json",
                ], in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let account = try outcome.json()
            let (found, ceiling) = (account["decibels"] as? Double, account["ceiling"] as? Double)
            #expect(account["inversion"] as? String == kind)
            #expect(ceiling.map { $0 > 0 && $0.isFinite } == true)
            if kind != "fixed-point" {
                #expect(found == ceiling && account["roundTripError"] as? Double == 0)
            }
        }
    }
}
