import Tensors
import Testing
import ToyModels

@testable import Diffusion
@testable import Networks

@Suite struct GuidanceTests {
    let side = 8

    func model() -> GaussianModel {
        GaussianModel(
            side: side,
            means: [
                "left": GaussianModel.mean(side: side, first: 20, value: 0.5),
                "right": GaussianModel.mean(side: side, first: 40, value: -0.5),
            ])
    }

    func latent(_ seed: UInt64) -> Tensor { RandomGenerator(seed: seed).normal([1, 3, side, side]) }

    @Test("The rows of a pass that are equal are asked once: each latent under each prompt")
    func equalRows() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        let levels = try model.schedule.levels(steps: 50)
        let (left, right, empty) = (
            try session.prompt("left"), try session.prompt("right"), try session.prompt("")
        )
        let (x, y) = (latent(1), latent(2))
        let away = Guidance(awayFrom: empty, scale: 3)
        let shared = [
            Query(x, at: levels[20], prompt: left, guidance: away),
            Query(x, at: levels[20], prompt: right, guidance: away),
            Query(x, at: levels[20], prompt: empty),
        ]
        let noises = try session.predict(shared)
        #expect(model.passes == [3])
        for (query, noise) in zip(shared, noises) {
            #expect((try session.predict([query])[0] - noise).absolute.amax().item < 1e-6)
        }
        // Another latent of the same numbers, another level and another timestep are rows of their own.
        let before = session.spent.forwards
        _ = try session.predict([
            Query(x, at: levels[20], prompt: left), Query(x.copied, at: levels[20], prompt: left),
            Query(x, at: levels[21], prompt: left), Query(y, at: levels[20], prompt: left),
            Query(x, at: levels[20], timestep: 3, prompt: left),
        ])
        #expect(session.spent.forwards - before == 5)
    }

    @Test("A row that is looked into is never another's")
    func plannedRows() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        let level = try model.schedule.levels(steps: 50)[20]
        let left = try session.prompt("left")
        let x = latent(1)
        let site = Site(stage: .middle, layer: 0, attention: .crossAttention, value: .map, scale: 1)
        let plan = Plan.recording(into: Recording([site]))
        let batcher = RowBatcher([
            Query(x, at: level, prompt: left), Query(x, at: level, prompt: left, plan: plan),
            Query(x, at: level, prompt: left, plan: plan), Query(x, at: level, prompt: left),
        ])
        #expect(batcher.rows.map(\.plan.sites.isEmpty) == [true, false, false])
    }

    @Test("Halves are the two estimates, and guidance is away from the mean of several negative prompts")
    func halves() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        let level = try model.schedule.levels(steps: 50)[20]
        let (left, right, empty) = (
            try session.prompt("left"), try session.prompt("right"), try session.prompt("")
        )
        let (x, y) = (latent(1), latent(2))
        func noise(_ prompt: Conditioning, in latent: Tensor) throws -> Tensor {
            try session.predict([Query(latent, at: level, prompt: prompt)])[0]
        }
        let mixed = Guidance(awayFrom: [(empty, 0.25), (right, 0.75)], scale: 4, latent: y)
        let query = Query(x, at: level, prompt: left, guidance: mixed)
        let found = try session.halves([query])[0]
        let mean = try noise(empty, in: y) * 0.25 + noise(right, in: y) * 0.75
        #expect((try #require(found.unconditional) - mean).absolute.amax().item < 1e-6)
        #expect((found.conditional - (try noise(left, in: x))).absolute.amax().item < 1e-6)
        let expected = mean + (try noise(left, in: x) - mean) * 4
        #expect((try session.predict([query])[0] - expected).absolute.amax().item < 1e-5)
    }

    @Test("The unconditional estimate is not asked where it has no say")
    func unneeded() throws {
        let model = model()
        let session = DiffusionSession(model: model)
        let level = try model.schedule.levels(steps: 50)[20]
        let (left, empty) = (try session.prompt("left"), try session.prompt(""))
        let x = latent(1)
        for guidance in [
            nil, Guidance(awayFrom: empty, scale: 1), Guidance(awayFrom: left, scale: 5),
            Guidance(awayFrom: [], scale: 5),
        ] {
            let before = session.spent.forwards
            let half = try session.halves([Query(x, at: level, prompt: left, guidance: guidance)])[0]
            #expect(half.unconditional == nil)
            #expect(session.spent.forwards - before == 1)
        }
    }

    @Test("Both halves answer with gradients where the caller records them")
    func gradients() throws {
        let session = DiffusionSession(model: model())
        let level = try session.schedule.levels(steps: 50)[20]
        let (left, empty) = (try session.prompt("left"), try session.prompt(""))
        // The closed form's slope in the latent is the same for both halves, and guidance leaves it as it is.
        let slope = level.sqrtOneMinusAlphaBar / (level.alphaBar * 0.25 + 1 - level.alphaBar)
        try withGradients {
            let x = latent(1).requiringGradient
            let noise = try session.predict([
                Query(x, at: level, prompt: left, guidance: Guidance(awayFrom: empty, scale: 3))
            ])[0]
            let found = try session.gradients(of: noise.sum, withRespectTo: [x], rows: 2)[0]
            #expect((found - slope).absolute.amax().item < 1e-5)
        }
    }
}
