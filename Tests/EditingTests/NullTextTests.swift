import Diffusion
import Layers
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The oracles of null-text inversion on a tiny random network.
@Suite struct NullTextTests {
    static func context(
        _ options: [String: String] = [:], guidance: Double = 7.5, steps: Int = 4, dtype: DType = .float32
    ) throws -> EditContext {
        let model = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")), dtype: dtype)
        var context = try EditingTests.context(
            on: model, prompt: "a green pear", source: "a red apple", steps: steps, guidance: guidance,
            inversion: .nullText, dtype: dtype)
        context.inversionSettings.options = try InversionKind.nullText.options(options)
        return context
    }

    static func inversion(_ context: EditContext) throws -> NullTextInversion {
        NullTextInversion(try #require(context.inversionSettings.options))
    }

    /// Loss and slope of one step, from the latent that the walk with the learnt prompts reaches.
    static func slope(
        _ context: EditContext, _ path: InvertedTrajectory, at k: Int, of embedding: Tensor
    ) throws -> (loss: Double, gradient: Tensor) {
        var latent = path.start
        for level in stride(from: path.startStep, to: k, by: -1) {
            let noise = try context.session.noise(
                in: latent, at: path.levels[level], prompt: path.prompt,
                negative: path.negative(at: level, or: context.negative), scale: context.guidance)
            latent = path.step(latent, noise, from: level)
        }
        let inversion = InversionContext(
            context, to: path.startStep, through: path.levels, prompt: path.prompt, stage: "")
        let prompted = try context.session.predict([
            Query(latent, at: path.levels[k], prompt: path.prompt)
        ])[0]
        return try Self.inversion(context).slope(
            at: embedding.requiringGradient, latent: latent, prompted: prompted,
            target: path.latents[k - 1], level: k, of: inversion)
    }

    @Test("5.4.1: at guidance 1 nothing is learnt and the walk back is that of DDIM")
    func unguided() throws {
        let context = try Self.context(guidance: 1)
        let path = try context.invert()
        #expect(path.negatives.count == 4)
        #expect(path.negatives.allSatisfy { $0.embedding.isEqual(to: context.empty.embedding) })
        #expect(context.session.spent.backwards == 0)
        let back = try path.reconstruct(by: context.session, guidance: 1, negative: context.negative)
        let plain = try context.session.sample(path.start, from: 4, of: context.levels, prompt: path.prompt)
        #expect(back.isEqual(to: plain))
    }

    @Test(
        "5.4.2 and 3: each step is a fresh Adam's from the latent that the walk with the learnt prompts reaches",
        arguments: [(0, 0.01), (10, 0.009)])
    func firstUpdate(index: Int, rate: Double) throws {
        let context = try Self.context(["iterations": "1", "stop": "-1"], steps: 12)
        let path = try context.invert()
        let k = path.startStep - index
        let before = index == 0 ? context.empty.embedding : path.negatives[k].embedding
        let gradient = try Self.slope(context, path, at: k, of: before).gradient
        let expected = -rate * (gradient / (gradient.absolute + 1e-8))
        let change = path.negatives[k - 1].embedding - before
        #expect(change.absolute.amax().item > rate / 2)
        #expect((change - expected).absolute.amax().item < 1e-5)
    }

    @Test("5.4.3: what was learnt brings every step nearer to the path than what it began with")
    func losses() throws {
        let context = try Self.context(["stop": "-1"])
        let path = try context.invert()
        for k in 1...path.startStep {
            let before = k == path.startStep ? context.empty.embedding : path.negatives[k].embedding
            let first = try Self.slope(context, path, at: k, of: before).loss
            let last = try Self.slope(context, path, at: k, of: path.negatives[k - 1].embedding).loss
            #expect(last <= first, "level \(k)")
        }
        // And so the source comes nearer than without.
        func error(_ path: InvertedTrajectory) throws -> Double {
            let back = try path.reconstruct(by: context.session, guidance: 7.5, negative: context.negative)
            return (back - context.clean).squared.mean.item
        }
        var plain = path
        plain.negatives = []
        #expect(try error(path) < error(plain))
    }

    @Test(
        "The rate falls by a hundredth of itself a level: to a hundredth and no lower, officially to zero")
    func rate() throws {
        func rates(_ preset: Preset) throws -> [Double] {
            let inversion = NullTextInversion(try InversionKind.nullText.options(preset: preset))
            return [0, 50, 99, 100, 150].map { inversion.rate($0) }
        }
        for (found, wanted) in try [
            (rates(.paper), [0.01, 0.005, 0.0001, 0.0001, 0.0001]),
            (rates(.official), [0.01, 0.005, 0.0001, 0, 0]),
        ] {
            #expect(zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-12 }, "\(found)")
        }
    }

    @Test("A level is done at an error of 1e-5, and 2e-5 more for each level below the noisiest")
    func stopRule() throws {
        // The embedding has no say, so that every level has one loss, of about the size of the stops.
        let model = FormulaModel { latent, timestep, embedding in
            (latent * 0.02 + Double(timestep % 7) * 0.004 + (timestep > 500 ? 0.02 : 0.01)
                * (latent * 9).cos)
                + embedding.sum.to(dtype: latent.dtype) * 0
        }
        func learnt(_ stop: Double) throws -> (backwards: Int, losses: [Double]) {
            var context = try EditingTests.context(
                on: model, prompt: "x", source: "y", steps: 10, inversion: .nullText,
                clean: .full([1, 1, 1, 1], 0.7), dtype: .float64)
            context.inversionSettings.options = try InversionKind.nullText.options([
                "iterations": "4", "stop": "\(stop)",
            ])
            let path = try context.invert()
            let backwards = context.session.spent.backwards
            let losses = try (0..<10).map { index in
                try Self.slope(context, path, at: 10 - index, of: context.empty.embedding).loss
            }
            return (backwards, losses)
        }
        let losses = try learnt(1e-5).losses
        var (seesEnd, seesLevel) = (false, false)
        for place in 1..<10 {
            // So that this level just stops: a rule of another slope, or counted from the other end, would not stop it.
            let stop = losses[place] - 2e-5 * Double(place) + 1e-9
            func backwards(_ rule: (Int) -> Double) -> Int {
                losses.enumerated().reduce(0) { $0 + ($1.element < rule($1.offset) ? 1 : 4) }
            }
            let wanted = backwards { stop + 2e-5 * Double($0) }
            #expect(try learnt(stop).backwards == wanted, "\(losses)")
            seesEnd = seesEnd || wanted != backwards { stop + 2e-5 * Double(9 - $0) }
            seesLevel = seesLevel || wanted != backwards { _ in stop }
        }
        #expect(seesEnd && seesLevel)
        #expect(try InversionKind.nullText.options()[NullTextInversion.stop] == 1e-5)
    }

    @Test("The gradient is that of central differences, in float64")
    func finiteDifferences() throws {
        let context = try Self.context(dtype: .float64)
        let inversion = InversionContext(
            context, to: 4, through: context.levels, prompt: try #require(context.source), stage: "")
        let path = inversion.path(.nullText, try inversion.invert())
        let start = context.empty.embedding
        #expect(start.dtype == .float64)
        let gradient = try Self.slope(context, path, at: 4, of: start).gradient
        for seed in 1...3 {
            let direction = RandomGenerator(seed: UInt64(seed)).normal(start.shape).to(dtype: .float64)
            let size = 1e-5
            let high = try Self.slope(context, path, at: 4, of: start + direction * size).loss
            let low = try Self.slope(context, path, at: 4, of: start - direction * size).loss
            let expected = (gradient * direction).sum.item
            #expect(abs(expected) > 0)
            #expect(abs((high - low) / (2 * size) - expected) < 1e-5 * gradient.norm().item)
        }
    }

    @Test("5.4.5: gradients reach the empty prompt's embedding and no parameter")
    func frozen() throws {
        let context = try Self.context()
        let leaf = context.empty.embedding.requiringGradient
        let (plain, learning) = try withGradients {
            (
                try context.session.predict([
                    Query(context.clean, at: context.levels[1], prompt: context.empty)
                ])[
                    0],
                try context.session.predict([
                    Query(context.clean, at: context.levels[1], prompt: Conditioning(embedding: leaf))
                ])[0]
            )
        }
        #expect(!plain.recordsGradient)
        #expect(learning.recordsGradient)
        #expect(!context.empty.embedding.recordsGradient)
        let path = try context.invert()
        #expect(path.negatives.allSatisfy { !$0.embedding.recordsGradient })
        #expect(path.negatives.allSatisfy { $0.embedding.shape == context.empty.embedding.shape })
    }

    @Test("5.4.7: where the noise is that of the inversion the loss is zero, and only at the right level")
    func alignment() throws {
        var script: [Int: Tensor] = [:]
        let model = FormulaModel { latent, timestep, embedding in
            let noise = script[timestep] ?? (latent * 5).cos + Double(timestep % 3)
            script[timestep] = noise.detached
            return noise.detached + embedding.sum.to(dtype: noise.dtype) * 0
        }
        var context = try EditingTests.context(
            on: model, prompt: "x", source: "y", inversion: .nullText, clean: .full([1, 1, 1, 1], 0.7),
            dtype: .float64)
        context.inversionSettings.options = try InversionKind.nullText.options()
        let path = try context.invert()
        // Every step stops after its first look.
        #expect(context.session.spent.backwards == 50)
        for k in [1, 20, 50] {
            #expect(try Self.slope(context, path, at: k, of: context.empty.embedding).loss < 1e-24)
        }
        var shifted = path
        shifted = InvertedTrajectory(
            .nullText, levels: path.levels, latents: [path.latents[0]] + path.latents.dropLast(),
            prompt: path.prompt)
        #expect(try Self.slope(context, shifted, at: 20, of: context.empty.embedding).loss > 1e-6)
    }
}
