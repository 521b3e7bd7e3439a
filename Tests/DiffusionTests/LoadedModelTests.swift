import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@testable import Diffusion

@Suite struct LoadedModelTests {
    func model(_ name: String) throws -> LoadedModel {
        LoadedModel(folder: try ModelFolder(path: Fixtures.model(name)))
    }

    @Test("Every tiny model of the fixtures opens and predicts", arguments: Fixtures.models)
    func opens(name: String) throws {
        try withoutGradients {
            let model = try model(name)
            let session = DiffusionSession(model: model)
            let facts = model.facts
            #expect(facts.fingerprint.count == 16)
            let level = try model.schedule.levels(steps: 5)[3]
            let latent = RandomGenerator(seed: 1).normal([1, facts.latentChannels, 8, 8])
            let extra = facts.inputChannels - facts.latentChannels
            let query = Query(
                latent, at: level, prompt: try session.prompt("a red apple"),
                extra: extra > 0 ? .zeros([1, extra, 8, 8]) : nil)
            let noise = try session.predict([query])[0]
            #expect(noise.shape == latent.shape)
            #expect(noise.isFinite)
        }
    }

    @Test(
        "Inversion and sampling agree with diffusers' two schedulers",
        arguments: ["tiny-sd1", "tiny-sd2"], [20, 50])
    func walks(name: String, steps: Int) throws {
        try withoutGradients {
            let expected = try Fixtures.expected(name)
            let session = DiffusionSession(model: try model(name))
            let levels = try session.schedule.levels(steps: steps)
            let latent = try expected.tensor("ddim.latent")
            let prompt = Conditioning(embedding: try expected.tensor("ddim.encoder_hidden_states"))
            let up = try session.invert(latent, through: levels, to: steps, prompt: prompt)
            #expect(
                relativeError(.stacked(up), try expected.tensor("ddim-invert-\(steps).levels")) < 1e-4)
            var down = [latent]
            _ = try session.sample(latent, from: steps, of: levels, prompt: prompt) { _, latent in
                down.append(latent)
                return latent
            }
            #expect(
                relativeError(.stacked(down), try expected.tensor("ddim-sample-\(steps).levels")) < 1e-4)
        }
    }

    @Test("Rows that are shared out among threads answer as one pass does", arguments: [2, 3, 7])
    func rowsSideBySide(threads: Int) throws {
        try withoutGradients {
            let folder = try ModelFolder(path: Fixtures.model("tiny-sd1"))
            let (one, shared) = (
                LoadedModel(folder: folder), LoadedModel(folder: folder, rowThreads: threads)
            )
            let level = try one.schedule.levels(steps: 5)[3]
            let random = RandomGenerator(seed: 1)
            let latents = (0..<5).map { _ in random.normal([1, 4, 8, 8]) }
            func answers(_ model: LoadedModel) throws -> [Tensor] {
                let session = DiffusionSession(model: model)
                let prompts = try ["a red apple", ""].map { try session.prompt($0) }
                return try session.predict(
                    latents.enumerated().map { Query($1, at: level, prompt: prompts[$0 % 2]) })
            }
            for (one, shared) in try zip(answers(one), answers(shared)) {
                #expect(relativeError(shared, one) < 1e-5)
            }
        }
    }

    @Test("Timesteps of every spacing are those of diffusers")
    func timesteps() throws {
        let file = try Fixtures.tensors("schedules.safetensors")
        let betas = NoiseSchedule.betas(.linear, from: 0.0001, to: 0.02, count: 1000)
        for spacing in [NoiseSchedule.Spacing.leading, .trailing, .linspace] {
            for offset in [0, 1] {
                for steps in [20, 50, 60] {
                    let schedule = NoiseSchedule(betas: betas, spacing: spacing, offset: offset)
                    let name = "timesteps.\(spacing.rawValue).offset\(offset).steps\(steps)"
                    let expected = try file.tensor(name).scalars(as: Int64.self).map(Int.init)
                    #expect(
                        try schedule.levels(steps: steps).dropFirst().map(\.timestep).reversed() == expected)
                }
            }
        }
        for growth in [NoiseSchedule.Growth.linear, .scaledLinear, .squaredCosine] {
            let start = growth == .scaledLinear ? 0.00085 : 0.0001
            let end = growth == .scaledLinear ? 0.012 : 0.02
            let betas = NoiseSchedule.betas(growth, from: start, to: end, count: 1000)
            let expected = try file.tensor("alphas_cumprod.\(growth.rawValue)")
            #expect(relativeError(Tensor(NoiseSchedule(betas: betas).alphaBars), expected) < 1e-12)
            let scaled = NoiseSchedule(betas: betas, zeroTerminal: true).alphaBars
            let expectedScaled = try file.tensor("alphas_cumprod.\(growth.rawValue).zero_snr.float32")
            #expect(relativeError(Tensor(scaled), expectedScaled) < 1e-5)
        }
    }

    @Test("Rows with plans in one pass are answered as one by one, whatever the batch")
    func plans() throws {
        try withoutGradients {
            let model = try model("tiny-sd1")
            let maps = try model.unet().sites.filter(\.isCrossAttentionMap)
            func run(rows: Int) throws -> [Tensor] {
                let session = DiffusionSession(model: model, limits: BatchLimits(rows: rows))
                let level = try model.schedule.levels(steps: 5)[3]
                let source = Recording(maps)
                let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
                let other = RandomGenerator(seed: 2).normal([1, 4, 8, 8])
                return try session.predict([
                    Query(
                        latent, at: level, prompt: session.prompt("a red apple"),
                        plan: .recording(into: source)),
                    Query(other, at: level, prompt: session.prompt("a pear")),
                    Query(
                        other, at: level, prompt: session.prompt("a pear"),
                        plan: .editing(maps) { site, _ in source[site] }),
                ])
            }
            let together = try run(rows: 8)
            for (one, other) in zip(together, try run(rows: 1)) { #expect(relativeError(one, other) < 1e-5) }
            #expect(relativeError(together[1], together[2]) > 1e-4)
        }
    }
}

@Suite struct ModelFolderTests {
    /// A copy of a tiny model that a test may spoil.
    func copy(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/model-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: Fixtures.model("tiny-sd1"), toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test(
        "A missing file is named",
        arguments: [
            "model_index.json", "scheduler/scheduler_config.json", "unet/config.json", "vae/config.json",
            "text_encoder/config.json", "unet/diffusion_pytorch_model.safetensors",
        ])
    func missing(file: String) throws {
        try copy { folder in
            try FileManager.default.removeItem(atPath: folder + "/" + file)
            let error = #expect(throws: DiffusionError.self) { try ModelFolder(path: folder) }
            #expect(error?.isMissingFile == true)
            #expect(error?.description.contains(folder + "/" + file) == true)
        }
    }

    @Test("A pickle is refused and never opened")
    func pickle() throws {
        try copy { folder in
            let weights = folder + "/unet/diffusion_pytorch_model"
            try FileManager.default.moveItem(atPath: weights + ".safetensors", toPath: weights + ".bin")
            #expect(throws: DiffusionError.pickledWeights(path: weights + ".bin")) {
                try ModelFolder(path: folder)
            }
        }
    }

    @Test("A class that is not known is named, and so is a folder that is none")
    func strangers() throws {
        try copy { folder in
            let path = folder + "/model_index.json"
            let index = try String(contentsOfFile: path, encoding: .utf8)
            try index.replacingOccurrences(of: "UNet2DConditionModel", with: "FluxTransformer2DModel")
                .write(toFile: path, atomically: true, encoding: .utf8)
            #expect(
                throws: DiffusionError.unsupportedClass(
                    path: path, component: "unet", className: "FluxTransformer2DModel")
            ) { try ModelFolder(path: folder) }
            try "[".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(throws: DiffusionError.malformedFile(path: path, reason: "not a JSON object")) {
                try ModelFolder(path: folder)
            }
            #expect(throws: DiffusionError.self) { try ModelFolder(path: path) }
        }
        #expect(throws: DiffusionError.missingFile(path: "/no/model", purpose: "the model folder")) {
            try ModelFolder(path: "/no/model")
        }
    }

    /// Changes a key of one of the folder's files.
    private func set(_ key: String, _ value: String, in file: String) throws {
        var text = try String(contentsOfFile: file, encoding: .utf8)
        text = try text.replacing(Regex("\"\(key)\": [^,\n}]+"), with: "\"\(key)\": \(value)")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
    }

    @Test("Outdated settings are corrected, and an engine tells so before its first job alone")
    func outdated() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/model-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: Fixtures.model("tiny-sd1"), toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (scheduler, unet) = (folder + "/scheduler/scheduler_config.json", folder + "/unet/config.json")
        try set("steps_offset", "0", in: scheduler)
        try set("_diffusers_version", "\"0.8.1\"", in: unet)
        let model = try ModelFolder(path: folder)
        let notices = [
            "\(scheduler): steps_offset is 0; 1 is used, as diffusers' Stable Diffusion pipelines do",
            "\(unet): sample_size is 8 in a file of a diffusers older than 0.9; 64 is used, as its Stable "
                + "Diffusion pipelines do",
        ]
        #expect(model.notices == notices)
        #expect(model.schedule.offset == 1)
        #expect(model.unet.sampleSize == 64)
        let engine = Engine(folder: model)
        for expected in [notices, []] {
            var told: [String] = []
            let kept = try await engine.result(
                notify: { if case .warning(let text) = $0 { told.append(text) } }, of: { $0.warnings })
            #expect(told == expected)
            #expect(kept == expected)
        }
        #expect(try ModelFolder(path: Fixtures.model("tiny-sd1")).notices == [])
    }

    @Test(
        "Weights that are no numbers are named by part and tensor in the first pass",
        arguments: ["unet", "text_encoder"])
    func brokenWeights(part: String) throws {
        try copy { folder in
            let name = part == "unet" ? "diffusion_pytorch_model" : "model"
            let path = "\(folder)/\(part)/\(name).safetensors"
            let file = try SafetensorsFile(path: path)
            let broken = part == "unet" ? "conv_out.bias" : "text_model.final_layer_norm.weight"
            let tensors = try file.names.map {
                ($0, $0 == broken ? try file.tensor($0) * Double.nan : try file.tensor($0).copied)
            }
            try Safetensors.write(tensors, to: path)
            let session = DiffusionSession(model: LoadedModel(folder: try ModelFolder(path: folder)))
            let latent = Tensor.zeros([1, 4, 8, 8])
            let error = #expect(throws: DiffusionError.self) {
                try withoutGradients {
                    try session.noise(
                        in: latent, at: session.schedule.levels(steps: 5)[3],
                        prompt: session.prompt("a red apple"))
                }
            }
            #expect(error == .brokenWeights(part: "\(folder)/\(part)", tensor: broken))
            #expect(
                error?.description
                    == "\(folder)/\(part): the weights are broken: \(broken) holds values that are not numbers; "
                    + "fetch them again")
        }
    }

    @Test("float32 is advised only where something narrower is in use")
    func adviceOfNarrowTypes() {
        #expect(
            DiffusionError.notFinite(stage: "painting", dtype: .float16).description
                == "the network answered values that are not numbers while painting; try float32")
        #expect(
            DiffusionError.notFinite(stage: "painting", dtype: .float32).description
                == "the network answered values that are not numbers while painting, though its weights are "
                + "numbers; try another guidance, strength or seed")
    }

    @Test("The fingerprint follows the weights and not the place")
    func fingerprint() throws {
        let original = try Fingerprint.of(folder: Fixtures.model("tiny-sd1"))
        try copy { folder in
            #expect(try Fingerprint.of(folder: folder) == original)
            let path = folder + "/unet/diffusion_pytorch_model.safetensors"
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
            // What is no part of the model may come and go.
            try Data("{}".utf8).write(to: URL(fileURLWithPath: folder + "/training.json"))
            #expect(try Fingerprint.of(folder: folder) == original)
            bytes[60000] ^= 1
            try bytes.write(to: URL(fileURLWithPath: path))
            #expect(try Fingerprint.of(folder: folder) != original)
        }
    }

    @Test("A folder that is reached by a link, or has linked parts, has the same fingerprint")
    func linkedFolders() throws {
        let original = Fixtures.model("tiny-sd1")
        let wanted = try Fingerprint.of(folder: original)
        let manager = FileManager.default
        let place = manager.temporaryDirectory.path + "/links-\(UUID().uuidString)"
        try manager.createDirectory(atPath: place + "/parts", withIntermediateDirectories: true)
        defer { try? manager.removeItem(atPath: place) }
        try manager.createSymbolicLink(atPath: place + "/whole", withDestinationPath: original)
        for part in try manager.contentsOfDirectory(atPath: original) {
            try manager.createSymbolicLink(
                atPath: "\(place)/parts/\(part)", withDestinationPath: "\(original)/\(part)")
        }
        #expect(try Fingerprint.of(folder: place + "/whole") == wanted)
        #expect(try Fingerprint.of(folder: place + "/parts") == wanted)
    }

    @Test("A file that cannot be read is named instead of being left out of the fingerprint")
    func unreadableFile() throws {
        try copy { folder in
            let path = folder + "/unet/other.safetensors"
            try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: folder + "/gone")
            let error = #expect(throws: DiffusionError.self) { try ModelFolder(path: folder) }
            #expect(
                error?.description
                    == "\(path): the file cannot be read; is the model folder complete?")
            try FileManager.default.removeItem(atPath: path)
            #expect(try ModelFolder(path: folder).fingerprint == Fingerprint.of(folder: folder))
        }
        let error = #expect(throws: DiffusionError.self) { try Fingerprint.of(folder: "/no/model") }
        #expect(error?.description == "/no/model: the folder holds no part of a model")
    }

    @Test("The fingerprint of the same files stays the same from version to version")
    func stableFingerprint() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("unet"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(#"{"a": 1}"#.utf8).write(to: folder.appendingPathComponent("model_index.json"))
        try Data("not part of it".utf8).write(to: folder.appendingPathComponent("README.md"))
        // Python's hashlib, fed as the documentation of `Fingerprint` says, gives these: of the folder with a
        // file of weights that is read whole, and with one that is sampled.
        for (count, expected) in [(1000, "8bdaaa1f421b00a0"), (400_000, "c664893d77e10cc2")] {
            let bytes = (0..<count).map { (place: Int) -> UInt8 in UInt8((place * 31 + place / 256) % 251) }
            try Data(bytes).write(to: folder.appendingPathComponent("unet/weights.safetensors"))
            #expect(try Fingerprint.of(folder: folder.path) == expected)
        }
    }

    @Test("A device that is not there is an error with a way out")
    func devices() throws {
        #expect(try Device.named("cpu") == .cpu)
        #expect(throws: DiffusionError.deviceUnavailable(name: "cuda:99")) { try Device.named("cuda:99") }
        #expect(throws: DiffusionError.deviceUnavailable(name: "tpu")) { try Device.named("tpu") }
        #expect(try [Device.cpu, .cuda(0)].contains(Device.named("auto")))
    }
}
