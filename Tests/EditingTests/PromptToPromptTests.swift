import Diffusion
import Networks
import Prompts
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The oracles of Prompt-to-Prompt on a tiny random network, which hold for any network.
@Suite struct PromptToPromptTests {
    static let source = "a red cat on a mat"
    static let target = "a green dog on a mat"
    static let longer = "a red cat with a hat on a mat"

    static func method(_ options: [String: String] = [:], preset: Preset = .paper) throws -> PromptToPrompt {
        PromptToPrompt(try Options(options, of: PromptToPrompt.description, preset: preset))
    }

    static func distance(_ left: Tensor, _ right: Tensor) -> Double { (left - right).absolute.amax().item }

    /// The tiny network in double precision, in which maps that are formed and maps that are not agree to many digits.
    static func preciseModel() throws -> LoadedModel {
        LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")), dtype: .float64)
    }

    /// A studio, a trajectory and a noise.
    struct Stage {
        let session: DiffusionSession
        let levels: Trajectory
        let noise: Tensor

        init(steps: Int = 5, limits: BatchLimits = BatchLimits()) throws {
            session = DiffusionSession(model: try preciseModel(), limits: limits)
            levels = try session.schedule.levels(steps: steps)
            noise = RandomGenerator(seed: 5).normal([1, 4, 8, 8]).to(dtype: .float64)
        }

        func pair(
            _ source: String, _ target: String, _ options: [String: String], preset: Preset = .paper,
            guidance: Double = 7.5
        ) throws -> (source: Tensor, target: Tensor) {
            try PromptToPromptTests.method(options, preset: preset).generate(
                from: noise, source: source, target: target, levels: levels, guidance: guidance, in: session)
        }

        /// What the prompt alone makes of the noise.
        func alone(_ prompt: String) throws -> Tensor {
            try session.sample(
                noise, from: levels.steps, of: levels, prompt: try session.prompt(prompt),
                negative: try session.prompt(""), scale: 7.5)
        }
    }

    static let kinds: [[String: String]] = [
        ["edit": "replace"], ["edit": "refine"], ["edit": "reweight", "weights": "cat:1"],
        ["cross-steps": "0.2-0.7", "self-steps": "1", "self-scale": "1"], ["blend": "cat"],
        ["word-steps": "cat:0.3-0.5,mat:1"],
    ]

    @Test("Equal prompts make equal pictures, whatever the controller", arguments: kinds)
    func identity(options: [String: String]) throws {
        let pair = try Stage().pair(Self.source, Self.source, options)
        #expect(Self.distance(pair.source, pair.target) < 1e-9)
        // Row by row nothing at all may differ.
        let alone = try Stage(limits: BatchLimits(rows: 1)).pair(Self.source, Self.source, options)
        #expect(alone.source.isEqual(to: alone.target))
    }

    @Test("Without steps the target is what its prompt alone makes")
    func noControl() throws {
        let stage = try Stage()
        let pair = try stage.pair(Self.source, Self.target, ["cross-steps": "0", "self-steps": "0"])
        #expect(Self.distance(pair.target, try stage.alone(Self.target)) < 1e-9)
        // With them it is not.
        let held = try stage.pair(Self.source, Self.target, [:])
        #expect(Self.distance(held.target, pair.target) > 1e-4)
    }

    @Test(
        "The source is what its prompt alone makes, whatever the controller",
        arguments: [
            [:], ["edit": "refine"], ["edit": "reweight", "weights": "dog:-3"], ["weights": "green:5,dog:-1"],
            ["self-steps": "1", "self-scale": "1"], ["blend": "cat,dog", "blend-start": "0"],
        ])
    func sourceStays(options: [String: String]) throws {
        let stage = try Stage()
        let pair = try stage.pair(Self.source, Self.target, options)
        #expect(Self.distance(pair.source, try stage.alone(Self.source)) < 1e-9)
    }

    @Test("Replacing where no word differs is refining where no token is new")
    func refineIsReplace() throws {
        let stage = try Stage()
        let weights = ["weights": "red:3"]
        let replaced = try stage.pair(Self.source, Self.source, weights.merging(["edit": "replace"]) { $1 })
        let refined = try stage.pair(Self.source, Self.source, weights.merging(["edit": "refine"]) { $1 })
        #expect(replaced.target.isEqual(to: refined.target))
        #expect(Self.distance(replaced.target, replaced.source) > 1e-4)
    }

    @Test("A weight multiplies its word's column and leaves all others", arguments: [2.0, 0.5, 0, -1.5])
    func weights(value: Double) throws {
        let stage = try Stage()
        let walk = PairSampling(
            session: stage.session, source: try stage.session.prompt(Self.source),
            target: try stage.session.prompt(Self.target), guidance: 7.5)
        func edited(_ options: [String: String]) throws -> Tensor {
            let controller = try Self.method(options).hold(walk, steps: 5, latentShape: [1, 4, 8, 8])
                .controller
            let length = controller.mapper.gates.count
            let source = RandomGenerator(seed: 1).normal([1, 2, 4, length]).softmax(-1)
            let target = RandomGenerator(seed: 2).normal([1, 2, 4, length]).softmax(-1)
            return controller.edited(source, target, at: 0)
        }
        let plain = try edited([:])
        #expect(plain.isEqual(to: try edited(["weights": "dog:1"])))
        let tokens = try stage.session.model.tokenizer()
        let columns = Set(try tokens.wordTokens("dog", in: tokens.encode(Self.target)).joined())
        let weighted = try edited(["weights": "dog:\(value)"])
        #expect(!columns.isEmpty)
        for column in 0..<plain.shape[3] {
            let (before, after) = (plain.selected(3, at: column), weighted.selected(3, at: column))
            #expect(after.isEqual(to: columns.contains(column) ? before * value : before))
        }
    }

    @Test(
        "As many steps are held as the shares say",
        arguments: [
            (10, "0.8", "0.4", Preset.paper, 8, 4), (10, "0.96", "0.3", .paper, 9, 3),
            (10, "0.95", "0.3", .official, 10, 3), (20, "0.4", "0.29", .official, 8, 5),
            (10, "0.5-0.8", "1", .paper, 3, 10), (10, "0", "0", .official, 0, 0),
        ])
    func edges(steps: Int, cross: String, own: String, preset: Preset, crossed: Int, owned: Int) throws {
        let session = try Stage().session
        let walk = PairSampling(
            session: session, source: try session.prompt(Self.source),
            target: try session.prompt(Self.target),
            guidance: 7.5)
        let hold = try Self.method(["cross-steps": cross, "self-steps": own], preset: preset)
            .hold(walk, steps: steps, latentShape: [1, 4, 8, 8])
        let plans = (0..<steps).map { hold.controller.step($0) }
        #expect(plans.filter { $0.target.sites.contains(where: \.isCrossAttentionMap) }.count == crossed)
        #expect(plans.filter { $0.target.sites.contains { $0.attention == .selfAttention } }.count == owned)
        // All maps over words, and own ones of the coarser layers only.
        let sites = Set(plans.flatMap(\.target.sites))
        #expect(crossed == 0 || sites.filter(\.isCrossAttentionMap).count == 16)
        #expect(sites.allSatisfy { $0.attention == .crossAttention || $0.scale >= 2 })
    }

    @Test("Nothing passes a blend above every threshold, and everything one below")
    func blendExtremes() throws {
        let stage = try Stage()
        let free = try stage.pair(Self.source, Self.target, [:])
        func blended(_ threshold: String, _ start: String = "0") throws -> (source: Tensor, target: Tensor) {
            try stage.pair(
                Self.source, Self.target,
                ["blend": "auto", "blend-threshold": threshold, "blend-start": start])
        }
        let closed = try blended("1")
        #expect(closed.target.isEqual(to: closed.source))
        #expect(Self.distance(try blended("-1").target, free.target) < 1e-9)
        // Blending that never starts does nothing either.
        #expect(Self.distance(try blended("1", "1").target, free.target) < 1e-9)
        let some = try blended("0.9")
        #expect(Self.distance(some.target, some.source) > 0 && Self.distance(some.target, free.target) > 0)
    }

    @Test("A subtracted region stays the source's")
    func blendSubtract() throws {
        let stage = try Stage()
        let pair = try stage.pair(
            Self.source, Self.target,
            [
                "blend": "dog", "blend-threshold": "-1", "blend-subtract": "mat",
                "blend-subtract-threshold": "-1", "blend-start": "0",
            ])
        #expect(pair.target.isEqual(to: pair.source))
    }

    @Test(
        "Row by row gives what batches give",
        arguments: [[:], ["edit": "refine", "blend": "auto"], ["weights": "hat:3", "self-scale": "1"]])
    func batching(options: [String: String]) throws {
        let together = try Stage().pair(Self.source, Self.longer, options)
        let apart = try Stage(limits: BatchLimits(rows: 1)).pair(Self.source, Self.longer, options)
        #expect(Self.distance(together.target, apart.target) < 1e-9)
        #expect(Self.distance(together.source, apart.source) < 1e-9)
    }

    /// A canvas over the tiny network.
    static func context(
        _ target: String, guidance: Double = 7.5, inversion: InversionKind = .direct, strength: Double = 1,
        mask: Tensor? = nil, limits: BatchLimits = BatchLimits()
    ) throws -> EditContext {
        try EditingTests.context(
            on: preciseModel(), prompt: target, source: source, steps: 5, strength: strength,
            guidance: guidance,
            inversion: inversion, mask: mask, limits: limits, dtype: .float64)
    }

    @Test("Equal prompts, direct inversion, both branches held: a photo's latent comes back to the last bit")
    func photoComesBack() throws {
        let context = try Self.context(Self.source, limits: BatchLimits(rows: 1))
        let painting = try Self.method(["correction": "both"]).edit(context)
        #expect(painting.latent.isEqual(to: context.clean))
        // Held to the source alone the target drifts.
        let drifted = try Self.method().edit(context)
        #expect(Self.distance(drifted.latent, context.clean) > 1e-4)
        #expect(drifted.trace["source_latent"]?.isEqual(to: context.clean) == true)
    }

    @Test("Guidance 1 and the inversion's own prompt give the plain round trip")
    func roundTrip() throws {
        let context = try Self.context(Self.source, guidance: 1, inversion: .ddim)
        let painting = try Self.method().edit(context)
        let source = try #require(context.source)
        let plain = try context.session.sample(
            painting.inversion[context.startStep], from: context.startStep, of: context.levels, prompt: source
        )
        #expect(Self.distance(painting.latent, plain) < 1e-9)
    }

    @Test(
        "It costs what it says",
        arguments: [
            (7.5, InversionKind.direct, 1.0, 5 + 19), (1, .direct, 1, 5 + 10), (7.5, .ddim, 0.6, 3 + 11),
            (7.5, .negativePrompt, 1, 5 + 15), (7.5, .direct, 0.1, 0),
        ])
    func cost(guidance: Double, inversion: InversionKind, strength: Double, forwards: Int) throws {
        let context = try Self.context(
            Self.target, guidance: guidance, inversion: inversion, strength: strength)
        let painting = try Self.method(["blend": "auto"]).edit(context)
        #expect(context.session.spent.forwards == forwards)
        #expect(context.session.spent.backwards == 0)
        #expect(painting.inversion.count == context.startStep + 1)
    }

    @Test("A mask puts the picture back outside it, under every inversion", arguments: InversionKind.allCases)
    func masked(inversion: InversionKind) throws {
        let half = Tensor((0..<64).map { $0 < 32 ? Float(1) : 0 }, shape: [1, 1, 8, 8]).to(dtype: .float64)
        let context = try Self.context(Self.target, inversion: inversion, mask: half)
        let painting = try Self.method().edit(context)
        #expect((painting.latent * (1 - half)).isEqual(to: context.clean * (1 - half)))
        #expect(Self.distance(painting.latent, context.clean) > 1e-4)
    }

    @Test("DiffEdit's mask is found first, at its own cost, and the edit stays inside it")
    func foundMask() throws {
        let context = try Self.context(Self.target)
        let painting = try Self.method(["mask-from": "diffedit"]).edit(context)
        #expect(context.session.spent.forwards == 20 + 5 + 19)
        let mask = try #require(painting.mask)
        #expect(mask.sum.item > 0 && mask.sum.item < 64)
        #expect(((painting.latent - context.clean) * (1 - mask)).absolute.amax().item == 0)
        #expect(Self.distance(painting.latent, context.clean) > 1e-4)
        // Equal prompts: nothing is found, said and changed.
        let same = try Self.context(Self.source)
        #expect(try Self.method(["mask-from": "diffedit"]).edit(same).latent.isEqual(to: same.clean))
        #expect(same.session.warnings.count == 1 && same.session.spent.forwards == 0)
    }

    @Test(
        "Mistakes are told before anything is computed, with the nearest word",
        arguments: [
            (["weights": "gren:2"], "did you mean \"green\"?"), (["word-steps": "doggy:0.5"], "\"dog\""),
            (["blend": "cats"], "\"cat\""), (["blend": "auto", "blend-subtract": "mad"], "\"mat\""),
            (["weights": "green"], "red:2"), (["weights": "green:nan"], "red:2"),
            (["cross-steps": "2"], "0.2-0.8"), (["self-steps": "0.8-0.2"], "0.2-0.8"),
            (["word-steps": "dog:3"], "pear:0-0.5"), (["edit": "reweight"], "weights="),
        ])
    func mistakes(options: [String: String], hint: String) throws {
        let context = try Self.context(Self.target)
        let error = #expect(throws: EditingError.self) { _ = try Self.method(options).edit(context) }
        #expect(error?.description.contains(hint) == true, "\(String(describing: error))")
        #expect(context.session.spent.forwards == 0)
    }

    @Test("Words cannot be replaced by more words; auto refines then")
    func counts() throws {
        let context = try Self.context(Self.longer)
        #expect(throws: EditingError.self) { _ = try Self.method(["edit": "replace"]).edit(context) }
        let automatic = try Self.method().edit(context)
        let refined = try Self.method(["edit": "refine"]).edit(try Self.context(Self.longer))
        #expect(automatic.latent.isEqual(to: refined.latent))
    }

    @Test("The words that differ are found, little ones left out, in both kinds of edit")
    func differing() throws {
        let session = try Stage().session
        let tokenizer = try session.model.tokenizer()
        func words(_ source: String, _ target: String) throws -> (source: [Int], target: [Int]) {
            try PromptPair(
                source: PromptWords(try session.prompt(source), tokenizer, method: "x"),
                target: PromptWords(try session.prompt(target), tokenizer, method: "x"), kind: .auto
            ).differing
        }
        func places(_ word: String, _ text: String) throws -> [Int] {
            try tokenizer.wordTokens(word, in: tokenizer.encode(text)).flatMap { Array($0) }
        }
        let replaced = try words("an ox on a mat", "a cat on a mat")
        #expect(replaced.source == (try places("ox", "an ox on a mat")))
        #expect(replaced.target == (try places("cat", "a cat on a mat")))
        let refined = try words("a cat on a mat", "a cat with a hat on a mat")
        #expect(refined.source.isEmpty)
        #expect(refined.target == (try places("hat", "a cat with a hat on a mat")))
        let none = try words("a cat", "a cat")
        #expect(none.source.isEmpty && none.target.isEmpty)
    }
}
