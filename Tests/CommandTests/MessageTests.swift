import Foundation
import Imaging
import TestSupport
import Testing

@testable import pentimento

/// What is said of models, sizes, settings and prompts, whole.
@Suite struct MessageTests {
    /// A folder of models: a tiny one, a CLIP pair, a judge, one network, the top of a Hub cache, and a half-written one.
    private func models() throws -> Folder {
        let folder = try Folder()
        let manager = FileManager.default
        for name in ["tiny", "tiny.partial-17"] {
            try manager.createSymbolicLink(
                atPath: folder[name], withDestinationPath: Fixtures.model("tiny-sd1"))
        }
        for (name, config) in [
            ("pair", #"{"model_type": "clip"}"#), ("judge", #"{"model_type": "pentimento_attributes"}"#),
            ("net", #"{"_class_name": "UNet2DConditionModel"}"#),
        ] {
            try manager.createDirectory(atPath: folder[name], withIntermediateDirectories: true)
            _ = try folder.file("\(name)/config.json", config)
        }
        try manager.createDirectory(atPath: folder["hub/snapshots/0a1b"], withIntermediateDirectories: true)
        return folder
    }

    private func generate(_ model: String, in folder: Folder) throws -> Program.Outcome {
        try Program.run(
            ["generate", "--prompt", "x", "--steps", "1", "--seed", "1", "-o", "g.png", "--model", model],
            in: folder, environment: ["PENTIMENTO_MODELS": folder.path])
    }

    @Test("What is no diffusion model is said to be what it is, by name and by folder")
    func otherKinds() throws {
        let folder = try models()
        for (model, place) in [("pair", folder["pair"]), ("pair/", folder["pair"]), ("./pair", "./pair")] {
            let outcome = try generate(model, in: folder)
            #expect(
                outcome.errors
                    == "pentimento: \(place) is a CLIP pair, not a diffusion model; `pentimento evaluate --clip` uses such "
                    + "pairs\n")
            #expect(outcome.status == 65)
        }
        #expect(
            try generate("judge", in: folder).errors
                == "pentimento: \(folder["judge"]) is a judge of still lifes, not a diffusion model; `pentimento judge "
                + "--judge` uses such networks\n")
        #expect(
            try generate("net", in: folder).errors
                == "pentimento: \(folder["net"]) is UNet2DConditionModel, not a diffusion model\n")
        #expect(
            try generate("./tiny/unet", in: folder).errors
                == "pentimento: ./tiny/unet is UNet2DConditionModel, not a diffusion model; name the folder ./tiny that it "
                + "is a part of\n")
        #expect(
            try generate("./hub", in: folder).errors
                == "pentimento: ./hub is the top of a Hub cache; the model itself is in ./hub/snapshots/0a1b: name that "
                + "folder\n")
    }

    @Test(
        "A slash behind a name changes nothing, and a name that is not there is answered with those that are")
    func names() throws {
        let folder = try models()
        #expect(try generate("tiny/", in: folder).status == 0)
        let near = try generate("tyny", in: folder)
        #expect(
            near.status == 66
                && near.errors.hasPrefix("pentimento: there is no model \"tyny\" in \(folder.path)"))
        #expect(
            near.errors.contains(" (did you mean tiny?); name a diffusers folder, or set PENTIMENTO_MODELS"))
        let far = try generate("nothing-like-it", in: folder)
        // Half-written folders and those that do not exist are not offered.
        #expect(far.errors.contains("(there are tiny") && !far.errors.contains("partial"), "\(far.errors)")
        #expect(!far.errors.contains("/release/Models"))
    }

    @Test("Generating tells size, time and passes, and points to windows where the canvas is large")
    func generating() throws {
        let folder = try models()
        let outcome = try generate("tiny", in: folder)
        #expect(
            outcome.output.wholeMatch(of: /g\.png \(seed 1, 64x64, \d+\.\d s, 2 passes\)\n/) != nil,
            "\(outcome.output)")
        #expect(outcome.errors.isEmpty)
        #expect(GenerateCommand.advice(width: 64, height: 95, own: 64) == nil)
        #expect(
            GenerateCommand.advice(width: 96, height: 64, own: 64)
                == "96x64 is larger than the 64x64 pictures that the model was trained on, so it may paint things several "
                + "times; with --windows it sees the canvas in parts of its own size")
    }

    @Test("A setting without effect is a warning of the edit, and of a comparison for all methods at once")
    func unused() throws {
        let folder = try Folder()
        let shared = [
            "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear", "--steps", "2", "--seed", "1",
        ]
        let edit = try Program.run(
            [
                "edit", image("plain.png"), "--method", "SDEdit", "--inversion", "null-text", "--measure",
                "-o", "e.png",
            ]
                + shared, in: folder)
        #expect(edit.errors == "pentimento: warning: sdedit makes no use of --inversion, --measure\n")
        let compare = try Program.run(
            [
                "compare", image("plain.png"), "--methods", "sdedit,plug-and-play,masactrl", "--source",
                "an apple",
                "--strength", "0.5", "-o", "c.png",
            ] + shared, in: folder)
        #expect(
            compare.errors == "pentimento: warning: --strength has no effect on plug-and-play, masactrl\n",
            "\(compare.errors)")
    }

    @Test("Contenders that were told the same share a line")
    func shared() throws {
        // Rows as the program reads and writes them, so that the tests need none of the layers below.
        func warnings(_ told: [(String, String)]) throws -> [String] {
            let rows = told.map { name, texts in
                #"{"item":"i","contender":"\#(name)","status":"done","seed":1,"seconds":0,"forwards":0,"backwards":0,"#
                    + #""scores":{},"warnings":\#(texts)}"#
            }
            func decoded<Value: Decodable>(_ text: String) throws -> Value {
                try JSONDecoder().decode(Value.self, from: Data(text.utf8))
            }
            return CompareCommand.warnings(of: try decoded("[\(rows.joined(separator: ","))]"))
        }
        let told = [("a", #"["x"]"#), ("b", #"["y", "x"]"#), ("c", #"["x"]"#), ("d", #"["x"]"#)]
        #expect(try warnings(told) == ["a and 3 others: x", "b: y"])
        #expect(try warnings(Array(told.prefix(2))) == ["a, b: x", "b: y"])
    }

    @Test("Of all methods, those that the model was not made for are left out with one line")
    func leftOut() throws {
        let folder = try Folder()
        let outcome = try Program.run(
            [
                "compare", image("plain.png"), "--prompt", "a pear", "--source", "an apple", "--steps", "2",
                "--seed",
                "1", "--option", "pix2pix-zero.sentences=2", "--option", "diffedit.noises=1", "--model",
                Fixtures.model("tiny-sd1"), "-o", "c.png",
            ], in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(
            outcome.errorLines.filter { $0.contains("instruct-pix2pix") } == [
                "pentimento: notice: left out: instruct-pix2pix, which needs a model trained to follow instructions"
            ])
        #expect(!outcome.output.contains("instruct"))
        #expect(outcome.output.contains("forwards: passes of the network; "))
    }

    @Test("Training is checked without starting: what it would do, and what of a folder is passed over")
    func checkedTraining() throws {
        let folder = try Folder()
        _ = try folder.file("a.json", #"{"output": "o"}"#)
        let all = try Program.run(["train", "--check", "a.json"], in: folder)
        #expect(
            all.output
                == "a.json: trains an autoencoder in 6000 steps, then text encoder and UNet in 20000 steps, on 40000 "
                + "rendered still lifes of 64x64 pixels, into o; all of this is the default, which takes hours on a CPU\n"
        )
        try FileManager.default.createDirectory(atPath: folder["p"], withIntermediateDirectories: true)
        for name in ["p/a.ppm", "p/b.ppm"] { try Image(width: 8, height: 8).write(to: folder[name]) }
        _ = try folder.file("p/a.txt", "a cat")
        _ = try folder.file("p/c.bmp", "x")
        _ = try folder.file(
            "b.json",
            #"{"output": "o", "timeLimitMinutes": 5, "data": {"source": "folder", "folder": "p", "heldOut": 1}}"#
        )
        let some = try Program.run(["train", "--check", "b.json"], in: folder)
        #expect(
            some.output == """
                b.json: trains an autoencoder in 6000 steps, then text encoder and UNet in 20000 steps, on the pictures in p \
                at 64x64 pixels, for 5 minutes at most, into o
                1 pictures with captions in p
                left out, pictures without a caption: 1 (b.ppm)
                left out, files of other kinds: 1 (c.bmp)

                """, "\(some.errors)")
        #expect(folder.names == ["a.json", "b.json", "p"])
        let wrong = try Program.run(["train", "--check", "c.json"], in: folder)
        #expect(wrong.status == 66 && wrong.errors == "pentimento: c.json does not exist\n")
    }
}
