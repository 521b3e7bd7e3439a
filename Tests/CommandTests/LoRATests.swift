import Diffusion
import Foundation
import Tensors
import TestSupport
import Testing

@testable import pentimento

/// LoRAs on the command line.
@Suite struct LoRATests {
    /// A LoRA of one layer of the tiny model.
    static func write(to path: String) throws {
        let layer = "unet.mid_block.attentions.0.transformer_blocks.0.attn2.to_v"
        let random = RandomGenerator(seed: 3)
        try Safetensors.write(
            [
                (layer + ".lora_A.weight", random.normal([2, 16])),
                (layer + ".lora_B.weight", random.normal([8, 2])),
            ], to: path)
    }

    @Test("A LoRA changes the picture as strongly as is said, and the record names it")
    func generates() throws {
        let folder = try Folder()
        try Self.write(to: folder["mug=2.safetensors"])
        func made(_ arguments: [String], _ name: String) throws -> [String: Any] {
            let outcome = try Program.run(
                [
                    "generate", "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear", "--steps", "2",
                    "--seed",
                    "1", "--json", "-o", name,
                ] + arguments, in: folder)
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try outcome.json()
        }
        func bytes(_ name: String) throws -> Data {
            try Data(contentsOf: URL(fileURLWithPath: folder[name]))
        }
        let plain = try made([], "a.png")
        let changed = try made(["--lora", "mug=2.safetensors=0.5:0"], "b.png")
        _ = try made(["--lora", "mug=2.safetensors"], "c.png")
        #expect(try bytes("a.png") != bytes("b.png") && bytes("b.png") != bytes("c.png"))
        #expect((plain["model"] as? [String: Any])?["loras"] == nil)
        let facts = try #require((changed["model"] as? [String: Any])?["loras"] as? [[String: Any]])
        #expect(facts.count == 1 && facts[0]["name"] as? String == "mug=2.safetensors")
        #expect(facts[0]["strength"] as? Double == 0.5 && facts[0]["textStrength"] as? Double == 0)
        let hash = try #require(facts[0]["hash"] as? String)
        let inspected = try Program.run(["inspect", "b.png"], in: folder).output
        #expect(inspected.contains("\n  Lora hashes: mug=2.safetensors: \(hash)\n"), "\(inspected)")
    }

    @Test("A LoRA that is not there, or a strength that is none, is refused before anything is computed")
    func refused() throws {
        let folder = try Folder()
        func said(_ lora: String) throws -> String {
            let outcome = try Program.run(
                [
                    "generate", "--model", Fixtures.model("tiny-sd1"), "--prompt", "a pear", "--lora", lora,
                    "-o", "a.png",
                ],
                in: folder)
            #expect(outcome.status != 0)
            return outcome.errors
        }
        #expect(
            try said("x.safetensors=much")
                == "pentimento: --lora x.safetensors=much needs a number from -100 to 100 behind =, or two with a colon "
                + "between\n")
        #expect(
            try said("x.safetensors=0.5")
                == "pentimento: x.safetensors cannot be read: No such file or directory\n")
        #expect(folder.names.isEmpty)
    }

    @Test("Strengths stand behind the last =, unless a file has the whole name")
    func parsing() throws {
        #expect(try ModelOptions.lora("a") == LoRAChoice(path: "a"))
        #expect(try ModelOptions.lora("a=b=-1") == LoRAChoice(path: "a=b", strength: .init(unet: -1)))
        #expect(
            try ModelOptions.lora("a=1:0.25")
                == LoRAChoice(path: "a", strength: .init(unet: 1, textEncoder: 0.25)))
    }
}
