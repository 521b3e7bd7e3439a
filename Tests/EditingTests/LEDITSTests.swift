import Diffusion
import Foundation
import Networks
import Prompts
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of LEDITS++.
@Suite struct LEDITSTests {
    static let usual = LEDITSEdit(phrase: "", scale: 5, threshold: 0.9, warmUp: 0, coolDown: 1)

    static func method(_ options: [String: String] = [:]) throws -> LEDITSPlusPlus {
        LEDITSPlusPlus(try Options(options, of: LEDITSPlusPlus.description))
    }

    static func tiny(
        _ prompt: String = "a green pear", source: String? = "a red apple",
        limits: BatchLimits = BatchLimits(),
        mask: Tensor? = nil, guidance: Double = 5
    ) throws -> EditContext {
        try context(
            on: tinyModel(), prompt: prompt, source: source, steps: 6, guidance: guidance, mask: mask,
            clean: RandomGenerator(seed: 1).normal([1, 4, 16, 16]), limits: limits, method: method())
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
            let method = try Self.method([
                "solver": solver, "source-guidance": sourceGuidance, "warm-up": warmUp,
            ])
            let context = try context(
                on: model, prompt: "dog", source: "cat", steps: 34, strength: 0.885, guidance: 5,
                method: method)
            return (context.clean, try method.edit(context).latent)
        }
        let waiting = try edit(warmUp: "1")
        #expect(waiting.edited.isEqual(to: waiting.clean))
        let acting = try edit(warmUp: "0")
        #expect((acting.edited - acting.clean).absolute.amax().item > 0.1)
        let same = try context(on: model, prompt: "dog", source: "dog")
        #expect(try Self.method().edit(same).latent.isEqual(to: same.clean))
        #expect(same.session.warnings.count == 1)
        #expect(same.session.spent.forwards == 0)
    }

    @Test("Each step costs two forwards and one for each edit that acts in it")
    func cost() throws {
        // k = ⌊0.885·34⌋ = 30; both paths begin with one latent, whose rows they share.
        for (edits, sourceGuidance, expected) in [
            ("dog", "0", 30 * 3 - 1), ("dog; -cat", "0", 30 * 4 - 1), ("dog", "2", 30 * 5 - 2),
            ("dog; cat, warm-up=0.4, cool-down=0.8", "0", 30 * 3 + 12 - 1),
        ] {
            let model = GaussianModel(means: ["dog": GaussianModel.mean(side: 16, first: 80, value: 0.8)])
            let context = try context(
                on: model, prompt: "dog", source: "cat", steps: 34, strength: 0.885, guidance: 5)
            _ = try Self.method(["edits": edits, "source-guidance": sourceGuidance]).edit(context)
            #expect(context.session.spent.forwards == expected)
            #expect(context.session.spent.backwards == 0)
        }
    }

    @Test(
        "The official preset leads the picture's own path alone, and drops what a last step without noise lacks"
    )
    func official() throws {
        func edit(_ options: [String: String], negative: String = "") throws -> (EditContext, Tensor) {
            let method = LEDITSPlusPlus(
                try Options(
                    options.merging(["masks": "none", "edits": "dog"]) { $1 }, of: LEDITSPlusPlus.description,
                    preset: .official))
            let model = GaussianModel(means: [
                "dog": GaussianModel.mean(side: 16, first: 80, value: 0.8),
                "cat": GaussianModel.mean(side: 16, first: 90, value: -0.5),
            ])
            let context = try context(
                on: model, prompt: "dog", source: "cat", negative: negative, steps: 10, guidance: 2,
                dtype: .float64, method: method)
            return (context, try method.edit(context).latent)
        }
        let (walked, latent) = try edit([:])
        // Ten steps: the source's path under two prompts, the edited one under the empty prompt and the phrase.
        #expect(walked.session.spent.forwards == 10 * 4 - 1)
        // The last step answers the edited path's own clean latent; what the source's lacks is kept by the default alone.
        let kept = try edit(["last-noise": "true"]).1
        #expect((latent - kept).absolute.amax().item > 0.01)
        // With DDIM's solver the last step of this schedule has noise, and the option means nothing.
        let ddim = try edit(["solver": "ddim"]).1
        #expect(ddim.isEqual(to: try edit(["solver": "ddim", "last-noise": "true"]).1))
        // A negative prompt is the edited path's alone, so the source's latents and noises stay.
        let negative = try edit([:], negative: "cat")
        #expect(negative.0.session.spent.forwards == 10 * 4 - 1)
        #expect((negative.1 - latent).absolute.amax().item > 0.01)
    }

    @Test("Adding and removing are opposite directions, and the guidance's mask is where prompts differ")
    func directions() throws {
        let support = GaussianModel.mean(side: 16, first: 77, value: 1)
        func change(_ edits: String) throws -> Tensor {
            let model = GaussianModel(means: ["dog": support * 0.8])
            let method = try Self.method(["edits": edits, "threshold": "0.7"])
            let context = try context(
                on: model, prompt: "dog", steps: 34, strength: 0.885, guidance: 1, dtype: .float64,
                method: method)
            let painting = try method.edit(context)
            return painting.latent - context.clean
        }
        let (added, removed) = (try change("dog"), try change("-dog"))
        #expect((added + removed).absolute.amax().item < 1e-9)
        #expect((added * support).sum.item > 1)
        #expect((added * (1 - support)).absolute.amax().item == 0)
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
        let context = try Self.tiny(mask: mask)
        let together = try Self.method(options).edit(context)
        let single = try Self.method(options).edit(Self.tiny(limits: BatchLimits(rows: 1), mask: mask))
        #expect(relativeError(together.latent, single.latent) < 1e-4)
        #expect(((together.latent - context.clean) * (1 - mask)).absolute.amax().item == 0)
        #expect(((together.latent - context.clean) * mask).absolute.amax().item > 0.01)
    }

    @Test("A step of either solver follows the exact path of Gaussian data as steps grow")
    func solvers() throws {
        // With x₀ known the clean latent is constant, and both steps must give the posterior's mean exactly.
        let levels = try NoiseSchedule.stableDiffusion.levels(steps: 20)
        let random = RandomGenerator(seed: 2)
        let (clean, noise) = (random.normal([1, 3, 4, 4]), random.normal([1, 3, 4, 4]))
        for solver in [LEDITSPlusPlus.Solver.dpm, .ddim] {
            var last: Estimate?
            for k in (1...20).reversed() {
                let (from, to) = (levels[k], levels[k - 1])
                let latent = DDIM.addNoise(clean, noise, to: from)
                let estimate = Estimate(latent, noise: noise, at: from)
                let next = solver.sampler.mean(estimate, after: last, to: to)
                last = estimate
                // q(x_{k-1} | x_k, x₀) of DDPM: its mean is linear in both.
                let step = from.alphaBar / to.alphaBar
                let expected =
                    latent * (step.squareRoot() * (1 - to.alphaBar) / (1 - from.alphaBar))
                    + clean * (to.sqrtAlphaBar * (1 - step) / (1 - from.alphaBar))
                #expect((next - expected).absolute.amax().item < 1e-5)
            }
        }
    }

    @Test("Edits are read with their settings")
    func parsing() throws {
        var hat = Self.usual
        (hat.phrase, hat.scale, hat.coolDown) = ("red hat, with a feather", 7.5, 0.7)
        var beard = Self.usual
        (beard.phrase, beard.isRemoval, beard.threshold, beard.warmUp) = ("beard", true, 0.8, 0.1)
        let text = "red hat, with a feather, scale=7.5,cool-down = 0.7; - beard ,threshold=0.8,warm-up=0.1;"
        #expect(try LEDITSEdit.parse(text, usual: Self.usual) == [hat, beard])
        #expect(try LEDITSEdit.parse("", usual: Self.usual).isEmpty)
        for wrong in ["hat, size=3", "hat, scale=many", "hat, threshold=2", "hat, warm-up=2", "-", "hat; ,"] {
            #expect(throws: EditingError.self) { try LEDITSEdit.parse(wrong, usual: Self.usual) }
        }
    }

    @Test(
        "Without edits named, the phrases that came are added and those that went are removed",
        arguments: [
            ("a red apple on a table", "a green pear on a table", ["+green pear", "-red apple"]),
            ("a blue pear on a table", "a blue mug on a table", ["+blue mug", "-blue pear"]),
            ("a red apple", "a painting of a red apple", ["+painting"]),
            (
                "a red apple, a blue mug and a book", "a red apple, a green mug and a book",
                ["+green mug", "-blue mug"]
            ),
            ("a red apple and a blue mug.", "a red apple.", ["-blue mug"]),
            ("a cat on the mat", "A dog on a MAT!", ["+dog", "-cat"]),
            ("a red apple", "the red apple", []),
        ])
    func defaults(source: String, target: String, expected: [String]) {
        let edits = LEDITSEdit.between(source, target, usual: Self.usual)
        #expect(edits.map { ($0.isRemoval ? "-" : "+") + $0.phrase } == expected)
    }

    @Test(
        "A model with a vocabulary of its own is told the whole prompt, one that reads CLIP's is told phrases"
    )
    func phrases() throws {
        let model = try tinyModel()
        #expect(LEDITSPlusPlus.Phrases.freeLanguage == 49408)
        #expect(try model.tokenizer().vocabularySize == 525)
        #expect(try LEDITSPlusPlus.Phrases.auto.resolved(for: model) == .prompt)
        for named in [LEDITSPlusPlus.Phrases.words, .prompt] {
            #expect(try named.resolved(for: model) == named)
        }
        func edited(_ options: [String: String]) throws -> Tensor {
            try Self.method(options).edit(Self.tiny()).latent
        }
        #expect(try edited([:]).isEqual(to: edited(["edits": "a green pear"])))
        #expect(try edited(["phrases": "words"]).isEqual(to: edited(["edits": "green pear; -red apple"])))
    }

    @Test("The published smoothing: the next pixel counts e⁻¹ of the middle one, borders are mirrored")
    func smoothing() {
        var values = [Float](repeating: 0, count: 20)
        values[7] = 1  // row 1, column 2 of 4 rows of 5
        let smooth = LEDITSMasks.smoothed(Tensor(values, shape: [1, 1, 4, 5])).floats
        let side = 1 / M_E
        let whole = (1 + 2 * side) * (1 + 2 * side)
        var expected = [Double](repeating: 0, count: 20)
        // The row above is the border: its mirror image, which it sees beyond itself, is row 1 again.
        for (row, factor) in [(0, 2 * side), (1, 1), (2, side)] {
            for (column, share) in [(1, side), (2, 1), (3, side)] {
                expected[row * 5 + column] = factor * share / whole
            }
        }
        for (found, wanted) in zip(smooth, expected) { #expect(abs(Double(found) - wanted) < 1e-6) }
    }

    @Test("A quantile between two values lies on the line through them, and what reaches it counts")
    func quantile() {
        let values = Tensor([Float](stride(from: 0, through: 10, by: 1)), shape: [1, 1, 1, 11])
        #expect(values.reaching(quantile: 0.9).sum.item == 2)
        #expect(values.reaching(quantile: 0.95).sum.item == 1)
        #expect(values.reaching(quantile: 0).sum.item == 11)
    }
}
