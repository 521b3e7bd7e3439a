import Diffusion
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@testable import Layers
@testable import Training

@Suite(.serialized) struct TrainerTests {
    @Test(
        "A run that was stopped in both stages, and torn off once, comes to the same bits as one that was not",
        arguments: [false, true])
    func resumes(channelsLast: Bool) throws {
        let scratch = try Scratch()
        var whole = TrainingConfiguration.tiny(in: scratch.path + "/whole")
        whole.diffusion.channelsLast = channelsLast
        #expect(try train(whole) == .finished)
        var pieces = TrainingConfiguration.tiny(in: scratch.path + "/pieces")
        pieces.diffusion.channelsLast = channelsLast
        // A checkpoint at every line of the log.
        pieces.checkpointSeconds = 1e-9
        #expect(try train(pieces, stoppingAfter: ("autoencoder", 4)) == .stopped)
        #expect(!FileManager.default.fileExists(atPath: pieces.output))
        #expect(try train(pieces, stoppingAfter: ("diffusion", 4)) == .stopped)
        // As if it had been killed while it wrote: what is left of the newest checkpoint is no file to read.
        let newest = try #require(try checkpoints(pieces, "diffusion").last)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: newest))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: newest))
        #expect(losses(pieces).last?.hasPrefix("diffusion 4 ") == true)
        #expect(try train(pieces) == .finished)

        #expect(losses(pieces) == losses(whole))
        let written = weights(whole.output)
        #expect(written.allSatisfy { $0 != nil } && written == weights(pieces.output))
        #expect(try checkpoints(pieces, "diffusion").count == 2)
    }

    @Test("A finished run, started again, goes on for the steps that were added")
    func longer() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.autoencoder.steps = 2
        tiny.diffusion.steps = 2
        #expect(try train(tiny) == .finished)
        tiny.diffusion.steps = 4
        #expect(try train(tiny) == .finished)
        #expect(losses(tiny).count == 3)
    }

    @Test("A checkpoint of other networks is refused, even where every tensor would fit")
    func otherNetworks() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.autoencoder.steps = 2
        tiny.diffusion.steps = 2
        _ = try train(tiny)
        let path = try #require(try checkpoints(tiny, "diffusion").last)
        func refused(
            _ key: String, _ found: String, _ wanted: String, _ change: (inout TrainingConfiguration) -> Void
        ) {
            var other = tiny
            change(&other)
            #expect(
                throws: CheckpointError(path: path, key: key, found: found, wanted: wanted)
            ) { try train(other) }
        }
        refused("diffusion.heads", "[2, 2]", "[4, 2]") { $0.diffusion.heads = [4, 2] }
        refused("diffusion.prediction", "epsilon", "v_prediction") { $0.diffusion.prediction = .velocity }
        refused("diffusion.channels", "[8, 16]", "[8, 8]") { $0.diffusion.channels = [8, 8] }
        #expect(
            "\(CheckpointError(path: "w/x", key: "seed", found: "1", wanted: "2"))"
                == "w/x was made with another seed: 1, not 2; choose another work folder, or delete it to start again"
        )
    }

    @Test("A checkpoint that names fewer settings, as older versions wrote, is taken up")
    func olderCheckpoint() throws {
        let scratch = try Scratch()
        let parameter = Tensor([1, 2] as [Float]).requiringGradient
        func parameters(_ value: Tensor) -> ParameterSet {
            ParameterSet(
                names: ["unet/a"], working: [value], masters: [value], weightDecay: 0, averageDecay: 0.9)
        }
        let checkpoints = Checkpoints(folder: scratch.path, stage: "diffusion")
        let old = Checkpoints.Position(step: 7, seconds: 1, smoothedLoss: 0.5, settings: ["seed": "1"])
        _ = try checkpoints.save(parameters(parameter), at: old)
        let fresh = Tensor([0, 0] as [Float]).requiringGradient
        let found = try checkpoints.restore(
            parameters(fresh), settings: ["seed": "1", "diffusion.heads": "[2]"])
        #expect(found == old)
        #expect(fresh.floats == [1, 2])
    }

    @Test("Both losses fall on a small problem")
    func learns() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.logSteps = 10
        (tiny.autoencoder.steps, tiny.autoencoder.batch, tiny.autoencoder.learningRate) = (80, 8, 4e-3)
        (tiny.diffusion.steps, tiny.diffusion.batch, tiny.diffusion.learningRate) = (100, 16, 4e-3)
        #expect(try train(tiny) == .finished)
        let lines = ProgressLog(path: tiny.work + "/progress.jsonl").lines()
        for (stage, share) in [("autoencoder", 0.9), ("diffusion", 0.9)] {
            let curve = lines.filter { $0.stage == stage }.map(\.loss)
            let (first, last) = (try #require(curve.first), try #require(curve.last))
            #expect(last < first * share, "\(stage): \(curve)")
        }
    }

    @Test("The written folder opens, predicts what was trained, and says how it came to be")
    func exported() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.diffusion.prediction = .velocity
        tiny.samples.everySteps = 4
        #expect(try train(tiny) == .finished)
        let model = LoadedModel(folder: try ModelFolder(path: tiny.output))
        #expect(model.schedule == DenoisingLoss.schedule(.velocity))
        #expect(model.facts.imageSide == 16 && model.facts.latentChannels == 3)

        let (stage, first) = try Trainer(tiny).newest()
        try withoutGradients {
            // The folder holds 16 bits.
            func store(_ weights: [(name: String, tensor: Tensor)]) -> Weights {
                let halves = weights.map { ($0.name, $0.tensor.to(dtype: .float16).to(dtype: .float32)) }
                return WeightStore(tensors: Dictionary(uniqueKeysWithValues: halves)).weights
            }
            let unet = try UNet(store(stage.parameters.averages(of: "unet")), stage.unetConfiguration)
            let text = try TextEncoder(store(stage.parameters.averages(of: "text")), stage.textConfiguration)
            let prompt = "a red apple on a wooden table"
            let embedding = text(stage.tokens.tensor([prompt], device: .cpu)).lastHiddenState
            #expect(relativeError(try model.embed(prompt).embedding, embedding) < 1e-6)
            let (latent, time) = (RandomGenerator(seed: 3).normal([1, 3, 8, 8]), Tensor([400] as [Int64]))
            let wanted = unet(latent, timesteps: time, context: PromptContext(embedding: embedding))
            let found = try model.predict(
                latent, timesteps: time, context: try model.context(of: embedding), plans: [])
            #expect(relativeError(found, wanted) < 1e-5)
            let network = try Autoencoder(store(first.weights), first.network.configuration)
            let image = RandomGenerator(seed: 4).uniform([1, 3, 16, 16]) * 2 - 1
            #expect(
                relativeError(
                    try model.encode(image).mean,
                    network.encode(image).mean * stage.measures.scalingFactor) < 1e-5)
        }

        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let record = try decoder.decode(
            TrainingRecord.self, from: Data(contentsOf: URL(fileURLWithPath: tiny.output + "/training.json")))
        #expect(record.configuration.diffusion == tiny.diffusion && record.configuration.work.isEmpty)
        #expect(record.steps == ["autoencoder": 6, "diffusion": 6])
        #expect(record.picturesSeen == ["autoencoder": 24, "diffusion": 24])
        #expect(record.parameters["unet", default: 0] > record.parameters["vae", default: 0])
        // Six steps in, not far from saying nothing: no velocity means noise that is ᾱ off in the mean square.
        #expect(record.heldOutError.map { 0.2 < $0 && $0 < 0.35 } == true)
        #expect(record.curve.count == 6 && record.reconstruction > 0)
        #expect(record.machine["threads"] == "1" && record.libraries["libtorch"]?.isEmpty == false)
        let sheets = try FileManager.default.contentsOfDirectory(atPath: tiny.work + "/samples").sorted()
        #expect(
            sheets.map { ($0 as NSString).deletingPathExtension } == [
                "autoencoder-4", "autoencoder-6", "diffusion-4", "diffusion-6",
            ])
    }

    @Test("Samples are what one batch of all prompts through the averaged networks gives")
    func samples() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        (tiny.samples.guidance, tiny.samples.ddimSteps) = (3, 4)
        #expect(try train(tiny) == .finished)
        let stage = try Trainer(tiny).newest().0
        let prompts = tiny.samples.prompts
        try withoutGradients {
            let model = try stage.averagedModel()
            let session = DiffusionSession(model: model)
            let found = try stage.sampled(prompts, by: session)
            // All prompts with and without guidance in each pass.
            #expect(session.spent.forwards == 4 * 2 * prompts.count)
            #expect(model.facts.fingerprint == (try stage.averagedModel().facts.fingerprint))

            let (unet, text) = try stage.averaged()
            func context(_ texts: [String]) -> PromptContext {
                unet.context(text(stage.tokens.tensor(texts, device: .cpu)).lastHiddenState)
            }
            let both = PromptContext.concatenated([context(prompts.map { _ in "" }), context(prompts)])
            let levels = try model.schedule.levels(steps: 4)
            var latents = RandomGenerator(seed: stage.randomness.seed(.samples, 0)).normal([2, 3, 8, 8])
            for k in [4, 3, 2, 1] {
                let times = Tensor([Int64](repeating: Int64(levels[k].timestep), count: 4))
                let answers = unet(.concatenated([latents, latents]), timesteps: times, context: both)
                let noises = answers.chunks(2, along: 0)
                let noise = noises[0] + (noises[1] - noises[0]) * 3
                latents = DDIM.step(latents, noise, from: levels[k], to: levels[k - 1])
            }
            let wanted = stage.autoencoder.decode(latents / stage.measures.scalingFactor)
            for (found, wanted) in zip(found, wanted.separateRows) {
                // Half a byte for the rounding of an image.
                #expect((found.tensor() - wanted.clamped(-1, 1)).absolute.amax().item < 0.51 / 127.5)
            }
        }
    }

    @Test("A model on a finished autoencoder tells how that one was trained")
    func reusedAutoencoder() throws {
        let scratch = try Scratch()
        let first = TrainingConfiguration.tiny(in: scratch.path + "/first")
        #expect(try Trainer(first).run() == .finished)
        var second = TrainingConfiguration.tiny(in: scratch.path + "/second")
        second.autoencoder.reuse = first.output + "/vae"
        second.autoencoder.steps = 1000
        #expect(try Trainer(second).run() == .finished)
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        func record(_ configuration: TrainingConfiguration) throws -> TrainingRecord {
            let file = URL(fileURLWithPath: configuration.output + "/training.json")
            return try decoder.decode(TrainingRecord.self, from: Data(contentsOf: file))
        }
        let (one, two) = (try record(first), try record(second))
        #expect(two.steps == ["autoencoder": 6, "diffusion": 6])
        #expect(two.configuration.autoencoder.steps == 6 && two.configuration.autoencoder.reuse == "vae")
        #expect(two.loss["autoencoder"] == one.loss["autoencoder"])
        // Noise is predicted, and saying nothing is off by the noise itself.
        #expect(one.heldOutError.map { 0.8 < $0 && $0 < 1.2 } == true)
        // Folders hold 16-bit numbers.
        #expect(abs(two.reconstruction - one.reconstruction) < 0.01)
    }

    @Test("A model that begins as another one tells of all that was learned before")
    func before() throws {
        let scratch = try Scratch()
        var last = TrainingConfiguration.tiny(in: scratch.path + "/0")
        #expect(try Trainer(last).run() == .finished)
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        var records: [TrainingRecord] = []
        for place in 0...2 {
            let file = URL(fileURLWithPath: last.output + "/training.json")
            records.append(try decoder.decode(TrainingRecord.self, from: Data(contentsOf: file)))
            guard place < 2 else { break }
            if place == 0 {
                var fields = try #require(
                    JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
                fields["configuration"] = [String: String]()
                try JSONSerialization.data(withJSONObject: fields).write(to: file)
            }
            var next = TrainingConfiguration.tiny(in: scratch.path + "/\(place + 1)")
            (next.autoencoder.reuse, next.diffusion.start) = (last.output + "/vae", last.output)
            #expect(try Trainer(next).run() == .finished)
            last = next
        }
        // The wrong ones: only the model before, not those before it; and a record whose configuration is an older one's,
        // as the first model's is now, counted as none.
        #expect(records.map(\.before?.picturesSeen) == [nil, 24, 48])
        #expect(records[2].before?.date == records[1].date)
        let seconds = records.dropLast().compactMap { $0.seconds["diffusion"] }
        #expect(records[2].before?.seconds == seconds[0] + seconds[1])
    }

    @Test("A text encoder that is taken from a CLIP pair stays as it was, and its tokenizer comes along")
    func frozenText() throws {
        let scratch = try Scratch()
        var tiny = TrainingConfiguration.tiny(in: scratch.path)
        tiny.diffusion.frozenText = Fixtures.package + "/Models/still-life-clip"
        (tiny.diffusion.textLayers, tiny.diffusion.textWidth, tiny.diffusion.textHeads) = (3, 128, 4)
        tiny.diffusion.contextLength = 32
        #expect(try Trainer(tiny).run() == .finished)
        let model = LoadedModel(folder: try ModelFolder(path: tiny.output))
        let pair = try SafetensorsFile(path: tiny.diffusion.frozenText + "/model.safetensors")
        let written = try SafetensorsFile(path: tiny.output + "/text_encoder/model.safetensors")
        let name = "text_model.encoder.layers.2.mlp.fc2.weight"
        #expect(try written.tensor(name).isEqual(to: pair.tensor(name)))
        #expect(try model.embed("a red apple").embedding.isFinite)
        tiny.diffusion.start = tiny.output
        #expect(throws: TrainingError.self) { try Trainer(tiny) }
    }

    @Test("Without a checkpoint of the second stage there is nothing to write")
    func nothingToExport() throws {
        let scratch = try Scratch()
        let trainer = try Trainer(.tiny(in: scratch.path))
        #expect(throws: TrainingError.self) { try trainer.export() }
    }

    @Test("Curves are thinned to 200 points in all, the last of each stage among them")
    func thinned() {
        for count in [1, 99, 100, 101, 199, 201, 1000, 4567] {
            let line = { (stage: String, step: Int) in
                TrainingProgress(
                    stage: stage, step: step, steps: count, loss: 0, smoothedLoss: 0, learningRate: 0,
                    picturesPerSecond: 0, seconds: 0, secondsLeft: 0)
            }
            let all = ["autoencoder", "diffusion"].flatMap { stage in (1...count).map { line(stage, $0) } }
            let few = TrainingRecord.thinned(all)
            #expect(few.count <= 200 && few.count >= min(2 * count, 100))
            #expect(few.last == line("diffusion", count) && few.contains(line("autoencoder", count)))
        }
    }

    @Test(
        "An autoencoder with more latent channels begins as its predecessor was, in the channels that one had"
    )
    func grownAutoencoder() throws {
        let scratch = try Scratch()
        let first = TrainingConfiguration.tiny(in: scratch.path)
        #expect(try train(first) == .finished)
        var second = first
        (second.output, second.work) = (scratch.path + "/second", scratch.path + "/second-work")
        (second.seed, second.autoencoder.steps, second.diffusion.steps) = (9, 0, 0)
        second.autoencoder.start = first.output + "/vae"
        second.autoencoder.latentChannels = first.autoencoder.latentChannels + 3
        #expect(try train(second) == .finished)

        let (had, has) = (first.autoencoder.latentChannels, second.autoencoder.latentChannels)
        func file(_ folder: String) throws -> SafetensorsFile {
            try SafetensorsFile(path: folder + "/vae/diffusion_pytorch_model.safetensors")
        }
        let (old, new) = (try file(first.output), try file(second.output))
        // Means and log variances grow each by itself: channel c's log variance is the one that followed its mean.
        for (name, dimensions) in [
            ("quant_conv.weight", [0, 1]), ("quant_conv.bias", [0]), ("encoder.conv_out.weight", [0]),
        ] {
            let (before, after) = (try old.tensor(name), try new.tensor(name))
            for halves in dimensions.count == 2 ? [(0, 0), (0, 1), (1, 0), (1, 1)] : [(0, 0), (1, 0)] {
                var (own, grown) = (before, after)
                for (dimension, half) in zip(dimensions, [halves.0, halves.1]) {
                    own = own.narrowed(dimension, from: half * had, count: had)
                    grown = grown.narrowed(dimension, from: half * has, count: had)
                }
                #expect(own.isEqual(to: grown), "\(name)")
            }
        }
        for (name, dimensions) in [("post_quant_conv.weight", [0, 1]), ("decoder.conv_in.weight", [1])] {
            let grown = dimensions.reduce(try new.tensor(name)) { $0.narrowed($1, from: 0, count: had) }
            #expect(try old.tensor(name).isEqual(to: grown), "\(name)")
        }
        #expect(try old.tensor("decoder.conv_out.weight").isEqual(to: new.tensor("decoder.conv_out.weight")))
        // Channels that are new have values of their own.
        let fresh = try new.tensor("decoder.conv_in.weight").narrowed(1, from: had, count: has - had)
        #expect(fresh.squared.mean.scalars(as: Double.self)[0] > 0)
    }

    @Test("A model begins from another's words and weights, and what it has more of says nothing at first")
    func startingPoint() throws {
        let scratch = try Scratch()
        var first = TrainingConfiguration.tiny(in: scratch.path)
        #expect(try train(first) == .finished)
        var second = first
        second.output = scratch.path + "/second"
        second.work = scratch.path + "/second-work"
        (second.seed, second.autoencoder.latentChannels, second.diffusion.start) = (9, 5, first.output)
        (second.diffusion.steps, second.diffusion.averageDecay) = (0, 0)
        #expect(try train(second) == .finished)
        func tensors(_ folder: String, _ part: String) throws -> SafetensorsFile {
            try SafetensorsFile(path: "\(folder)/\(part).safetensors")
        }
        for part in ["text_encoder/model", "unet/diffusion_pytorch_model"] {
            let (old, new) = (try tensors(first.output, part), try tensors(second.output, part))
            for name in new.names {
                let (before, after) = (try old.tensor(name), try new.tensor(name))
                let dimension = ["conv_in.weight": 1, "conv_out.weight": 0, "conv_out.bias": 0][name]
                guard let dimension else {
                    #expect(before.isEqual(to: after), "\(name)")
                    continue
                }
                let (had, has) = (before.shape[dimension], after.shape[dimension])
                #expect(had < has)
                #expect(before.isEqual(to: after.narrowed(dimension, from: 0, count: had)), "\(name)")
                let more = after.narrowed(dimension, from: had, count: has - had)
                #expect(more.isEqual(to: more.zerosLike), "\(name)")
            }
        }
        for file in ["vocab.json", "merges.txt"] {
            #expect(
                FileManager.default.contents(atPath: "\(first.output)/tokenizer/\(file)")
                    == FileManager.default.contents(atPath: "\(second.output)/tokenizer/\(file)"))
        }
        first.diffusion.start = scratch.path + "/nowhere"
        first.work = scratch.path + "/third-work"
        #expect(throws: (any Error).self) { try train(first) }
    }
}
