import Imaging
import Tensors
import Testing
import ToyModels

@testable import Diffusion

@Suite struct DiffusionSessionTests {
    let side = 8

    func model() -> GaussianModel {
        GaussianModel(
            side: side, means: ["left": GaussianModel.mean(side: side, first: 20, value: 0.5)])
    }

    func latent(_ seed: UInt64) -> Tensor { RandomGenerator(seed: seed).normal([1, 3, side, side]) }

    @Test("Queries in one pass are answered as they are one by one", arguments: [1, 2, 3, 7, 32])
    func batching(rows: Int) throws {
        let model = model()
        let levels = try model.schedule.levels(steps: 50)
        func queries(_ session: DiffusionSession) throws -> [Query] {
            let prompts = try [session.prompt("left"), session.prompt("")]
            return (0..<7).map {
                Query(latent(UInt64($0)), at: levels[$0 * 7 + 1], prompt: prompts[$0 % 3 == 0 ? 0 : 1])
            }
        }
        let single = DiffusionSession(model: model, limits: BatchLimits(rows: 1))
        let expected = try single.predict(queries(single))
        #expect(model.passes == [1, 1, 1, 1, 1, 1, 1])
        let session = DiffusionSession(model: model, limits: BatchLimits(rows: rows))
        let found = try session.predict(queries(session))
        for (found, expected) in zip(found, expected) {
            #expect((found - expected).absolute.amax().item < 1e-6)
        }
        #expect(session.spent.forwards == 7)
        #expect(model.passes.dropFirst(7).max() == min(rows, 7))
    }

    @Test("A memory budget splits queries, and one row always goes")
    func memoryBudget() throws {
        let model = model()
        model.rowBytes = 100
        let level = try model.schedule.levels(steps: 50)[10]
        for (budget, expected) in [(250, [2, 2, 1]), (50, [1, 1, 1, 1, 1]), (1000, [5])] {
            let session = DiffusionSession(model: model, limits: BatchLimits(bytes: budget))
            let before = model.passes.count
            let prompt = try session.prompt("")
            _ = try session.predict((0..<5).map { Query(latent(UInt64($0)), at: level, prompt: prompt) })
            #expect(Array(model.passes[before...]) == expected)
        }
    }

    @Test("Latents of different shapes take passes of their own")
    func shapes() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        let level = try model.schedule.levels(steps: 50)[10]
        let prompt = try session.prompt("")
        let wide = Conditioning(embedding: .zeros([1, 1, 3 * side * side * 2]))
        let noises = try session.predict([
            Query(latent(1), at: level, prompt: prompt), Query(latent(2), at: level, prompt: prompt),
            Query(RandomGenerator(seed: 3).normal([1, 3, side, side * 2]), at: level, prompt: wide),
        ])
        #expect(model.passes == [2, 1])
        #expect(noises[2].shape == [1, 3, side, side * 2])
    }

    @Test("Guidance asks for two rows, at scale 1 or against the same prompt for one")
    func guidanceCost() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        let level = try model.schedule.levels(steps: 50)[10]
        let (left, empty) = (try session.prompt("left"), try session.prompt(""))
        let x = latent(1)
        let strong = try session.noise(in: x, at: level, prompt: left, negative: empty, scale: 7.5)
        #expect(session.spent.forwards == 2)
        let plain = try session.noise(in: x, at: level, prompt: left, negative: empty, scale: 1)
        #expect(session.spent.forwards == 3)
        let same = try session.noise(in: x, at: level, prompt: empty, negative: empty, scale: 7.5)
        #expect(session.spent.forwards == 4)
        #expect((strong - (same + (plain - same) * 7.5)).absolute.amax().item < 1e-5)
    }

    @Test("An inversion keeps every level, shows the cleaner latent at the upper timestep, and leads back")
    func inversion() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        let levels = try model.schedule.levels(steps: 200)
        let start = latent(4) * 0.5
        let prompt = try session.prompt("left")
        let path = try session.invert(start, through: levels, to: 100, prompt: prompt)
        #expect(path.count == 101)
        #expect(path[0].isEqual(to: start))
        #expect(model.timesteps == levels[1...100].map(\.timestep))
        var seen: [Int] = []
        let back = try session.sample(path[100], from: 100, of: levels, prompt: prompt) { index, latent in
            seen.append(index)
            return latent
        }
        #expect(seen == (0..<100).reversed())
        #expect((back - start).squared.mean.squareRoot.item < 0.02)
    }

    @Test("A job that asks for another offset walks its own levels, and the model keeps its own")
    func offset() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        try session.setStepsOffset(0)
        let levels = try session.schedule.levels(steps: 10)
        #expect(levels.map(\.timestep) == [0] + stride(from: 0, through: 900, by: 100))
        _ = try session.sample(latent(1), from: 3, of: levels, prompt: session.prompt("left"))
        #expect(model.timesteps == [200, 100, 0])
        #expect(try DiffusionSession(model: model).schedule.levels(steps: 10)[1].timestep == 1)
        #expect(throws: DiffusionError.badOffset(offset: 1000, most: 999)) {
            try session.setStepsOffset(1000)
        }
    }

    @Test("A model that answers velocities walks as one that answers noise")
    func velocity() throws {
        let base = model()
        let levels = try base.schedule.levels(steps: 20)
        var ends: [Tensor] = []
        for prediction in [Prediction.noise, .velocity] {
            let model = model()
            model.schedule = NoiseSchedule(
                betas: NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000),
                prediction: prediction)
            let session = DiffusionSession(model: model)
            let left = try session.prompt("left")
            ends.append(
                try session.sample(
                    latent(1), from: 20, of: levels, prompt: left, negative: session.prompt(""), scale: 3))
        }
        #expect((ends[0] - ends[1]).absolute.amax().item < 1e-4)
    }

    @Test("A cancelled job stops before its next pass", arguments: [1, 5, 17])
    func cancellation(after passes: Int) throws {
        let model = model()
        var cancelled = false
        model.beforePass = { if $0 == passes { cancelled = true } }
        let session = DiffusionSession(model: model, isCancelled: { cancelled })
        let levels = try model.schedule.levels(steps: 50)
        let prompt = try session.prompt("left")
        #expect(throws: CancellationError.self) {
            try session.sample(latent(1), from: 50, of: levels, prompt: prompt)
        }
        #expect(model.passes.count == passes)
    }

    @Test("Progress counts each stage from nought to its end; a prompt that is too long is shown once")
    func notices() throws {
        var notices: [Notice] = []
        let session = DiffusionSession(model: model(), notify: { notices.append($0) })
        let levels = try session.schedule.levels(steps: 4)
        let prompt = try session.prompt("one two three four five six seven eight nine ten")
        _ = try session.prompt("one two three four five six seven eight nine ten")
        _ = try session.sample(latent(1), from: 4, of: levels, prompt: prompt)
        let warnings = notices.compactMap { if case .warning(let text) = $0 { text } else { nil } }
        #expect(warnings.count == 1)
        #expect(warnings[0].contains("\"nine ten\""))
        let steps = notices.compactMap { notice -> [Int]? in
            guard case .progress(let progress) = notice else { return nil }
            return [progress.step, progress.of]
        }
        #expect(steps == [[0, 4], [1, 4], [2, 4], [3, 4], [4, 4]])
    }

    @Test("Pictures come back from tensors byte for byte, and what lies outside is clipped")
    func images() throws {
        let pixels = (0..<(4 * 64 * 3)).map { UInt8($0 % 256) }
        let image = Image(width: 64, height: 4, pixels: pixels)
        #expect(Image(image.tensor()) == image)
        #expect(Image(Tensor.full([1, 3, 1, 1], 7)).pixels == [255, 255, 255])
        #expect(Image(Tensor.full([1, 3, 1, 1], -7)).pixels == [0, 0, 0])
        let session = DiffusionSession(model: model())
        #expect(throws: DiffusionError.notFinite(stage: "decoding the picture", dtype: .float32)) {
            try session.decode(.full([1, 3, 2, 2], .nan))
        }
    }

    @Test("Gradients reach a prompt that is learned, and count as backward passes")
    func learnedPrompt() throws {
        let session = DiffusionSession(model: model())
        let level = try session.schedule.levels(steps: 50)[10]
        let embedding = Tensor.zeros([1, 1, 3 * side * side]).requiringGradient
        let noise = try session.noise(in: latent(1), at: level, prompt: Conditioning(embedding: embedding))
        let slope = try session.gradients(of: noise.sum, withRespectTo: [embedding], rows: 1)[0]
        #expect(slope.amax().item < 0)
        #expect(session.spent.backwards == 1)
    }
}
