import Diffusion
import Foundation
import TestSupport
import Testing

@testable import pentimento

/// Which of the program's own models is taken where none is named, and what is said of it.
@Suite struct ModelChoiceTests {
    /// A folder of models in which a tiny one goes by both names, with words and settings of its own.
    private func models() throws -> Folder {
        let folder = try Folder()
        for (name, words) in [("flowers", "[\"photo\", \"rose\"]"), ("still-life", "[\"pear\", \"table\"]")] {
            try FileManager.default.createDirectory(
                atPath: folder[name], withIntermediateDirectories: true)
            for entry in try FileManager.default.contentsOfDirectory(atPath: Fixtures.model("tiny-sd1")) {
                try FileManager.default.createSymbolicLink(
                    atPath: folder["\(name)/\(entry)"],
                    withDestinationPath: Fixtures.model("tiny-sd1") + "/" + entry)
            }
            try words.write(toFile: folder["\(name)/words.json"], atomically: true, encoding: .utf8)
        }
        try """
        {"guidance": 3, "methods": {"diffedit": {"threshold": 0.4, "steps": 4}}, "kinds": ["rose"],
         "example": "a photo of a rose"}
        """.write(toFile: folder["flowers/editing.json"], atomically: true, encoding: .utf8)
        return folder
    }

    @Test("An edit without a model says which it takes and uses its settings, and its account tells them")
    func edit() throws {
        let models = try models()
        func run(_ prompt: String, _ more: [String] = []) throws -> Program.Outcome {
            try Program.run(
                [
                    "edit", image("plain.png"), "--prompt", prompt, "--seed", "1", "--json", "--no-cache",
                    "-o",
                    models["out.png"],
                ] + more, environment: ["PENTIMENTO_MODELS": models.path])
        }
        func used(_ outcome: Program.Outcome) throws -> [String] {
            let json = try outcome.json()
            let (settings, options) = (json["settings"] as? [String: Any], json["options"] as? [String: Any])
            let facts = [settings?["steps"], settings?["guidance"], options?["threshold"]]
            return facts.map { "\($0 ?? "none")" }
        }
        let flowers = try run("a photo of a red rose")
        #expect(flowers.status == 0, "\(flowers.errors)")
        #expect(
            flowers.errors.hasPrefix(
                """
                pentimento: notice: the model is flowers, which knows 2 of 3 words (still-life 0); --model names another
                pentimento: warning: flowers never saw the word "red"; it knows rose; for what it has no name for, write for \
                instance "a photo of a rose"
                """), "\(flowers.errors)")
        #expect(try used(flowers) == ["4", "3", "0.4"])
        #expect(
            try used(try run("a photo of a rose", ["--guidance", "2", "--option", "threshold=0.2"])) == [
                "4", "2", "0.2",
            ])
        #expect(try used(try run("a photo of a rose", ["--preset", "fast"])) == ["20", "7.5", "0.5"])
        let named = try run("a photo of a rose", ["--model", "still-life", "--steps", "4"])
        #expect(try used(named) == ["4", "7.5", "0.5"] && !named.errors.contains("the model is"))
        let still = try run("a pear on a table", ["--steps", "4"])
        #expect(
            still.errors.hasPrefix(
                "pentimento: notice: the model is still-life, which knows 2 of 2 words (flowers 0); --model names another\n"
            ),
            "\(still.errors)")
    }

    @Test("Methods and doctor show what a model's folder says, and a bad file is refused by name")
    func shown() throws {
        let models = try models()
        let environment = ["PENTIMENTO_MODELS": models.path]
        let methods = try Program.run(
            ["methods", "diffedit", "--model", "flowers"], environment: environment)
        #expect(
            methods.output.hasSuffix(
                "\n  with the model flowers: --steps 4 --guidance 3 --option threshold=0.4\n"),
            "\(methods.output)")
        let doctor = try Program.run(["doctor"], environment: environment)
        #expect(
            doctor.output.contains(
                "model flowers: \(models["flowers"])\n  cyclediffusion as --guidance 3\n"), "\(doctor.output)"
        )
        #expect(
            doctor.output.contains("\n  diffedit as --steps 4 --guidance 3 --option threshold=0.4\n"))
        try "{\"methods\": {\"diffedit\": {\"treshold\": 1}}}".write(
            toFile: models["flowers/editing.json"], atomically: true, encoding: .utf8)
        let bad = try Program.run(
            [
                "edit", image("plain.png"), "--model", "flowers", "--prompt", "a rose", "-o",
                models["out.png"],
            ], environment: environment)
        #expect(bad.status == 65)
        #expect(
            bad.errors
                == "pentimento: \(models["flowers"])/editing.json: diffedit has no option \"treshold\"; did you mean threshold?\n"
        )
    }
}
