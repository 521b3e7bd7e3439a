import Diffusion
import Imaging
import Networks
import Prompts
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// What must hold of MasaCtrl, on tiny random networks of Stable Diffusion's shape.
@Suite struct MasaCtrlTests {
    static let paper = ["up2.0", "up2.1", "up2.2", "up3.0", "up3.1", "up3.2"]

    static func method(_ options: [String: String] = [:], preset: Preset = .paper) throws -> MasaCtrl {
        MasaCtrl(try Options(options, of: MasaCtrl.description, preset: preset))
    }

    static func keysAndValues(_ layers: [String]) -> Set<String> {
        Set(layers.flatMap { ["\($0).self.key", "\($0).self.value"] })
    }

    static func context(
        on model: any DiffusionModel, prompt: String = "a green pear", source: String? = "a red apple",
        steps: Int = 5, guidance: Double = 7.5, inversion: InversionKind = .direct, mask: Tensor? = nil,
        clean: Tensor? = nil, limits: BatchLimits = BatchLimits(), dtype: DType = .float32
    ) throws -> EditContext {
        try EditingTests.context(
            on: model, prompt: prompt, source: source, steps: steps, guidance: guidance, inversion: inversion,
            mask: mask, clean: clean, limits: limits, dtype: dtype)
    }

    @Test("Five steps agree with diffusers' modules and hooks (Scripts/parity/features.py)")
    func parity() throws {
        let theirs = try Fixtures.tensors("features.safetensors").tensor("masactrl")
        let model = LoadedModel(folder: try tinyModel().folder, dtype: .float64)
        let painting = try Self.method(["start-step": "0.2"]).edit(Self.context(on: model, dtype: .float64))
        #expect(relativeError(painting.inversion[5], theirs.rows(5..<6).squeezed(0)) < 1e-6)
        #expect(relativeError(painting.latent, theirs.rows(0..<1).squeezed(0)) < 1e-6)
    }

    @Test(
        "From layer 10 of 16 it is the decoder but for its first stage with attention; others by share",
        arguments: [
            ("tiny-sd1", 10, paper), ("tiny-sd1", 16, []), ("tiny-sd1", 13, ["up3.0", "up3.1", "up3.2"]),
            ("tiny-sd2", 10, ["up2.1", "up3.0", "up3.1"]), ("tiny-deep", 10, ["up1.0", "up1.1"]),
        ])
    func layers(name: String, start: Int, expected: [String]) throws {
        let sites = try tinyModel(name).sites
        #expect(
            Set(try Self.reach(["start-layer": "\(start)"]).keysAndValues(among: sites).map(\.description))
                == Self.keysAndValues(expected))
        #expect(
            try Self.reach(["start-layer": "0"]).keysAndValues(among: sites).count
                == 2 * sites.count { $0.isSelfAttentionMap })
    }

    static func reach(_ options: [String: String]) throws -> MasaCtrlReach {
        try MasaCtrlReach(Options(options, of: MasaCtrl.description))
    }

    @Test("S is a share of the steps: 4 of 50, 2 of 20, 8 of 100; lists of layers and steps count before it")
    func reaches() throws {
        func acting(_ options: [String: String], of steps: Int) throws -> [Int] {
            let reach = try Self.reach(options)
            return (0..<steps).filter { reach.acts(in: $0, of: steps) }
        }
        for (steps, first) in [(50, 4), (20, 2), (100, 8), (5, 0)] {
            #expect(try acting([:], of: steps) == Array(first..<steps))
        }
        #expect(try acting(["steps": "0.1-0.3, 0.8-1", "start-step": "1"], of: 10) == [1, 2, 8, 9])
        #expect(try acting(["start-step": "1"], of: 10).isEmpty)
        let sites = try tinyModel().sites
        #expect(try Self.reach(["layers": "0, 10-11"]).layers == [0, 10, 11])
        #expect(
            Set(try Self.reach(["layers": "0,10-11"]).keysAndValues(among: sites).map(\.description))
                == Self.keysAndValues(["down0.0", "up2.0", "up2.1"]))
        #expect(
            throws: EditingError.badValue(
                name: "option layers", value: "9-16", expected: "numbers from 0 to 15 such as 8,10-12")
        ) { try Self.reach(["layers": "9-16"]) }
        #expect(
            throws: EditingError.badValue(
                name: "option steps", value: "4", expected: "shares of the way such as 0.1-0.4,0.6-1")
        ) { try Self.reach(["steps": "4"]) }
    }

    @Test(
        "From step S on, both target rows take the source's keys and values, and never before"
    )
    func steps() throws {
        let model = try WatchedModel(dtype: .float64)
        model.watched = Set(try model.sites.filter(\.isSelfAttentionMap))
        _ = try Self.method(["start-step": "0.4"]).edit(Self.context(on: model, dtype: .float64))
        let wanted = Self.keysAndValues(Self.paper)
        // Five to invert, two steps of two rows, three of four.
        #expect(model.rows.count == 5 + 2 * 2 + 3 * 4)
        #expect(model.rows[..<9].allSatisfy { $0.edited.isEmpty && $0.recorded.isEmpty })
        for step in 0..<3 {
            let rows = Array(model.rows[(9 + 4 * step)..<(13 + 4 * step)])
            #expect(rows.map(\.edited) == [[], [], wanted, wanted])
            #expect(rows.map(\.recorded) == [wanted, wanted, [], []])
            #expect(Set(rows.map(\.timestep)).count == 1)
            #expect(rows[0].latent.isEqual(to: rows[1].latent) && rows[2].latent.isEqual(to: rows[3].latent))
        }
    }

    @Test("The row away from the prompt looks at the source away from its prompt")
    func rowsLookAtTheirLike() throws {
        let model = try WatchedModel(dtype: .float64)
        let key = try #require(try model.sites.named("up2.0.self.map"))
        model.watched = [key]
        // In the first step target and source are one latent; with one prompt only the rows' order is left.
        _ = try Self.method(["start-step": "0"]).edit(
            Self.context(on: model, prompt: "a red apple", dtype: .float64))
        let maps = model.rows[5..<9].map { $0.seen[key] }
        #expect(distance(maps[2], maps[0]) < 1e-12 && distance(maps[3], maps[1]) < 1e-12)
        #expect(distance(maps[0], maps[1]) > 1e-9)
    }

    @Test("The source's own prompt gives back the source's walk, guided or not", arguments: [1, 7.5])
    func identity(guidance: Double) throws {
        let context = try Self.context(
            on: LoadedModel(folder: try tinyModel().folder, dtype: .float64), prompt: "a red apple",
            guidance: guidance, inversion: .ddim, dtype: .float64)
        let painting = try Self.method(["start-step": "0", "start-layer": "0"]).edit(context)
        let walked = try context.session.sample(
            painting.inversion[5], from: 5, of: context.levels, prompt: context.prompt,
            negative: context.negative, scale: guidance)
        #expect(relativeError(painting.latent, walked) < 1e-10)
    }

    @Test("S = N and L = 16 are no control: plain sampling from the inverted picture")
    func noControl() throws {
        // In double precision, where rows that are batched otherwise agree to many digits.
        let model = LoadedModel(folder: try ModelFolder(path: Fixtures.model("tiny-sd1")), dtype: .float64)
        let context = try Self.context(on: model, dtype: .float64)
        for options in [["start-step": "1"], ["start-layer": "16"]] {
            let painting = try Self.method(options).edit(context)
            let plain = try context.session.sample(
                painting.inversion[5], from: 5, of: context.levels, prompt: context.prompt,
                negative: context.negative, scale: context.guidance)
            #expect(distance(painting.latent, plain) < 1e-12)
            let controlled = try Self.method(["start-step": "0"]).edit(context)
            #expect(distance(controlled.latent, plain) > 1e-4)
        }
    }

    @Test(
        "The cost is that of the formula",
        arguments: [
            (InversionKind.direct, 7.5, "a red apple", 50 + 100 + 2 * 46),
            (.ddim, 7.5, "a red apple", 50 + 100 + 99), (.direct, 1, "a red apple", 50 + 50 + 46),
            // Without a source prompt the source sees what guidance leads away from.
            (.direct, 7.5, nil, 50 + 100 + 46), (.ddim, 7.5, nil, 50 + 100 + 49),
            (.negativePrompt, 7.5, "a red apple", 50 + 100 + 49),
        ] as [(InversionKind, Double, String?, Int)])
    func cost(inversion: InversionKind, guidance: Double, source: String?, expected: Int) throws {
        let context = try Self.context(
            on: try tinyModel(), source: source, steps: 50, guidance: guidance, inversion: inversion)
        _ = try Self.method().edit(context)
        #expect(context.session.spent.forwards == expected)
        #expect(context.session.spent.backwards == 0)
    }

    @Test("Batched or one by one, the painting is the same, masks from words included", arguments: [1, 3])
    func batching(rows: Int) throws {
        for options in [[:], ["foreground": "pear", "source-foreground": "apple"]] {
            func paint(_ limits: BatchLimits) throws -> Tensor {
                let model = LoadedModel(folder: try tinyModel().folder, dtype: .float64)
                return try Self.method(options.merging(["start-step": "0.2"]) { $1 }).edit(
                    Self.context(on: model, inversion: .ddim, limits: limits, dtype: .float64)
                ).latent
            }
            #expect(relativeError(try paint(BatchLimits(rows: rows)), try paint(BatchLimits())) < 1e-10)
        }
    }

    @Test("Restricted attention is the softmax over the places left; an empty thing restricts nothing")
    func restricted() {
        let scores = RandomGenerator(seed: 2).normal([1, 2, 3, 4]).to(dtype: .float64)
        let source = Tensor([0, 1, 1, 0] as [Double], shape: [1, 1, 1, 4])
        let target = Tensor([1, 0, 0.25] as [Double], shape: [1, 1, 3, 1])
        let found = ForegroundMask.restricted(scores.softmax(-1), source: source, target: target)
        let thing = (scores - (1 - source) * 1e9).softmax(-1)
        let rest = (scores - source * 1e9).softmax(-1)
        #expect(relativeError(found, thing * target + rest * (1 - target)) < 1e-12)
        let nothing = ForegroundMask.restricted(
            scores.softmax(-1), source: source.zerosLike, target: target.zerosLike + 1)
        #expect(relativeError(nothing, scores.softmax(-1)) < 1e-12)
    }

    @Test("With a thing named, its places look at its places only, in the controlled layers")
    func foreground() throws {
        let model = try WatchedModel(dtype: .float64)
        let painting = try Self.method(["foreground": "pear", "source-foreground": "apple"]).edit(
            Self.context(on: model, dtype: .float64))
        let controlled = model.rows.last?.edited ?? []
        #expect(controlled == Self.keysAndValues(Self.paper).union(Self.paper.map { "\($0).self.map" }))
        let plain = try Self.method().edit(Self.context(on: model, dtype: .float64))
        #expect(distance(painting.latent, plain.latent) > 1e-6)
        // A threshold of zero makes everything the thing: there is no rest to be kept from it.
        let all = try Self.method(["foreground": "a", "mask-threshold": "0"]).edit(
            Self.context(on: model, dtype: .float64))
        #expect(relativeError(all.latent, plain.latent) < 1e-10)
    }

    @Test("The official preset walks the source without its prompt, unless words of it are looked for")
    func emptySource() throws {
        func painted(_ source: String?, _ options: [String: String] = [:]) throws -> Tensor {
            try Self.method(options, preset: .official).edit(
                Self.context(on: tinyModel(), source: source, inversion: .ddim)
            ).latent
        }
        #expect(try painted("a red apple").isEqual(to: painted(nil)))
        #expect(try distance(painted("a red apple", ["source-sees": "given"]), painted(nil)) > 1e-4)
        let words = ["foreground": "pear", "source-foreground": "apple"]
        #expect(try distance(painted("a red apple", words), painted(nil)) > 1e-4)
    }

    @Test("Given masks keep thing and rest apart; where all is the thing, nothing is kept from it")
    func givenMasks() throws {
        func painted(_ masks: [String: Mask]) throws -> Tensor {
            let model = LoadedModel(folder: try tinyModel().folder, dtype: .float64)
            var context = try Self.context(on: model, dtype: .float64)
            context.files = masks.mapValues { .mask($0) }
            return try Self.method(masks.mapValues { _ in "mask.png" }).edit(context).latent
        }
        let all = Mask(width: 1, height: 1, filledWith: 1)
        let (left, right) = (
            Mask(width: 2, height: 1, values: [1, 0]), Mask(width: 2, height: 1, values: [0, 1])
        )
        let plain = try painted([:])
        #expect(try relativeError(painted(["source-mask": all]), plain) < 1e-10)
        let kept = try painted(["source-mask": left])
        #expect(distance(kept, plain) > 1e-6)
        #expect(try painted(["source-mask": left, "target-mask": left]).isEqual(to: kept))
        #expect(try distance(painted(["source-mask": left, "target-mask": right]), kept) > 1e-6)
    }

    @Test("Masks must come in the right order, and be read by whoever asks")
    func badMasks() throws {
        let context = try Self.context(on: tinyModel())
        #expect(
            throws: EditingError.missing(.option("source-mask", beside: "target-mask"), method: "masactrl")
        ) {
            try Self.method(["target-mask": "new.png"]).edit(context)
        }
        #expect(
            throws: EditingError.missing(.file(of: "source-mask"), method: "masactrl")
        ) {
            try Self.method(["source-mask": "old.png"]).edit(context)
        }
        #expect(context.session.spent.forwards == 0)
    }

    @Test("A thing that the prompts do not name is an error that says so")
    func unknownWords() throws {
        let model = try tinyModel()
        #expect(throws: TokenizerError.phraseNotFound(phrase: "cat", prompt: "a green pear")) {
            try Self.method(["foreground": "cat"]).edit(Self.context(on: model))
        }
        #expect(throws: TokenizerError.phraseNotFound(phrase: "pear", prompt: "a red apple")) {
            try Self.method(["foreground": "pear"]).edit(Self.context(on: model))
        }
        for (options, source) in [
            (["foreground": "pear"], nil), (["source-foreground": "apple"], "a red apple"),
        ] {
            #expect(throws: EditingError.self) {
                try Self.method(options).edit(Self.context(on: model, source: source))
            }
        }
    }

    @Test("Outside the mask the picture's latent comes back to the last bit, whatever the inversion")
    func masked() throws {
        for inversion in InversionKind.allCases {
            let context = try Self.context(
                on: try tinyModel(), inversion: inversion, mask: .zeros([1, 1, 8, 8]))
            #expect(try Self.method().edit(context).latent.isEqual(to: context.clean))
        }
    }
}
