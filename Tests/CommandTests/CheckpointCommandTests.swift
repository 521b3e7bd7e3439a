import Foundation
import Tensors
import TestSupport
import Testing

/// Weight files on the command line: what they are, and pictures made with them.
@Suite struct CheckpointCommandTests {
    /// A checkpoint of the tiny model, put together by the list that `Scripts/fixtures` wrote.
    private static func checkpoint(in folder: Folder) throws {
        var parts: [String: Tensor] = [:]
        for (part, file) in [
            ("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model"),
            ("text_encoder", "model"),
        ] {
            let file = try Fixtures.tensors("tiny-sd1/\(part)/\(file).safetensors")
            for name in file.names { parts["\(part)/\(name)"] = try file.tensor(name) }
        }
        let list = try String(contentsOfFile: Fixtures.root + "/single-files/tiny-sd1.txt", encoding: .utf8)
        let tensors = try list.split(separator: "\n").map { line in
            let sides = line.components(separatedBy: " = ")
            return (name: sides[0], tensor: try #require(parts[sides[1]]))
        }
        try Safetensors.write(tensors, to: folder["tiny.safetensors"])
    }

    @Test("A file makes the picture that its folder makes, and the record names it")
    func generates() throws {
        let folder = try Folder()
        try Self.checkpoint(in: folder)
        func made(_ model: [String], _ name: String) throws -> [String: Any] {
            let outcome = try Program.run(
                ["generate", "--prompt", "a pear", "--steps", "2", "--seed", "1", "--json", "-o", name]
                    + model,
                in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try outcome.json()
        }
        func pixels(_ name: String) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: folder[name]))
        }
        let configuration = ["--model-config", Fixtures.model("tiny-sd1")]
        let file = try made(
            ["--model", "tiny.safetensors", "--no-metadata"] + configuration, "file.png")
        _ = try made(["--model", Fixtures.model("tiny-sd1"), "--no-metadata"], "folder.png")
        let (own, other) = (try pixels("file.png"), try pixels("folder.png"))
        #expect(own == other)
        let facts = try #require(file["model"] as? [String: Any])
        #expect(facts["name"] as? String == "tiny")
        let outcome = try Program.run(
            ["generate", "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear"] + configuration,
            in: folder)
        #expect(outcome.status == 64)
        #expect(
            String(outcome.errorLines.first ?? "")
                == "pentimento: --model-config describes a checkpoint file, and \(Fixtures.model("tiny-sd1")) is a folder "
                + "with its own")
    }

    @Test(
        "inspect tells what a file is and what to do with it, and doctor tells it of the files among the models"
    )
    func told() throws {
        let folder = try Folder()
        try Safetensors.write(
            [("emb_params", .zeros([2, 768]))], metadata: ["modelspec.title": "Easy", "thumbnail": "x"],
            to: folder["easy.safetensors"])
        let lines = """
            file     easy.safetensors
            is       a textual inversion (the embedding of a word), which goes with a model and is none
            tensors  1 (1 of F32)
            says     modelspec.title: Easy
            next     name a model, and this file as its embedding

            """
        let outcome = try Program.run(["inspect", "easy.safetensors"], in: folder)
        #expect(outcome.output == lines && outcome.status == 0, "\(outcome.errors)")
        let json = try Program.run(["inspect", "easy.safetensors", "--json"], in: folder).json()
        let kind = try #require(json["kind"] as? [String: Any])
        #expect(kind["use"] as? String == "embedding")
        let health = try Program.run(["doctor"], environment: ["PENTIMENTO_MODELS": folder.path])
        #expect(
            health.output.contains(
                "\nfile easy: \(folder["easy.safetensors"]) is a textual inversion (the embedding of a word), which goes "
                    + "with a model and is none; name a model, and this file as its embedding\n"),
            "\(health.output)")
    }

    @Test("A textual inversion changes what its word paints, and nothing where no prompt says it")
    func embeddings() throws {
        let folder = try Folder()
        let vectors = RandomGenerator(seed: 5).normal([2, 16]) * 3
        try Safetensors.write([("emb_params", vectors)], to: folder["mug.safetensors"])
        func made(_ prompt: String, _ arguments: [String], _ name: String) throws -> (Data, [String: Any]) {
            let outcome = try Program.run(
                [
                    "generate", "--model", Fixtures.model("tiny-sd1"), "--prompt", prompt, "--steps", "2",
                    "--seed", "1", "--json", "--no-metadata", "-o", name,
                ] + arguments, in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return (try Data(contentsOf: URL(fileURLWithPath: folder[name])), try outcome.json())
        }
        let given = ["--embedding", "mug.safetensors"]
        let (plain, _) = try made("a Mug", [], "a.png")
        let (changed, record) = try made("a Mug", given, "b.png")
        let (other, _) = try made("a pear", given, "c.png")
        let (without, _) = try made("a pear", [], "d.png")
        #expect(plain != changed)
        #expect(other == without)
        let model = try #require(record["model"] as? [String: Any])
        let facts = try #require(model["embeddings"] as? [[String: Any]])
        #expect(facts.count == 1)
        #expect(facts[0]["vectors"] as? Int == 2)
    }
}
