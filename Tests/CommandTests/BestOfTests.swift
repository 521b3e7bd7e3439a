import Foundation
import Imaging
import TestSupport
import Testing

@testable import pentimento

/// Several seeds of one edit, of which one is kept.
@Suite struct BestOfTests {
    static let model = Fixtures.package + "/Models/still-life"

    @Test("The best of two seeds is the one that the pair of towers prefers, and says which it was")
    func best() throws {
        let folder = try Folder()
        let photo = Fixtures.package + "/Examples/red-apple.png"
        func edit(_ more: [String]) throws -> [String: Any] {
            let outcome = try Program.run(
                [
                    "edit", photo, "--source", "a red apple on a wooden table", "--prompt",
                    "a green pear on a wooden table", "--method", "cyclediffusion", "--model", Self.model,
                    "--steps",
                    "4", "--json",
                ] + more, in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try outcome.json()
        }
        let chosen = try edit(["--seed", "7", "--best-of", "3", "-o", "best.png"])
        let seed = try #require(chosen["seed"] as? Int)
        #expect((7...9).contains(seed))
        _ = try edit(["--seed", "\(seed)", "-o", "one.png"])
        #expect(try Image(contentsOf: folder["best.png"]) == Image(contentsOf: folder["one.png"]))
    }

    @Test("Of equal scores the first counts")
    func ties() {
        #expect(BestOfChooser.best([0.1, 0.4, 0.4, 0.2]) == 1)
        #expect(BestOfChooser.best([-1]) == 0)
    }

    @Test(
        "What the choice needs is asked for in one line before anything is computed",
        arguments: [
            (
                ["--best-of", "0"], 64,
                "pentimento: --best-of is 0; it must lie in 1...1000 (see `pentimento edit --help`)"
            ),
            (
                ["--best-of", "2"], 64,
                "pentimento: --best-of compares the change with that of the prompts; say with --source what the photo shows"
            ),
            (
                ["--best-of", "2", "--source", "x", "--clip", "nowhere"], 66,
                "pentimento: nowhere: there is no such folder with a config.json"
            ),
            (
                ["--clip", "nowhere"], 64,
                "pentimento: --clip says who chooses; it needs --best-of (see `pentimento edit --help`)"
            ),
            (
                ["--steps-offset", "-1"], 64,
                "pentimento: --steps-offset is -1; it must be a whole number from 0 on (see `pentimento edit --help`)"
            ),
            (
                ["--steps-offset", "1000"], 64,
                "pentimento: timesteps cannot be shifted by 1000; the model's schedule allows 0 to 999"
            ),
        ] as [([String], Int32, String)])
    func refused(arguments: [String], status: Int32, line: String) throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "edit", image("plain.png"), "--prompt", "y", "--model", Fixtures.model("tiny-sd1"), "-o",
                "e.png",
            ]
                + arguments, in: folder)
        #expect(outcome.status == status)
        #expect(outcome.errorLines.first.map(String.init) == line, "\(outcome.errors)")
        #expect(folder.names == [])
    }
}
