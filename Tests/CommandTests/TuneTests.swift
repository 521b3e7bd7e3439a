import Diffusion
import Foundation
import Tensors
import TestSupport
import Testing

@testable import pentimento

/// `tune`, and what edits make of its files, on the command line.
@Suite struct TuneTests {
    static let model = ["--model", Fixtures.model("tiny-sd1")]
    static let hiper = [
        "tune", "hiper", image("plain.png"), "--source", "a red apple", "--steps-tuning", "4",
    ]

    static func run(_ arguments: [String], in folder: Folder) throws -> Program.Outcome {
        let outcome = try Program.run(arguments, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome
    }

    @Test("A file of a method is the method of an edit, which tunes nothing, and inspect tells what it is")
    func learnt() throws {
        let folder = try Folder()
        let made = try Self.run(Self.hiper + Self.model + ["-o", "a.safetensors"], in: folder).output
        #expect(made.hasPrefix("a.safetensors (hiper, 4 steps, loss ") && made.hasSuffix(" s)\n"))
        // No other method is named, and no source.
        let edit =
            ["edit", image("plain.png"), "--prompt", "a green pear", "--steps", "2", "--seed", "1", "--json"]
            + Self.model + ["-o", "b.png"]
        let account = try Self.run(edit + ["--tuned", "a.safetensors"], in: folder).json()
        #expect(account["method"] as? String == "hiper" && account["source"] as? String == "a red apple")
        let cost = try #require(account["cost"] as? [String: Any])
        #expect(cost["backwards"] as? Int == 0 && cost["forwards"] as? Int == 4)
        #expect((account["tuned"] as? [String: Any])?["name"] as? String == "a.safetensors")
        let told = try Self.run(["inspect", "a.safetensors"], in: folder).output.split(separator: "\n")
        #expect(told[0] == "tuned for: hiper" && told[1].hasPrefix("model: tiny-sd1 ("))
        #expect(
            told[2...7] == [
                "source: a red apple", "pictures: 1, 64x48 pixels", "learning-rate: 0.005", "tokens: 5",
                "tuning-seed: 0", "tuning-steps: 4",
            ])
        #expect(told[8].hasPrefix("hiper: 4 steps, loss ") && told[9].count == 6)
        #expect(told[10].hasPrefix("cost: 4 passes there, 4 back, "))
        #expect(told.count == 12 && told[11].hasPrefix("program: Pentimento "))
        let json = try Self.run(["inspect", "a.safetensors", "--json"], in: folder).json()
        #expect((json["losses"] as? [String: [Double]])?["hiper"]?.count == 4)
    }

    @Test("Weights of a few pictures go with any method, as strongly as is said, and as a LoRA")
    func weights() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder["mugs"], withIntermediateDirectories: true)
        for name in ["plain.png", "grey.png"] {
            try FileManager.default.copyItem(atPath: image(name), toPath: folder["mugs/" + name])
        }
        let made = try Self.run(
            [
                "tune", "lora", "--pictures", "mugs", "--prompt", "a photo of sks mug", "--steps-tuning", "3",
                "--learning-rate", "0.05", "--prior-prompt", "a mug", "--prior-pictures", "1", "--preset",
                "fast",
                "--json",
                "-o", "mug.safetensors",
            ] + Self.model, in: folder
        ).json()
        #expect(made["images"] as? Int == 2 && made["prior"] as? String == "a mug")
        func edited(_ arguments: [String], _ name: String) throws -> Data {
            _ = try Self.run(
                [
                    "edit", image("plain.png"), "--prompt", "a green pear", "--method", "sdedit", "--steps",
                    "2",
                    "--seed", "1", "--no-metadata", "-o", name,
                ] + arguments + Self.model, in: folder)
            return try Data(contentsOf: URL(fileURLWithPath: folder[name]))
        }
        let plain = try edited([], "a.png")
        let half = try edited(["--tuned", "mug.safetensors=0.5"], "b.png")
        #expect(try edited(["--tuned", "mug.safetensors=0"], "c.png") == plain && half != plain)
        #expect(try edited(["--tuned", "mug.safetensors=0.25,mug.safetensors=0.25"], "d.png") == half)
        #expect(try edited(["--lora", "mug.safetensors=0.5"], "e.png") == half)
        let other = try Program.run(
            [
                "edit", image("plain.png"), "--prompt", "a pear", "--model", Fixtures.model("tiny-sd2"),
                "--tuned",
                "mug.safetensors", "-o", "f.png",
            ], in: folder)
        let prints = try ["tiny-sd1", "tiny-sd2"].map { try Fingerprint.of(folder: Fixtures.model($0)) }
        #expect(
            other.errors
                == "pentimento: mug.safetensors was tuned over the model tiny-sd1 (\(prints[0])) and goes with no other; "
                + "this is tiny-sd2 (\(prints[1]))\n")
        #expect(other.status == 65 && !folder.names.contains("f.png"))
    }

    @Test("An edit that is interrupted while it learns leaves a checkpoint and says so")
    func interruptedEdit() throws {
        let (folder, cache) = (try Folder(), try Folder())
        let command =
            [
                "edit", image("plain.png"), "--method", "hiper", "--source", "a red apple", "--prompt",
                "a pear",
            ]
            + ["--option", "tuning-steps=600", "--steps", "4", "--seed", "1"] + Self.model + ["-o", "a.png"]
        let environment = ["XDG_CACHE_HOME": cache.path]
        let running = try Program.start(command, in: folder, environment: environment)
        let tuning = cache["pentimento/inversions/tuning"]
        while running.process.isRunning, !FileManager.default.fileExists(atPath: tuning) { usleep(2000) }
        running.process.interrupt()
        let outcome = try running.outcome()
        if outcome.status == 130 {
            #expect(
                outcome.errors
                    == "pentimento: interrupted; the same command goes on from what was learnt so far\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: tuning).count == 1)
            #expect(folder.names == [])
        } else {
            // A machine that is faster than the signal.
            #expect(outcome.status == 0)
        }
        #expect(try Program.run(command, in: folder, environment: environment).status == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: tuning) == [])
    }

    @Test("Ctrl-C leaves a checkpoint, and the same command goes on to the same file")
    func interrupted() throws {
        let (folder, cache) = (try Folder(), try Folder())
        func command(_ output: String) -> [String] {
            ["tune", "hiper", image("plain.png"), "--source", "a red apple", "--steps-tuning", "600"]
                + Self.model
                + ["-o", output]
        }
        let environment = ["XDG_CACHE_HOME": cache.path]
        let running = try Program.start(command("a.safetensors"), in: folder, environment: environment)
        let tuning = cache["pentimento/inversions/tuning"]
        // The folder of checkpoints is made when the steps begin.
        while running.process.isRunning, !FileManager.default.fileExists(atPath: tuning) { usleep(2000) }
        running.process.interrupt()
        let outcome = try running.outcome()
        if outcome.status == 130 {
            #expect(
                outcome.errors == "pentimento: interrupted; the same command goes on from its checkpoint\n")
            #expect(try FileManager.default.contentsOfDirectory(atPath: tuning).count == 1)
            #expect(folder.names == [])
        } else {
            // A machine that is faster than the signal.
            #expect(outcome.status == 0)
        }
        let rest = try Program.run(command("a.safetensors"), in: folder, environment: environment)
        #expect(rest.status == 0, "\(rest.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: tuning) == [])
        _ = try Self.run(command("b.safetensors"), in: folder)
        let files = try ["a", "b"].map { try SafetensorsFile(path: folder["\($0).safetensors"]) }
        #expect(try files[0].tensor("personal").isEqual(to: files[1].tensor("personal")))
    }

    @Test("What does not go together is refused in one line before anything is computed")
    func refused() throws {
        let folder = try Folder()
        func said(_ arguments: [String]) throws -> String {
            let outcome = try Program.run(arguments + ["-o", "x.safetensors"] + Self.model, in: folder)
            #expect(outcome.status == 64 && outcome.output.isEmpty)
            return outcome.errors.trimmingCharacters(in: .newlines)
        }
        let photo = image("plain.png")
        #expect(
            try said(["tune", "diffedit", photo, "--prompt", "a pear"])
                == "pentimento: diffedit learns nothing before it edits; hiper, imagic, diffusionclip do")
        #expect(try said(["tune", "hiper", "--source", "a pear"]) == "pentimento: tune hiper needs a photo")
        #expect(
            try said(["tune", "imagic", photo, "--source", "a pear"])
                == "pentimento: the prompt is empty; say what the picture should show after the edit")
        #expect(
            try said(["tune", "imagic", photo, "--prompt", "a pear", "--steps-tuning", "3"])
                == "pentimento: --steps-tuning is not for imagic; --option takes eta, embedding-steps, embedding-rate, "
                + "model-steps, model-rate, trainable, rank, tuning-seed")
        #expect(
            try said(["tune", "hiper", photo, "--source", "a pear", "--alpha", "2"])
                == "pentimento: --alpha is for tune lora; hiper learns from one photo")
        #expect(
            try said(["tune", "lora", "--prompt", "a mug"])
                == "pentimento: tune lora needs pictures: name their folder with --pictures")
        #expect(
            try said(["tune", "lora", "--pictures", photo])
                == "pentimento: tune lora needs --prompt: what the pictures show")
        #expect(
            try said([
                "tune", "lora", "--pictures", photo, "--prompt", "a mug", "--trainable", "full", "--rank",
                "2",
            ])
                == "pentimento: --rank and --alpha are of adapters; they go with --trainable lora")
        #expect(
            try said(["tune", "lora", "--pictures", photo, "--prompt", "a mug", "--prior-pictures", "3"])
                == "pentimento: --prior-pictures is of pictures of the class; say with --prior-prompt what they show "
                + "(see `pentimento tune --help`)")
        #expect(folder.names.isEmpty)
    }

    @Test("A strength is of weights alone, and an edit has one method")
    func strengths() throws {
        let folder = try Folder()
        _ = try Self.run(Self.hiper + Self.model + ["-o", "a.safetensors"], in: folder)
        func said(_ tuned: String, _ more: [String] = []) throws -> String {
            let outcome = try Program.run(
                ["edit", image("plain.png"), "--prompt", "a pear", "--tuned", tuned, "-o", "x.png"] + more
                    + Self.model, in: folder)
            #expect(outcome.status == 64)
            return outcome.errors.trimmingCharacters(in: .newlines)
        }
        #expect(
            try said("a.safetensors=0.5")
                == "pentimento: --tuned a.safetensors=0.5: only weights have a strength; what hiper learnt counts by its "
                + "option scale")
        #expect(
            try said("a.safetensors,a.safetensors")
                == "pentimento: --tuned names two files of methods; an edit has one method")
        #expect(
            try said("a.safetensors=1:2")
                == "pentimento: --tuned a.safetensors=1:2 needs a number from -100 to 100 behind =")
        #expect(
            try said("a.safetensors", ["--method", "imagic"])
                == "pentimento: a.safetensors was tuned for hiper, not for imagic; leave out --method, or name hiper"
        )
    }
}
