import Diffusion
import Networks
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of LEDITS++.
@Suite struct LEDITSTests {
    static let usual = LEDITSEdit(phrase: "", scale: 5, threshold: 0.9, warmUp: 0, coolDown: 0)

    static func method(_ options: [String: String] = [:]) throws -> LEDITSPlusPlus {
        LEDITSPlusPlus(try Options(options, of: LEDITSPlusPlus.description))
    }

    static func tiny(
        _ prompt: String = "a green pear", source: String? = "a red apple",
        limits: BatchLimits = BatchLimits(),
        mask: Tensor? = nil, guidance: Double = 5
    ) throws -> Canvas {
        try canvas(
            on: tinyModel(), prompt: prompt, source: source, steps: 6, guidance: guidance, mask: mask,
            clean: RandomGenerator(seed: 1).normal([1, 4, 16, 16]), limits: limits)
    }

    @Test(
        "Without an edit, or with edits that never act, the picture comes back to the last bit",
        arguments: ["dpm-solver", "ddim"], ["0", "3.5"])
    func reconstruction(solver: String, sourceGuidance: String) throws {
        let model = GaussianModel(means: [
            "dog": GaussianModel.mean(side: 16, first: 80, value: 0.8),
            "cat": GaussianModel.mean(side: 16, first: 80, value: -0.8),
        ])
        func edit(warmUp: String) throws -> (clean: Tensor, edited: Tensor) {
            let canvas = try canvas(
                on: model, prompt: "dog", source: "cat", steps: 34, strength: 0.885, guidance: 5)
            let options = ["solver": solver, "source-guidance": sourceGuidance, "warm-up": warmUp]
            return (canvas.clean, try Self.method(options).edit(canvas).latent)
        }
        let waiting = try edit(warmUp: "1000")
        #expect(waiting.edited.isEqual(to: waiting.clean))
        let acting = try edit(warmUp: "0")
        #expect((acting.edited - acting.clean).absolute.largest().item > 0.1)
        let same = try canvas(on: model, prompt: "dog", source: "dog")
        #expect(try Self.method().edit(same).latent.isEqual(to: same.clean))
        #expect(same.studio.warnings.count == 1)
        #expect(same.studio.spent.forwards == 0)
    }

    @Test("Each step costs two forwards and one for each edit that acts in it")
    func cost() throws {
        // k = ⌊0.885·34⌋ = 30.
        for (edits, sourceGuidance, expected) in [
            ("dog", "0", 30 * 3), ("dog; -cat", "0", 30 * 4), ("dog", "2", 30 * 5),
            ("dog; cat, warm-up=10, cool-down=25", "0", 30 * 3 + 15),
        ] {
            let model = GaussianModel(means: ["dog": GaussianModel.mean(side: 16, first: 80, value: 0.8)])
            let canvas = try canvas(
                on: model, prompt: "dog", source: "cat", steps: 34, strength: 0.885, guidance: 5)
            _ = try Self.method(["edits": edits, "source-guidance": sourceGuidance]).edit(canvas)
            #expect(canvas.studio.spent.forwards == expected)
            #expect(canvas.studio.spent.backwards == 0)
        }
    }

    @Test("Adding and removing are opposite directions, and the guidance's mask is where prompts differ")
    func directions() throws {
        let support = GaussianModel.mean(side: 16, first: 77, value: 1)
        func change(_ edits: String) throws -> Tensor {
            let model = GaussianModel(means: ["dog": support * 0.8])
            let canvas = try canvas(
                on: model, prompt: "dog", steps: 34, strength: 0.885, guidance: 1, dtype: .float64)
            let painting = try Self.method(["edits": edits, "threshold": "0.7"]).edit(canvas)
            return painting.latent - canvas.clean
        }
        let (added, removed) = (try change("dog"), try change("-dog"))
        #expect((added + removed).absolute.largest().item < 1e-9)
        #expect((added * support).sum.item > 1)
        #expect((added * (1 - support)).absolute.largest().item == 0)
    }

    @Test("A mask at quantile 0.9 holds a tenth, and both together hold no more than either")
    func maskAreas() throws {
        func area(_ masks: String) throws -> Double {
            let painting = try Self.method(["masks": masks, "threshold": "0.9"]).edit(Self.tiny())
            return try #require(painting.softMask).mean.item
        }
        let (both, attention, noise) = (try area("both"), try area("attention"), try area("noise"))
        #expect(abs(noise - 0.1) < 0.01)
        // Two of sixteen cells reach the quantile.
        #expect(abs(attention - 0.125) < 1e-6)
        #expect(both <= attention && both > 0)
        #expect(try area("none") == 1)
    }

    @Test("Passes of one row give what shared passes give, and a mask keeps the rest to the last bit")
    func batchesAndMask() throws {
        let mask = GaussianModel.mean(side: 16, first: 128, value: 1).narrowed(1, from: 0, count: 1)
        let options = ["edits": "green pear; -red apple", "threshold": "0.5"]
        let canvas = try Self.tiny(mask: mask)
        let together = try Self.method(options).edit(canvas)
        let single = try Self.method(options).edit(Self.tiny(limits: BatchLimits(rows: 1), mask: mask))
        #expect(relativeError(together.latent, single.latent) < 1e-4)
        #expect(((together.latent - canvas.clean) * (1 - mask)).absolute.largest().item == 0)
        #expect(((together.latent - canvas.clean) * mask).absolute.largest().item > 0.01)
    }

    @Test("A step of either solver follows the exact path of Gaussian data as steps grow")
    func solvers() throws {
        // With x₀ known the clean latent is constant, and both steps must give the posterior's mean exactly.
        let levels = try NoiseSchedule.stableDiffusion.levels(steps: 20)
        let random = RandomGenerator(seed: 2)
        let (clean, noise) = (random.normal([1, 3, 4, 4]), random.normal([1, 3, 4, 4]))
        for solver in [LEDITSPlusPlus.Solver.dpm, .ddim] {
            var mean = StochasticMean(solver)
            for k in (1...20).reversed() {
                let (from, to) = (levels[k], levels[k - 1])
                let latent = DDIM.noised(clean, noise, to: from)
                let next = mean.next(latent, noise, from: from, to: to)
                // q(x_{k-1} | x_k, x₀) of DDPM: its mean is linear in both.
                let step = from.alphaBar / to.alphaBar
                let expected =
                    latent * (step.squareRoot() * (1 - to.alphaBar) / (1 - from.alphaBar))
                    + clean * (to.signal * (1 - step) / (1 - from.alphaBar))
                #expect((next - expected).absolute.largest().item < 1e-5)
            }
        }
    }

    @Test("Edits are read with their settings")
    func parsing() throws {
        var hat = Self.usual
        (hat.phrase, hat.scale, hat.coolDown) = ("red hat, with a feather", 7.5, 20)
        var beard = Self.usual
        (beard.phrase, beard.isRemoval, beard.threshold, beard.warmUp) = ("beard", true, 0.8, 2)
        let text = "red hat, with a feather, scale=7.5,cool-down = 20; - beard ,threshold=0.8,warm-up=2;"
        #expect(try LEDITSEdit.parse(text, usual: Self.usual) == [hat, beard])
        #expect(try LEDITSEdit.parse("", usual: Self.usual).isEmpty)
        for wrong in ["hat, size=3", "hat, scale=many", "hat, threshold=2", "-", "hat; ,"] {
            #expect(throws: EditingError.self) { try LEDITSEdit.parse(wrong, usual: Self.usual) }
        }
    }

    @Test(
        "Without edits named, the phrases that came are added; where none came, those that went are removed",
        arguments: [
            ("a red apple on a table", "a green pear on a table", ["+green pear"]),
            ("a blue pear on a table", "a blue mug on a table", ["+blue mug"]),
            ("a red apple", "a painting of a red apple", ["+painting"]),
            ("a red apple, a blue mug and a book", "a red apple, a green mug and a book", ["+green mug"]),
            ("a red apple and a blue mug.", "a red apple.", ["-blue mug"]),
            ("a cat on the mat", "A dog on a MAT!", ["+dog"]),
            ("a red apple", "the red apple", []),
        ])
    func defaults(source: String, target: String, expected: [String]) {
        let edits = LEDITSEdit.between(source, target, usual: Self.usual)
        #expect(edits.map { ($0.isRemoval ? "-" : "+") + $0.phrase } == expected)
    }

    @Test("The published smoothing and quantile, on numbers")
    func quantile() {
        let values = Tensor([Float](stride(from: 0, through: 10, by: 1)), shape: [1, 1, 1, 11])
        #expect(values.reaching(quantile: 0.9).sum.item == 2)
        #expect(values.reaching(quantile: 0.95).sum.item == 1)
        #expect(values.reaching(quantile: 0).sum.item == 11)
    }
}
