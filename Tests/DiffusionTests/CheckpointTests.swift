import Foundation
import Layers
import Networks
import Prompts
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Models in one file: the same networks as their folders, bit by bit, and what is said of files that lack something.
@Suite struct CheckpointTests {
    /// What a model makes of a prompt and a latent: text, noise, latent of a picture, picture.
    private static func answers(_ model: LoadedModel) throws -> [Tensor] {
        try withoutGradients {
            let session = DiffusionSession(model: model)
            let level = try session.schedule.levels(steps: 4)[3]
            let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
            let extra = model.facts.inputChannels - 4
            let prompt = try session.prompt("a red pear!")
            let noise = try session.predict([
                Query(
                    latent, at: level, prompt: prompt,
                    extra: extra > 0 ? RandomGenerator(seed: 2).normal([1, extra, 8, 8]) : nil)
            ])[0]
            let side = 8 * model.facts.latentFactor
            let picture = RandomGenerator(seed: 3).uniform([1, 3, side, side]) * 2 - 1
            return [
                prompt.embedding, noise, try model.encode(picture).mean, try model.image(of: latent),
            ]
        }
    }

    // The wrong readings that fail here: the decoder's stages counted from the latent, as diffusers does; OpenCLIP's
    // matrix cut by columns, or in the order k, q, v; `input_blocks.1` taken for a beginning of `input_blocks.10`.
    @Test(
        "A file computes what its folder computes, to the bit",
        arguments: ["tiny-sd1", "tiny-sd2", "tiny-inpaint"])
    func parity(name: String) throws {
        let folder = try Folder()
        let source = try SingleFile.source(name, in: folder)
        // In double precision weights are copied; in single they are used where they lie, and how a product of matrices
        // rounds depends on where that is.
        let file = LoadedModel(folder: try ModelFolder(source), dtype: .float64)
        #expect(file.folder.name == "model" && file.folder.notices == [])
        #expect(file.folder.kind?.what.hasPrefix("a checkpoint of a UNet that is not known here") == true)
        let whole = LoadedModel(folder: try ModelFolder(path: Fixtures.model(name)), dtype: .float64)
        for (own, other) in zip(try Self.answers(file), try Self.answers(whole)) {
            #expect(own.isEqual(to: other))
        }
        let (single, folders) = (
            LoadedModel(folder: file.folder), LoadedModel(folder: whole.folder)
        )
        for (own, other) in zip(try Self.answers(single), try Self.answers(folders)) {
            #expect(relativeError(own, other) < 1e-5)
        }
        for (own, other) in zip(try single.unetTensors(), try folders.unetTensors()) {
            #expect(own.name == other.name && own.tensor.isEqual(to: other.tensor.reshaped(own.tensor.shape)))
        }
    }

    @Test("A file is known by its content, whatever it is called, and by what takes the place of its parts")
    func fingerprints() throws {
        let folder = try Folder()
        var source = try SingleFile.source("tiny-sd1", in: folder)
        let first = try ModelFolder(source).fingerprint
        try FileManager.default.moveItem(atPath: source.path, toPath: folder["other.safetensors"])
        source.path = folder["other.safetensors"]
        let moved = try ModelFolder(source)
        #expect(moved.fingerprint == first && moved.name == "other")
        source.autoencoder = Fixtures.model("tiny-sd1") + "/vae"
        let replaced = try ModelFolder(source)
        source.prediction = .velocity
        let asked = try ModelFolder(source)
        #expect(Set([first, replaced.fingerprint, asked.fingerprint]).count == 3)
        #expect(asked.schedule.prediction == .velocity && asked.predictionEvidence == .asked)
    }

    @Test("The layers of a UNet have one name each in both worlds, whichever way one asks")
    func names() throws {
        for line in try String(contentsOfFile: Fixtures.root + "/single-files/tiny-sd1.txt", encoding: .utf8)
            .split(separator: "\n") where line.contains(" = unet/")
        {
            let sides = line.components(separatedBy: " = ").map { name in
                String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)])
            }
            let (original, own) = (sides[0].dropFirst("model.diffusion_model.".count), sides[1].dropFirst(5))
            #expect(OriginalNames.diffusers(of: String(original), levels: 2) == String(own))
            #expect(OriginalNames.original(of: String(own), levels: 2).contains(String(original)))
        }
        for wrong in [
            "input_blocks.1", "input_blocks.x.0.op", "output_blocks.3.4.conv", "middle_block.3.a", "a.b.c.d",
        ] {
            #expect(OriginalNames.diffusers(of: wrong, levels: 2) == nil)
        }
    }

    @Test("Old merges, stray tensors and averages are read over, and what nobody knows is told")
    func leftovers() throws {
        let folder = try Folder()
        let one = Tensor([1] as [Float])
        let source = try SingleFile.source("tiny-sd1", in: folder) { tensors in
            tensors.map {
                (
                    $0.name.split(separator: ".").filter { $0 != "text_model" }.joined(separator: "."),
                    $0.tensor
                )
            } + [
                ("model_ema.diffusion_modelinput_blocks00weight", one), ("alphas_cumprod", one),
                ("cond_stage_model.transformer.embeddings.position_ids", one), ("strange", one),
                ("stranger.weight", one),
            ]
        }
        let model = try ModelFolder(source)
        #expect(
            model.notices == ["\(source.path): 2 of its tensors are not used (strange, stranger.weight)"])
        let whole = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
        #expect(
            try Self.answers(LoadedModel(folder: model))[0].isEqual(to: try Self.answers(whole)[0]))
    }

    private func said(_ source: ModelSource) -> String {
        do { return try "\(ModelFolder(source).notices)" } catch { return "\(error)" }
    }

    @Test("A part that a file lacks is named with what to do, and found beside it")
    func missingParts() throws {
        let folder = try Folder()
        let all = try SingleFile.tensors("tiny-sd1")
        let bare = try SingleFile.source("tiny-sd1", in: folder) { tensors in
            tensors.filter { !$0.name.hasPrefix("first_stage_model.") }
        }
        #expect(
            said(bare)
                == "\(bare.path) has no autoencoder (VAE), and no picture is made without; put one beside it as "
                + "model.vae.safetensors, or name the file or folder of one")
        let lone = all.filter { $0.name.hasPrefix("first_stage_model.") }.map {
            (String($0.name.dropFirst(18)), $0.tensor)
        }
        try Safetensors.write(lone, to: folder["model.vae.safetensors"])
        #expect(
            said(bare)
                == "[\"\(bare.path): the autoencoder is that of \(folder["model.vae.safetensors"])\"]")
        var named = bare
        named.autoencoder = Fixtures.model("tiny-sd1")
        #expect(
            said(named)
                == "[\"\(bare.path): the autoencoder is that of \(Fixtures.model("tiny-sd1"))/vae\"]")
        let whole = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")))
        let answers = try Self.answers(LoadedModel(folder: try ModelFolder(named)))
        #expect(zip(answers, try Self.answers(whole)).allSatisfy { relativeError($0, $1) < 1e-5 })
        let mute = try SingleFile.source("tiny-sd1", in: folder) { tensors in
            tensors.filter { !$0.name.hasPrefix("cond_stage_model.") }
        }
        #expect(
            said(mute)
                == "\(mute.path) has no text encoder, and no picture is made without; name the folder or file of one"
        )
        named = mute
        named.autoencoder = mute.path
        named.textEncoder = Fixtures.model("tiny-sd1")
        #expect(
            said(named)
                == "[\"\(mute.path): the autoencoder is that of \(mute.path)\", \"\(mute.path): the text encoder is that "
                + "of \(Fixtures.model("tiny-sd1"))/text_encoder\"]")
    }

    @Test("What is named in the place of a part must be one")
    func wrongParts() throws {
        let folder = try Folder()
        var source = try SingleFile.source("tiny-sd1", in: folder)
        try Safetensors.write([("emb_params", .zeros([2, 768]))], to: folder["word.safetensors"])
        source.autoencoder = folder["word.safetensors"]
        #expect(
            said(source)
                == "\(folder["word.safetensors"]) is a textual inversion (the embedding of a word), which goes with a model "
                + "and is none; an autoencoder is named in the place of the model's own")
        source.autoencoder = folder["none"]
        #expect(
            said(source)
                == "\(folder["none"]): no such file; the autoencoder needs it. Is the download of the model folder "
                + "complete?")
        source.autoencoder = nil
        source.configuration = nil
        #expect(
            said(source)
                == "\(source.path) is a checkpoint of a UNet that is not known here (channels 4, 4, 16, 0); "
                + KindRow.others)
    }

    @Test("A part of a file stays on the file's pages; only what is transposed is copied")
    func mapped() throws {
        let folder = try Folder()
        let path = folder["weights.safetensors"]
        try Safetensors.write([("w", .zeros([6, 4])), ("v", .zeros([2, 3]))], to: path)
        let file = try SafetensorsFile(path: path)
        let store = WeightStore(
            file: file,
            tensors: [
                "k": StoredTensor("w", rows: 2..<4), "v": StoredTensor("v", isTransposed: true),
            ])
        let third = try store.weights.tensor("k", [2, 4], .zeros)
        let turned = try store.weights.tensor("v", [3, 2], .zeros)
        #expect(store.shape(of: "k") == [2, 4] && store.shape(of: "v") == [3, 2])
        // What is written to the file shows in a tensor on its pages, and not in a copy.
        let start = Int64(try Data(contentsOf: URL(fileURLWithPath: path)).count - (24 + 6) * 4)
        let handle = try #require(FileHandle(forUpdatingAtPath: path))
        try handle.seek(toOffset: UInt64(start))
        try handle.write(contentsOf: (0..<30).map { Float($0) }.withUnsafeBytes { Data($0) })
        try handle.close()
        #expect(third.floats == (file.names[0] == "w" ? (8..<16) : (14..<22)).map { Float($0) })
        #expect(turned.floats == [0, 0, 0, 0, 0, 0])
    }
}
