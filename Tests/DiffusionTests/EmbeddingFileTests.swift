import Foundation
import Layers
import Networks
import Prompts
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Textual inversions on the tiny model: how they are written in prompts, where their vectors go, and what is refused.
@Suite struct EmbeddingFileTests {
    private static func model(_ files: [String] = []) throws -> LoadedModel {
        let model = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
        try model.add(embeddings: try files.map { try EmbeddingFile(contentsOf: $0) })
        return model
    }

    private static func vectors(_ count: Int, seed: UInt64 = 1) -> Tensor {
        RandomGenerator(seed: seed).normal([count, 16])
    }

    // The nearest wrong readings: vectors added behind the positions; the word found within a longer one; ids that the
    // tokenizer counts from its own size and the encoder from its table's.
    @Test("A word of a prompt becomes its vectors, before positions are added, whatever its case")
    func words() throws {
        let folder = try Folder()
        try Safetensors.write([("emb_params", Self.vectors(3))], to: folder["EasyNegative.safetensors"])
        let model = try Self.model([folder["EasyNegative.safetensors"]])
        let size = model.folder.textEncoder.vocabularySize
        let plain = try Self.model().tokenizer()
        let found = try model.tokenizer().encode("a easynegative, in snow")
        let rest = plain.encode(", in snow").ids.dropFirst()
        #expect(
            found.ids
                == Array(
                    (plain.encode("a").ids.prefix(2) + [size, size + 1, size + 2] + rest).prefix(
                        found.ids.count)))
        #expect(found.words[1].text == "EasyNegative" && found.words[1].positions == 2..<5)
        #expect(try model.tokenizer().encode("easynegatives").ids == plain.encode("easynegatives").ids)
        #expect(try model.tokenizer().token(of: size + 2) == "EasyNegative")

        // The same network whose own table holds the vectors in the place of other tokens.
        let store = try model.folder.store(of: .textEncoder, dtype: .float32, device: .cpu)
        let text = plain.encode("b c d").ids
        let rows = text[1...3].map { Int64($0) }
        let name =
            store.shape(of: "text_model.embeddings.token_embedding.weight") == nil
            ? "embeddings.token_embedding.weight" : "text_model.embeddings.token_embedding.weight"
        let table = try store.weights.tensor(name, [size, 16], .zeros)
        var values = table.floats
        for (place, row) in rows.enumerated() {
            for column in 0..<16 {
                values[Int(row) * 16 + column] = Self.vectors(3).floats[place * 16 + column]
            }
        }
        let changed = try store.overlaid(with: .replacing([name: Tensor(values, shape: [size, 16])]))
        let other = try TextEncoder(changed.weights, model.folder.textEncoder)
        func read(_ encoder: TextEncoder, _ ids: [Int]) -> Tensor {
            encoder(Tensor(ids.map(Int64.init), shape: [1, ids.count])).lastHiddenState
        }
        let ids = [text[0], size, size + 1, size + 2] + text[4...]
        #expect(try read(model.textEncoder(), ids).isEqual(to: read(other, text)))
        #expect(try read(model.textEncoder(), text).isEqual(to: read(Self.model().textEncoder(), text)))
    }

    @Test("Files of webui, diffusers and one tower are read, and their words named by file or tensor")
    func files() throws {
        let folder = try Folder()
        try Safetensors.write([("<cat-toy>", Self.vectors(1).reshaped([16]))], to: folder["toy.safetensors"])
        try Safetensors.write([("clip_l", Self.vectors(2))], to: folder["style.safetensors"])
        let toy = try EmbeddingFile(contentsOf: folder["toy.safetensors"])
        #expect(toy.words == ["<cat-toy>", "toy"] && toy.count == 1 && toy.width == 16)
        let style = try EmbeddingFile(contentsOf: folder["style.safetensors"])
        #expect(style.words == ["style"] && style.count == 2)
        let model = try Self.model([folder["toy.safetensors"], folder["style.safetensors"]])
        let size = model.folder.textEncoder.vocabularySize
        let ids = try model.tokenizer().encode("<cat-toy> toy style").ids
        #expect(ids[1...4] == [size, size, size + 1, size + 2])
        #expect(
            model.facts.embeddings == [
                EmbeddingFacts(words: ["<cat-toy>", "toy"], hash: toy.hash, vectors: 1),
                EmbeddingFacts(words: ["style"], hash: style.hash, vectors: 2),
            ])
        let fingerprints = [
            try Self.model().facts, try Self.model([folder["toy.safetensors"]]).facts, model.facts,
        ]
        #expect(Set(fingerprints.map(\.fingerprint)).count == 3)
    }

    @Test("What cannot be used is said in one line")
    func refused() throws {
        let folder = try Folder()
        func said(_ name: String, _ tensors: [(name: String, tensor: Tensor)]) throws -> String {
            try Safetensors.write(tensors, to: folder[name])
            do { return try "\(Self.model([folder[name]]).facts)" } catch {
                return "\(error)".replacingOccurrences(of: folder.path, with: "F")
            }
        }
        #expect(
            try said("a.safetensors", [("emb_params", .zeros([2, 768]))])
                == "F/a.safetensors is for another text encoder, of Stable Diffusion 1.x: its vectors are 768 wide, and this "
                + "model's 16")
        #expect(
            try said("b.safetensors", [("clip_l", .zeros([2, 768])), ("clip_g", .zeros([2, 1280]))])
                == "F/b.safetensors is for another text encoder, of Stable Diffusion XL (SDXL)")
        #expect(
            try said("c.safetensors", [("emb_params", .full([1, 16], .nan))])
                == "F/c.safetensors holds values that are not numbers; fetch it again")
        #expect(
            try said("d.safetensors", [("emb_params", .zeros([74, 16]))])
                == "F/d.safetensors has 74 vectors; a prompt has places for 1 to 73")
        #expect(
            try said("e.safetensors", [("x.lora_A.weight", .zeros([2, 16])), ("y", .zeros([1]))])
                == "F/e.safetensors is a LoRA, which changes a model and is none, and no textual inversion")
        #expect(
            throws: EmbeddingError.otherFormat(path: "x.pt")
        ) { try EmbeddingFile(contentsOf: "x.pt") }
        try Safetensors.write([("emb_params", Self.vectors(1))], to: folder["Toy.safetensors"])
        try Safetensors.write([("TOY", Self.vectors(1))], to: folder["z.safetensors"])
        #expect(throws: EmbeddingError.twice(word: "TOY")) {
            try Self.model([folder["Toy.safetensors"], folder["z.safetensors"]])
        }
    }
}
