import Diffusion
import Imaging
import Tensors
import Testing
import ToyModels

@testable import Editing

/// The oracles of DiffEdit on a denoiser in closed form, 16×16 latents.
@Suite struct DiffEditTests {
    static let side = 16

    /// "dog" differs from everything else in the first `count` of 256 elements.
    static func model(differing count: Int, by value: Double = 0.4) -> GaussianModel {
        GaussianModel(side: side, means: ["dog": GaussianModel.mean(side: side, first: count, value: value)])
    }

    static func support(_ count: Int) -> [Float] { (0..<(side * side)).map { $0 < count ? 1 : 0 } }

    static func context(
        _ model: GaussianModel, prompt: String = "dog", source: String? = nil, steps: Int = 50,
        strength: Double = 0.8, guidance: Double = 7.5, seed: UInt64 = 0, mask: Tensor? = nil,
        clean: Tensor? = nil, dtype: DType = .float32
    ) throws -> EditContext {
        try EditingTests.context(
            on: model, prompt: prompt, source: source, steps: steps, strength: strength, guidance: guidance,
            seed: seed, mask: mask, clean: clean, dtype: dtype)
    }

    static func diffEdit(_ options: [String: String] = [:], preset: Preset = .paper) throws -> DiffEdit {
        DiffEdit(try Options(options, of: DiffEdit.description, preset: preset))
    }

    static func distance(_ left: Tensor, _ right: Tensor) -> Double { (left - right).absolute.amax().item }

    @Test("O1: with an empty mask the picture's latent comes back to the last bit")
    func emptyMask() throws {
        let context = try Self.context(Self.model(differing: 80), mask: .zeros([1, 1, 16, 16]))
        let painting = try Self.diffEdit().edit(context)
        #expect(painting.latent.isEqual(to: context.clean))
        // The published quirk, one level too noisy, does not manage that.
        let quirk = try Self.diffEdit(["background": "origin"]).edit(context)
        #expect(Self.distance(quirk.latent, context.clean) > 0)
    }

    @Test("O2: a full mask, no text and no guidance are the plain round trip, which closes as steps grow")
    func fullMask() throws {
        var errors: [Double] = []
        for steps in [10, 50, 250] {
            let context = try Self.context(
                Self.model(differing: 80), prompt: "", steps: steps, guidance: 1,
                mask: .ones([1, 1, 16, 16]), dtype: .float64)
            let painting = try Self.diffEdit().edit(context)
            let plain = try context.session.sample(
                painting.inversion[context.startStep], from: context.startStep, of: context.levels,
                prompt: context.empty)
            #expect(Self.distance(painting.latent, plain) < 1e-12)
            errors.append(Self.distance(painting.latent, context.clean))
        }
        #expect(errors[0] > 3 * errors[1] && errors[1] > 3 * errors[2])
    }

    @Test(
        "O3: the mask is where the means differ, for every seed and every number of noises",
        arguments: [1, 3, 10])
    func support(noises: Int) throws {
        for (seed, count) in [(0, 20), (1, 100), (7, 169)] {
            let context = try Self.context(Self.model(differing: count), seed: UInt64(seed))
            let found = try Self.diffEdit(["noises": "\(noises)"]).edit(context)
            #expect(found.mask?.floats == Self.support(count))
        }
    }

    @Test(
        "The rule can switch on two thirds at most: of 0.656 all, of 0.68 nothing",
        arguments: [
            (168, 0.65625), (174, 0.0),
        ])
    func pinnedAreas(count: Int, area: Double) throws {
        let context = try Self.context(Self.model(differing: count))
        let painting = try Self.diffEdit().edit(context)
        #expect(painting.mask?.mean.item == area)
        if area == 0 {
            // Told to the user, and nothing is changed; the percentile rule finds the region.
            #expect(context.session.warnings == ["\(DiffEditMask.emptyMaskAdvice)"])
            #expect(painting.latent.isEqual(to: context.clean))
            let other = try Self.diffEdit(["outliers": "percentile"]).edit(
                Self.context(Self.model(differing: count)))
            #expect(other.mask?.floats == Self.support(count))
        }
    }

    @Test(
        "O4: equal prompts, or prompts that mean the same, give an empty mask and no NaN",
        arguments: [
            ("dog", "dog"), ("cat", "house"),
        ])
    func equalPrompts(prompt: String, source: String) throws {
        for outliers in ["clamp", "percentile"] {
            let context = try Self.context(Self.model(differing: 80), prompt: prompt, source: source)
            let painting = try Self.diffEdit(["outliers": outliers]).edit(context)
            #expect(painting.mask?.sum.item == 0)
            #expect(painting.latent.isEqual(to: context.clean))
            #expect(context.session.warnings.count == 1)
        }
    }

    @Test("O5: scaling ε, guidance and swapping the prompts leave the mask alone, and its area has a bound")
    func invariance() throws {
        // Means that differ by a different amount everywhere, so that the cut falls inside.
        let means = RandomGenerator(seed: 5).normal([1, 3, 16, 16])
        func mask(gain: Double = 1, guidance: String = "1", swapped: Bool = false) throws -> Tensor? {
            let model = GaussianModel(side: 16, means: ["dog": means * means.absolute])
            model.gain = gain
            let context = try Self.context(
                model, prompt: swapped ? "cat" : "dog", source: swapped ? "dog" : "cat", dtype: .float64)
            return try Self.diffEdit(["mask-guidance": guidance]).edit(context).mask
        }
        let plain = try #require(try mask())
        #expect(try mask(gain: 3)?.floats == plain.floats)
        #expect(try mask(guidance: "7.5")?.floats == plain.floats)
        #expect(try mask(swapped: true)?.floats == plain.floats)
        #expect(plain.mean.item > 0 && plain.mean.item <= 2.0 / 3)
    }

    @Test("O6: a mask does not depend on what else is in the pass", arguments: [1, 4, 32])
    func batchIndependence(rows: Int) throws {
        let model = Self.model(differing: 100)
        var contexts: [[Float]] = []
        for seed in [3, 4] {
            let own = try Self.context(model)
            let context = try EditingTests.context(
                on: model, prompt: "dog", strength: 0.8, seed: 3, clean: own.clean * Double(seed),
                limits: BatchLimits(rows: rows))
            contexts.append(
                try DiffEditMask(Options([:], of: DiffEdit.description)).find(on: context).mask.floats)
        }
        #expect(contexts == [Self.support(100), Self.support(100)])
    }

    @Test("O7: every noise is fresh: the variance of the difference over seeds falls as 1/n")
    func freshNoises() throws {
        func variance(noises: Int) throws -> Double {
            let finder = DiffEditMask(
                try Options(["noises": "\(noises)"], of: DiffEdit.description))
            let differences = try (0..<16).map { seed in
                let model = Self.model(differing: 256)
                model.sensitivity = 1
                return try finder.difference(on: Self.context(model, seed: UInt64(seed), dtype: .float64))
            }
            let all = Tensor.concatenated(differences)
            return (all - all.mean([0], keeping: true)).squared.mean.item
        }
        let ratio = try variance(noises: 1) / variance(noises: 10)
        #expect(ratio > 7 && ratio < 14)
    }

    @Test("The difference is the mean of what each noise and channel differ by, without regard to sign")
    func difference() throws {
        let model = Self.model(differing: 256)
        model.sensitivity = 1
        let context = try Self.context(model, seed: 3, dtype: .float64)
        let finder = DiffEditMask(try Options(["noises": "5"], of: DiffEdit.description))
        let found = try finder.difference(on: context)
        let again = try Self.context(model, seed: 3, dtype: .float64)
        let level = again.levels[25]
        let each = try (0..<5).map { _ in
            let noised = DDIM.addNoise(again.clean, again.freshNoise(), to: level)
            let noises = try again.session.predict([
                Query(noised, at: level, prompt: again.prompt), Query(noised, at: level, prompt: again.empty),
            ])
            return noises[0] - noises[1]
        }
        let all = Tensor.concatenated(each)  // [5, 3, 16, 16]
        #expect(Self.distance(found, all.absolute.mean([0, 1], keeping: true)) < 1e-12)
        // Signs differ among noises and among channels, so that a mean before would be another map.
        #expect(Self.distance(found, all.mean([0], keeping: true).absolute.mean([1], keeping: true)) > 1e-3)
        #expect(Self.distance(found, all.mean([1], keeping: true).absolute.mean([0], keeping: true)) > 1e-3)
    }

    @Test(
        "The mask is looked for at its share of the trajectory",
        arguments: [("0.3", 281), ("0.5", 481), ("1", 981), ("0.01", 1)])
    func maskLevel(share: String, timestep: Int) throws {
        let model = Self.model(differing: 80)
        _ = try DiffEditMask(Options(["mask-noise": share], of: DiffEdit.description))
            .find(on: Self.context(model))
        #expect(model.timesteps == Array(repeating: timestep, count: 20))
    }

    @Test("With the paper's defaults an edit costs 140 forwards; a mask given, 120; guidance 1, less")
    func cost() throws {
        for (mask, guidance, preset, expected) in [
            (false, 7.5, Preset.paper, 140), (true, 7.5, .paper, 120), (false, 1, .paper, 100),
            (false, 7.5, .official, 30 + 80 + 80),
        ] {
            let context = try Self.context(
                Self.model(differing: 80), source: preset == .official ? "cat" : nil, guidance: guidance,
                mask: mask ? .ones([1, 1, 16, 16]) : nil)
            _ = try Self.diffEdit(preset: preset).edit(context)
            #expect(context.session.spent.forwards == expected)
            #expect(context.session.spent.backwards == 0)
        }
    }

    @Test("Without mask and without encoding DiffEdit is SDEdit, and without mask alone it is encode–decode")
    func ablations() throws {
        let sdedit = try SDEdit(Options([:], of: SDEdit.description)).edit(
            Self.context(Self.model(differing: 80)))
        let noise = try Self.diffEdit(["mask": "none", "encode": "noise"]).edit(
            Self.context(Self.model(differing: 80)))
        #expect(noise.latent.isEqual(to: sdedit.latent))
        let ddim = try DDIMEdit(Options([:], of: DDIMEdit.description)).edit(
            Self.context(Self.model(differing: 80)))
        let encode = try Self.diffEdit(["mask": "none"]).edit(Self.context(Self.model(differing: 80)))
        #expect(encode.latent.isEqual(to: ddim.latent))
        #expect(Self.distance(ddim.latent, sdedit.latent) > 0.01)
    }

    @Test("Outside the mask nothing changes, inside it does, and blending clean latents differs from both")
    func blending() throws {
        let context = try Self.context(Self.model(differing: 80))
        let painting = try Self.diffEdit().edit(context)
        let mask = try #require(painting.mask)
        #expect(((painting.latent - context.clean) * (1 - mask)).absolute.amax().item == 0)
        #expect(((painting.latent - context.clean) * mask).absolute.mean.item > 0.01)
        let glide = try Self.diffEdit(["blend": "predicted"]).edit(Self.context(Self.model(differing: 80)))
        #expect(Self.distance(glide.latent, painting.latent) > 1e-3)
    }
}
