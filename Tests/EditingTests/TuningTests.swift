import Diffusion
import Foundation
import Imaging
import Layers
import Synchronization
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// What holds for every method that learns from the image before it edits: what is kept, resumed and left alone.
@Suite struct TuningTests {
    /// A folder for what is kept, that goes with the test.
    final class Kept {
        let cache = InversionCache(folder: NSTemporaryDirectory() + "/tuned-\(UUID().uuidString)")
        deinit { try? FileManager.default.removeItem(atPath: cache.folder) }
        var names: [String] {
            ((try? FileManager.default.subpathsOfDirectory(atPath: cache.folder)) ?? []).filter {
                $0.hasSuffix(".safetensors")
            }
        }
    }

    /// The methods with few steps, and how many tuning steps and passes of sampling those are.
    static let methods: [(any EditingMethod.Type, [String: String], tuning: Int)] = [
        (HiPer.self, ["tuning-steps": "4"], 4),
        (
            Imagic.self,
            ["embedding-steps": "3", "model-steps": "4", "trainable": "lora", "model-rate": "0.01"], 7
        ),
        (Imagic.self, ["embedding-steps": "2", "model-steps": "2", "trainable": "attention"], 4),
        (Imagic.self, ["embedding-steps": "2", "model-steps": "2"], 4),
    ]

    /// A context of two sampling steps over a tiny model.
    /// - Parameter calls: after how many questions whether it is cancelled the answer is yes.
    static func context(
        _ kept: Kept? = nil, model: LoadedModel? = nil, seed: UInt64 = 1, prompt: String = "a green pear",
        calls: Int = .max
    ) throws -> EditContext {
        let asked = Mutex(0)
        let session = DiffusionSession(
            model: try model ?? tinyModel(),
            isCancelled: {
                asked.withLock {
                    $0 += 1
                    return $0 > calls
                }
            })
        let levels = try session.schedule.levels(steps: 2)
        var context = EditContext(
            session: session, levels: levels, startStep: 2,
            clean: RandomGenerator(seed: 99).normal([1, 4, 8, 8]) * 0.5, prompt: try session.prompt(prompt),
            source: try session.prompt("a red apple"), negative: try session.prompt(""),
            empty: try session.prompt(""), guidance: 3, mask: nil, inversion: .ddim,
            random: RandomGenerator(seed: seed))
        context.inversionSettings.cache = kept?.cache
        return context
    }

    static func edit(_ place: Int, _ context: EditContext) throws -> EditOutput {
        let (method, options, _) = methods[place]
        return try method.init(Options(options, of: method.description)).edit(context)
    }

    @Test(
        "Each tuning step costs a pass there and one back; another seed of the edit costs none",
        arguments: 0..<4)
    func kept(place: Int) throws {
        let kept = Kept()
        let first = try Self.context(kept)
        let output = try Self.edit(place, first)
        let tuning = Self.methods[place].tuning
        #expect(first.session.spent.forwards == tuning + 4 && first.session.spent.backwards == tuning)
        #expect(kept.names.count == (place == 0 ? 1 : 2))
        let second = try Self.context(kept, seed: 2)
        let other = try Self.edit(place, second)
        #expect(second.session.spent.forwards == 4 && second.session.spent.backwards == 0)
        #expect(!other.latent.isEqual(to: output.latent))
        // The same as what was just learnt, to the bit.
        #expect(try Self.edit(place, Self.context(kept)).latent.isEqual(to: output.latent))
        #expect(try Self.edit(place, Self.context()).latent.isEqual(to: output.latent))
    }

    @Test("An interrupted tuning goes on to the same result, wherever it was interrupted", arguments: 0..<4)
    func resumed(place: Int) throws {
        let whole = try Self.edit(place, Self.context()).latent
        let tuning = Self.methods[place].tuning
        // Two questions a step, of the pass there and the one back; the prompts ask too.
        for calls in stride(from: 4, to: 2 * tuning, by: 3) {
            let kept = Kept()
            #expect(throws: CancellationError.self) {
                _ = try Self.edit(place, Self.context(kept, calls: calls))
            }
            let context = try Self.context(kept)
            #expect(try Self.edit(place, context).latent.isEqual(to: whole))
            // Three questions are about prompts; the first step is done by the fifth.
            #expect(calls < 5 || context.session.spent.backwards < tuning)
            // No checkpoint is left.
            #expect(!kept.names.contains { $0.hasPrefix("tuning/") })
        }
    }

    @Test("No edit changes the model: one after another gives what each gives alone", arguments: 0..<4)
    func isolation(place: Int) throws {
        let model = try tinyModel()
        let before = try model.unetTensors().map(\.tensor.copied)
        _ = try Self.edit(place, Self.context(model: model, prompt: "a blue cup"))
        let after = try Self.edit(place, Self.context(model: model)).latent
        #expect(try Self.edit(place, Self.context()).latent.isEqual(to: after))
        for (old, new) in zip(before, try model.unetTensors()) { #expect(old.isEqual(to: new.tensor)) }
    }

    @Test(
        "From image to image a seed gives one result of the photo's size, and a mask shuts out",
        arguments: 0..<4)
    func whole(place: Int) throws {
        let (method, options, _) = Self.methods[place]
        let values = (0..<(40 * 40)).map { Float($0 % 40 < 15 ? 1 : 0) }
        let request = EditRequest(
            image: EditTests.image(40, 40), prompt: "a green pear", source: "a red apple",
            method: method.description.name, mask: Mask(width: 40, height: 40, values: values)
        ) {
            $0.steps = 2
            $0.options = options
            $0.paste = .replace
        }
        let results = try (0..<2).map { _ in try DiffusionSession(model: tinyModel()).edit(request) }
        #expect(results[0].image == results[1].image && results[0].image != request.image)
        for pixel in values.indices where values[pixel] == 0 {
            let range = (pixel * 3)..<(pixel * 3 + 3)
            #expect(results[0].image.pixels[range] == request.image.pixels[range])
        }
    }

    /// What is tuned is too large for the cache or not; a wrong program takes both for kept and removes the checkpoints.
    @Test("What is too large to be kept leaves its checkpoints, by which the next run goes on, and says so")
    func tooLarge() throws {
        let kept = Kept()
        func tune(limit: Int) throws -> (tuned: Tuned, begun: Int, warnings: [String]) {
            var context = try Self.context()
            context.inversionSettings.cache = InversionCache(folder: kept.cache.folder, limit: limit)
            let leaf = Tensor([Float(1), 2])
            let parameters = ParameterSet(
                names: ["x"], working: [leaf], masters: [leaf], weightDecay: 0, averageDecay: nil)
            var begun = 0
            let tuned = try context.tuned(
                "test", of: [], settings: [:], shapes: ["x": [2]], steps: 1
            ) { checkpoints in
                begun = checkpoints?.newest()?.position.step ?? 0
                _ = try checkpoints?.save(
                    parameters,
                    at: .init(step: 7, seconds: 0, smoothedLoss: 0, settings: [:], losses: [1]))
                return (["x": leaf], [1])
            }
            return (tuned, begun, context.session.warnings)
        }
        let warning =
            "what was tuned takes 4108 bytes and at most 4107 are kept, so the next edit tunes again from the last "
            + "checkpoint on"
        for begun in [0, 7] {
            let large = try tune(limit: 4107)
            #expect(large.begun == begun && large.warnings == [warning])
            #expect(large.tuned.checkpoints != nil && kept.names.count == 1)
            #expect(kept.names[0].hasPrefix("tuning/"))
        }
        let fitting = try tune(limit: 4108)
        #expect(fitting.begun == 7 && fitting.warnings == [] && fitting.tuned.checkpoints == nil)
        #expect(kept.names.count == 1 && !kept.names[0].hasPrefix("tuning/"))
    }

    /// As `kill -9` leaves things: no checkpoint at the end, and the newest gone or cut short.
    ///
    /// A wrong program begins anew, counts the steps otherwise, or forgets the optimiser's moments.
    @Test(
        "A run that was killed goes on from the last whole checkpoint to the same bits",
        arguments: ["at once", "newest gone", "newest cut short"])
    func killed(how: String) throws {
        struct Killed: Error {}
        let kept = Kept()
        let told = Mutex([Int]())
        let session = DiffusionSession(
            model: try tinyModel(),
            notify: { notice in
                if case .progress(let progress) = notice { told.withLock { $0.append(progress.step) } }
            })
        try FileManager.default.createDirectory(
            atPath: kept.cache.folder, withIntermediateDirectories: true)
        func run(_ checkpoints: Checkpoints?, until end: Int = .max) throws -> (
            losses: [Float], steps: [Int], value: Tensor
        ) {
            let leaf = Tensor([1, -2, 3] as [Float]).requiringGradient
            let parameters = ParameterSet(
                names: ["x"], working: [leaf], masters: [leaf], weightDecay: 0.01, averageDecay: nil)
            let loop = TuningLoop(
                stage: "test", steps: 9, learningRate: 0.1, clip: 1, checkpoints: checkpoints,
                checkpointSeconds: 0)
            var steps: [Int] = []
            let losses = try loop.run(parameters, in: session) { step in
                if step == end { throw Killed() }
                steps.append(step)
                return (leaf - Double(step)).squared.mean
            }
            return (losses, steps, leaf.detached)
        }
        let whole = try run(nil)
        let checkpoints = Checkpoints(folder: kept.cache.folder, stage: "test")
        #expect(throws: Killed.self) { _ = try run(checkpoints, until: 5) }
        let newest = try #require(checkpoints.newest()).file.path
        if how == "newest gone" { try FileManager.default.removeItem(atPath: newest) }
        if how == "newest cut short" {
            try Data(contentsOf: URL(fileURLWithPath: newest)).prefix(99).write(
                to: URL(fileURLWithPath: newest))
        }
        told.withLock { $0 = [] }
        let rest = try run(checkpoints)
        // Steps of the earlier run take no time, and must not count where the time that is left is told.
        #expect(told.withLock { $0 } == rest.steps + [9])
        #expect(rest.steps == Array((how == "at once" ? 5 : 4)..<9))
        #expect(rest.losses == whole.losses && rest.value.isEqual(to: whole.value))
    }

    @Test("Draws follow from seed and step alone, and differ from step to step and seed to seed")
    func draws() {
        let latent = Tensor.zeros([1, 4, 8, 8])
        func draw(_ seed: UInt64, _ step: Int) -> (noise: Tensor, timestep: Int) {
            TuningDraws(seed: seed, timesteps: 1000).draw(step, like: latent)
        }
        let (one, again) = (draw(3, 5), draw(3, 5))
        #expect(one.timestep == again.timestep && one.noise.isEqual(to: again.noise))
        for other in [draw(3, 6), draw(4, 5), draw(5, 3)] { #expect(!other.noise.isEqual(to: one.noise)) }
        let all = (0..<200).map { draw(0, $0).timestep }
        #expect(Set(all).count > 150 && all.allSatisfy((0..<1000).contains))
    }

    @Test("A loss that is no number ends the tuning by name")
    func diverged() throws {
        let context = try Self.context()
        let parameters = ParameterSet(
            names: ["x"], working: [Tensor([Float(1)]).requiringGradient], masters: [Tensor([Float(1)])],
            weightDecay: 0, averageDecay: nil)
        let tuning = Tuning(
            stage: "tuning", steps: 1, learningRate: 1, clean: context.clean,
            draws: TuningDraws(seed: 0, timesteps: 1000))
        // A model that answers no numbers at all is told by its first pass.
        _ = try context.session.predict([Query(context.clean, at: context.levels[1], prompt: context.prompt)])
        #expect(throws: EditingError.diverged(stage: "tuning", step: 1)) {
            _ = try tuning.run(parameters, in: context.session) {
                Conditioning(embedding: context.prompt.embedding * parameters.leaves[0] * .infinity)
            }
        }
        #expect(
            "\(EditingError.diverged(stage: "tuning", step: 1))"
                == "tuning: the loss of step 1 is no number; tune with a smaller learning rate")
    }
}
