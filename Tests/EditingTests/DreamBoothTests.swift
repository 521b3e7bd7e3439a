import Diffusion
import Foundation
import Imaging
import Layers
import Synchronization
import Tensors
import TestSupport
import Testing

@testable import Editing

/// DreamBooth's loss, steps and files, on tiny random networks.
@Suite struct DreamBoothTests {
    static let images = (0..<3).map { EditTests.image(40 + 8 * $0, 40) }

    /// Three pictures, four steps, two pictures of the class.
    static func request(_ trainable: Trainable = .lora, prior: Bool = true) -> DreamBoothRequest {
        var request = DreamBoothRequest(
            images.map { .init(image: $0, prompt: "a photo of sks mug") }, trainable: trainable,
            prior: prior ? .init(prompt: "a photo of a mug", preset: .fast) : nil)
        request.prior?.count = 2
        request.prior?.steps = 2
        (request.rank, request.steps, request.learningRate) = (2, 4, 1e-2)
        return request
    }

    static func session(calls: Int = .max) throws -> DiffusionSession {
        let asked = Mutex(0)
        return DiffusionSession(
            model: try tinyModel(),
            isCancelled: {
                asked.withLock {
                    $0 += 1
                    return $0 > calls
                }
            })
    }

    static func tensors(_ path: String) throws -> [String: Tensor] {
        let file = try SafetensorsFile(path: path)
        return Dictionary(uniqueKeysWithValues: try file.names.map { ($0, try file.tensor($0)) })
    }

    /// Against peft, by `Scripts/fixtures/make_tuning.py`.
    ///
    /// What fails: timesteps drawn before noises, or one for both rows;
    /// a mean over both rows in place of their weighted sum; no weight decay; gradients that are not shortened; a scale of
    /// 1 in place of α/r; names that diffusers does not write.
    @Test(
        "Steps on adapters lead where peft's lead, under the names that diffusers saves",
        arguments: ["tiny-sd1", "tiny-sd2"])
    func parity(model: String) throws {
        let expected = try Fixtures.tensors("tuning.safetensors")
        let prefix = "\(model).dreambooth."
        let base = try tinyModel(model)
        let session = DiffusionSession(model: base)
        let example = DreamBooth.Example(
            clean: try expected.tensor("\(model).clean"), prompt: try session.prompt("a photo of sks mug"))
        let whole = DreamBooth.Example(
            clean: try expected.tensor(prefix + "prior"), prompt: try session.prompt("a photo of a mug"))
        for (steps, key) in [(1, "first:"), (3, "third:")] {
            var request = Self.request()
            (request.alpha, request.steps, request.learningRate, request.seed) = (4, steps, 1e-3, 7)
            request.prior?.weight = 0.7
            let training = DreamBooth(request: request, base: base, examples: [example], prior: [whole])
            let leaves = try base.unetTensors().flatMap { name, _ -> [(name: String, tensor: Tensor)] in
                let module = prefix + "initial:unet." + name.dropLast(".weight".count)
                guard expected.entry(module + ".lora_A.weight") != nil else { return [] }
                return try [("down:", ".lora_A.weight"), ("up:", ".lora_B.weight")].map {
                    ($0 + name, try expected.tensor(module + $1).copied.requiringGradient)
                }
            }
            let weights = try TunableWeights(leaves, of: base, scale: request.scale)
            let losses = try training.run(weights, in: session)
            let wanted = try expected.tensor(prefix + "losses").narrowed(0, from: 0, count: steps)
            #expect(relativeError(Tensor(losses), wanted) < 1e-4)
            let (tensors, _) = try training.file(of: Tuned(tensors: weights.values))
            let names = expected.names.filter { $0.hasPrefix(prefix + key) }
            #expect(Set(tensors.map { prefix + key + $0.name }) == Set(names) && tensors.count > 20)
            for (name, tensor) in tensors {
                let error = relativeError(tensor, try expected.tensor(prefix + key + name))
                #expect(error < (steps == 1 ? 1e-4 : 1e-3), "\(name)")
            }
        }
    }

    @Test("A file changes a model as what was tuned did, at any strength", arguments: Trainable.allCases)
    func file(trainable: Trainable) throws {
        let folder = try Folder()
        let path = folder["a.safetensors"]
        var request = Self.request(trainable)
        request.alpha = trainable == .lora ? 1 : nil
        let (kept, session) = (TuningTests.Kept(), try Self.session())
        let record = try session.tune(request, cache: kept.cache, to: path)
        #expect(record.isForAnyMethod && record.images == 3 && record.image == nil)
        #expect(record.prompt == "a photo of sks mug" && record.prior == "a photo of a mug")
        #expect(record.losses["lora"]?.count == 4 && record.settings["trainable"] == trainable.rawValue)
        // Two pictures of two steps under guidance, then four steps of two rows.
        #expect(record.cost.forwards == 2 * 2 * 2 + 8 && record.cost.backwards == 8)
        let base = try tinyModel()
        let plain = try AdapterTests.predict(base)
        func predicted(_ strength: Double) throws -> Tensor {
            try AdapterTests.predict(base.changed(by: [.init(path: path, strength: .init(unet: strength))]))
        }
        let values = try Self.tensors(path)
        let tuned: Tensor
        if trainable == .lora {
            #expect(values.count == (try TunableWeights.shapes(.lora, of: base, rank: 2)).count)
            let adapters = try base.unetTensors().compactMap { name, _ -> (String, LowRankAdapter)? in
                let module = "unet." + name.dropLast(".weight".count)
                guard let down = values[module + ".lora_A.weight"], let up = values[module + ".lora_B.weight"]
                else { return nil }
                return (name, LowRankAdapter(down: down, up: up, scale: 0.5))
            }
            tuned = try AdapterTests.predict(base.adapted(unet: Dictionary(uniqueKeysWithValues: adapters)))
            let told = try SafetensorsFile(path: path).metadata["lora_adapter_metadata"]
            #expect(
                told
                    == "{\"unet.bias\":\"none\",\"unet.init_lora_weights\":\"gaussian\",\"unet.lora_alpha\":1,"
                    + "\"unet.lora_dropout\":0,\"unet.r\":2,\"unet.target_modules\":[\"to_k\",\"to_out.0\",\"to_q\","
                    + "\"to_v\"]}")
        } else {
            let deltas = try base.unetTensors().compactMap { name, _ -> (String, Tensor)? in
                let (module, kind) =
                    name.hasSuffix(".bias") ? (name.dropLast(5), ".diff_b") : (name.dropLast(7), ".diff")
                return values["unet." + module + kind].map { (name, $0) }
            }
            #expect(deltas.count == values.count)
            tuned = try AdapterTests.predict(
                base.overlaid(unet: [.adding(Dictionary(uniqueKeysWithValues: deltas))]))
        }
        #expect(relativeError(try predicted(1), tuned) < 1e-4)
        #expect(relativeError(tuned, plain) > 1e-3)
        #expect(try predicted(0).isEqual(to: plain) && AdapterTests.predict(base).isEqual(to: plain))
    }

    @Test(
        "An interrupted run goes on to the same weights to the bit, and makes no picture of the class twice",
        arguments: [true, false])
    func resumed(prior: Bool) throws {
        let folder = try Folder()
        _ = try Self.session().tune(Self.request(prior: prior), to: folder["a.safetensors"])
        let whole = try Self.tensors(folder["a.safetensors"])
        var spent: Set<Int> = []
        for calls in stride(from: 6, through: prior ? 14 : 10, by: 2) {
            let kept = TuningTests.Kept()
            #expect(throws: CancellationError.self) {
                _ = try Self.session(calls: calls).tune(
                    Self.request(prior: prior), cache: kept.cache, to: folder["b.safetensors"])
            }
            #expect(folder.names == ["a.safetensors"])
            let session = try Self.session()
            _ = try session.tune(
                Self.request(prior: prior), cache: kept.cache, to: folder["b.safetensors"])
            spent.insert(session.spent.backwards)
            let found = try Self.tensors(folder["b.safetensors"])
            #expect(found.count == whole.count)
            for (name, tensor) in whole { #expect(found[name]?.isEqual(to: tensor) == true, "\(name)") }
            #expect(!kept.names.contains { $0.hasPrefix("tuning/") })
            // Kept as a whole now: nothing is spent on a file of the same.
            let again = try Self.session()
            _ = try again.tune(Self.request(prior: prior), cache: kept.cache, to: folder["b.safetensors"])
            #expect(again.spent.forwards == 0 && again.spent.backwards == 0)
            try FileManager.default.removeItem(atPath: folder["b.safetensors"])
        }
        // Some went on in the middle of the steps.
        #expect(spent.count > 2)
    }

    /// Threads that take a row each record no gradients.
    @Test("Both rows of a step count where rows are shared out among threads", arguments: Trainable.allCases)
    func threads(trainable: Trainable) throws {
        var losses: [[Float]] = []
        for threads in 1...2 {
            let folder = try ModelFolder(path: Fixtures.model("tiny-sd1"))
            let session = DiffusionSession(model: LoadedModel(folder: folder, rowThreads: threads))
            let path = try Folder()
            let record = try session.tune(Self.request(trainable), to: path["a.safetensors"])
            losses.append(try #require(record.losses["lora"]))
        }
        #expect(relativeError(Tensor(losses[1]), Tensor(losses[0])) < 1e-3)
    }

    @Test("D moves from the second step on, once U is no longer zero")
    func secondStep() throws {
        let base = try tinyModel()
        let session = DiffusionSession(model: base)
        let example = DreamBooth.Example(
            clean: RandomGenerator(seed: 1).normal([1, 4, 8, 8]), prompt: try session.prompt("a pear"))
        for steps in 1...2 {
            var request = Self.request(prior: false)
            (request.steps, request.weightDecay) = (steps, 0)
            let weights = try TunableWeights(.lora, of: base, rank: 2, seed: 0)
            let before = weights.values.mapValues(\.copied)
            _ = try DreamBooth(request: request, base: base, examples: [example], prior: []).run(
                weights, in: session)
            for (name, tensor) in weights.tensors where name.hasSuffix("to_v.weight") {
                let hasMoved = before[name].map { !$0.isEqual(to: tensor.detached) } ?? false
                #expect(hasMoved == (name.hasPrefix("up:") || steps == 2), "\(name) after \(steps)")
            }
        }
    }

    @Test("Adapters of rank 4 on Stable Diffusion 1.5 are 128 layers of 797,184 numbers")
    func count() {
        func block(_ name: String, _ width: Int) -> [(name: String, tensor: Tensor)] {
            let own = ["to_q", "to_k", "to_v", "to_out.0"].flatMap { layer in
                [("attn1.", width), ("attn2.", layer == "to_k" || layer == "to_v" ? 768 : width)].map {
                    ($0 + layer + ".weight", [width, $1])
                }
            }
            let others = [
                ("attn1.to_out.0.bias", [width]), ("norm1.weight", [width]),
                ("ff.net.2.weight", [width, 4 * width]),
            ]
            return (own + others).map {
                (name + ".transformer_blocks.0." + $0, Tensor.zeros($1.map { _ in 1 }).expanded($1))
            }
        }
        let widths = [
            ("down_blocks", [320, 640, 1280], 2), ("mid_block", [1280], 1),
            ("up_blocks", [1280, 640, 320], 3),
        ]
        let tensors = widths.flatMap { part, widths, count in
            widths.enumerated().flatMap { place, width in
                (0..<count).flatMap { block("\(part).\(place).attentions.\($0)", width) }
            }
        }
        let shapes = TunableWeights.shapes(.lora, of: tensors, rank: 4)
        #expect(shapes.count == 2 * 128)
        #expect(shapes.values.reduce(0) { $0 + $1[0] * $1[1] } == 797_184)
    }

    @Test("Every image is seen once in an epoch, in another order in the next")
    func epochs() {
        let draws = TuningDraws(seed: 3, timesteps: 1000)
        let orders = (0..<6).map { epoch in (0..<7).map { draws.place(7 * epoch + $0, of: 7) } }
        #expect(orders.allSatisfy { $0.sorted() == Array(0..<7) } && Set(orders).count == 6)
        #expect((0..<5).allSatisfy { draws.place($0, of: 1) == 0 })
    }

    @Test("What cannot be trained is refused before anything is computed")
    func refused() throws {
        func said(_ change: (inout DreamBoothRequest) -> Void) -> String {
            var request = Self.request()
            change(&request)
            do {
                try request.check()
                return "nothing"
            } catch { return "\(error)" }
        }
        #expect(said { _ in } == "nothing")
        #expect(said { $0.examples = [] } == "the number of pictures is 0; it must be at least 1")
        #expect(said { $0.rank = 0 } == "rank is 0; it must be a number from 1 to 128")
        #expect(
            said { $0.learningRate = .nan } == "learning-rate is nan; it must be a number from 0.0 to 1.0")
        #expect(said { $0.steps = 0 } == "steps-tuning is 0; it must be a number from 1 to 100000")
        #expect(said { $0.prior?.count = 0 } == "prior-pictures is 0; it must be a number from 1 to 10000")
        #expect(
            said { $0.prior?.prompt = " " }
                == "the prompt is empty; say what the picture should show after the edit")
    }
}
