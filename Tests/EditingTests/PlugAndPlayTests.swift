import Diffusion
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// What must hold of Plug-and-Play, on tiny random networks of Stable Diffusion's shape.
@Suite struct PlugAndPlayTests {
    static let attention = Set(
        ["up1.1", "up1.2", "up2.0", "up2.1", "up2.2", "up3.0", "up3.1", "up3.2"].flatMap {
            ["\($0).self.query", "\($0).self.key"]
        })
    static let features: Set = ["up1.1.features"]

    static func method(_ options: [String: String] = [:], preset: Preset = .paper) throws -> PlugAndPlay {
        PlugAndPlay(try Options(options, of: PlugAndPlay.description, preset: preset))
    }

    static func context(
        on model: any DiffusionModel, prompt: String = "a green pear", source: String? = nil,
        negative: String = "", steps: Int = 5, guidance: Double = 7.5, inversion: InversionKind = .direct,
        mask: Tensor? = nil, limits: BatchLimits = BatchLimits(), dtype: DType = .float32
    ) throws -> EditContext {
        try EditingTests.context(
            on: model, prompt: prompt, source: source, negative: negative, steps: steps, guidance: guidance,
            inversion: inversion, mask: mask, limits: limits, dtype: dtype)
    }

    @Test("Five steps agree with diffusers' modules and hooks (Scripts/parity/features.py)")
    func parity() throws {
        let theirs = try Fixtures.tensors("features.safetensors").tensor("plug-and-play")
        let model = LoadedModel(folder: try tinyModel().folder, dtype: .float64)
        let painting = try Self.method().edit(Self.context(on: model, dtype: .float64))
        #expect(relativeError(painting.inversion[5], theirs.rows(5..<6).squeezed(0)) < 1e-6)
        #expect(relativeError(painting.latent, theirs.rows(0..<1).squeezed(0)) < 1e-6)
    }

    @Test("In Stable Diffusion's shape the layers are the paper's: features of block 4, attention of 4 to 11")
    func paperSites() throws {
        let model = try tinyModel()
        // Channels apart, the tiny network is built as Stable Diffusion 1.5 is: its sites are the same.
        let (tiny, real) = (model.folder.unet, UNetConfiguration())
        #expect(tiny.upAttends == real.upAttends && tiny.layersPerBlock == real.layersPerBlock)
        let sites = PlugAndPlay.sites(among: try model.sites)
        #expect(Set(sites.features.map(\.description)) == Self.features)
        #expect(Set(sites.attention.map(\.description)) == Self.attention)
    }

    @Test(
        "In other shapes they begin at the second layer of the first decoder stage with attention",
        arguments: [
            ("tiny-sd2", "up1.1", ["up1.1", "up2.0", "up2.1", "up3.0", "up3.1"]),
            ("tiny-deep", "up0.1", ["up0.1", "up1.0", "up1.1"]), ("tiny-odd", "up1.1", ["up1.1"]),
        ])
    func otherSites(name: String, features: String, attention: [String]) throws {
        let sites = PlugAndPlay.sites(among: try tinyModel(name).sites)
        #expect(sites.features.map(\.description) == [features + ".features"])
        #expect(
            sites.attention.map(\.description)
                == attention.flatMap { ["\($0).self.query", "\($0).self.key"] })
        #expect(PlugAndPlay.sites(among: []).attention.isEmpty)
    }

    @Test("P1: a target that sees what the source sees gets the source's noise, injected or not")
    func identity() throws {
        for shares in ["0", "1"] {
            let model = try WatchedModel(dtype: .float64)
            let context = try Self.context(
                on: model, prompt: "a red apple", source: "a red apple", inversion: .ddim, dtype: .float64)
            let painting = try Self.method([
                "feature-steps": shares, "attention-steps": shares, "inversion-prompt": "source",
                "negative-share": "0",
            ]).edit(try context.guided(away: "a red apple"))
            // The source's own walk down.
            let walked = try context.session.sample(
                painting.inversion[5], from: 5, of: context.levels, prompt: context.prompt)
            #expect(relativeError(painting.latent, walked) < 1e-10)
        }
    }

    @Test("P2: without injection it is plain sampling from the inverted picture, to the last bit")
    func noInjection() throws {
        let context = try Self.context(on: try tinyModel())
        let painting = try Self.method(["feature-steps": "0", "attention-steps": "0"]).edit(context)
        let plain = try context.session.sample(
            painting.inversion[5], from: 5, of: context.levels, prompt: context.prompt,
            negative: context.negative, scale: context.guidance)
        #expect(painting.latent.isEqual(to: plain))
        let injected = try Self.method().edit(context)
        #expect(distance(injected.latent, plain) > 1e-4)
    }

    @Test(
        "P3: both target rows attend as the source does, in these layers only; values are not"
    )
    func attentionIsTheSources() throws {
        let model = try WatchedModel(dtype: .float64)
        model.watched = Set(
            try model.sites.filter {
                $0.isSelfAttentionMap || ($0.attention == .selfAttention && $0.value == .value)
            })
        // Wide enough that the middle, eight times smaller, has more than one place to look at.
        let clean = RandomGenerator(seed: 4).normal([1, 4, 16, 16])
        _ = try Self.method().edit(
            EditingTests.context(
                on: model, prompt: "a green pear", steps: 5, inversion: .direct, clean: clean, dtype: .float64
            ))
        let maps = try model.sites.filter(\.isSelfAttentionMap)
        // The second painting step: in the first all three latents are still the same.
        let rows = Array(model.rows[8..<11])
        #expect(Set(rows.map(\.timestep)).count == 1)
        for map in maps {
            let name = map.description.replacing(".map", with: "")
            let value = try #require(try model.sites.named(name + ".value"))
            let isPaper = Self.attention.contains(name + ".query")
            for row in rows[1...] {
                let difference = distance(row.seen[map], rows[0].seen[map])
                #expect(isPaper ? difference == 0 : difference > 1e-9, "\(map)")
                #expect(distance(row.seen[value], rows[0].seen[value]) > 1e-9)
            }
        }
        #expect(maps.count == 16)
    }

    @Test(
        "P4: features go into the first 40 of 50 steps, attention into 25; the published code adds one each")
    func steps() throws {
        for (preset, features, attention) in [(Preset.paper, 40, 25), (.official, 41, 26)] {
            let model = try WatchedModel()
            _ = try Self.method(["inversion-steps": "0"], preset: preset).edit(
                Self.context(on: model, steps: 50))
            for row in model.rows {
                #expect(row.edited.isSubset(of: Self.features.union(Self.attention)))
            }
            // Two rows a step: away from the prompt and towards it.
            let steps = Dictionary(grouping: model.rows[50...], by: \.timestep).values
            #expect(steps.count == 50)
            #expect(steps.count { $0.count { $0.edited.isSuperset(of: Self.features) } == 2 } == features)
            #expect(steps.count { $0.count { $0.edited.isSuperset(of: Self.attention) } == 2 } == attention)
            // They are the noisiest, and the source's row records what the others take.
            let first = model.rows[50...].prefix(3).map(\.edited)
            #expect(first == [[], Self.features.union(Self.attention), Self.features.union(Self.attention)])
            #expect(model.rows[50].recorded == first[1])
        }
    }

    @Test("P5: what is replaced is the branch before the skip is added")
    func branch() throws {
        let model = try WatchedModel(dtype: .float64)
        let site = try #require(try model.sites.named("up1.1.features"))
        let query = try #require(try model.sites.named("up1.1.self.query"))
        model.watched = [site, query]
        // Features alone, so that nothing else is the source's.
        _ = try Self.method(["attention-steps": "0", "feature-steps": "1"]).edit(
            Self.context(on: model, dtype: .float64))
        let rows = Array(model.rows[8..<11])
        for row in rows[1...] {
            // The recording sees what the row's own network made, which is not the source's...
            #expect(distance(row.seen[site], rows[0].seen[site]) > 1e-9)
            // ...and behind the skip the rows still differ: it is the target's own.
            #expect(distance(row.seen[query], rows[0].seen[query]) > 1e-9)
        }
    }

    @Test("P6: rows do not talk: batched or one by one, the painting is the same", arguments: [1, 2])
    func batching(rows: Int) throws {
        func paint(_ limits: BatchLimits) throws -> Tensor {
            let model = LoadedModel(folder: try tinyModel().folder, dtype: .float64)
            let context = try Self.context(
                on: model, negative: "a red apple", inversion: .ddim, limits: limits, dtype: .float64)
            return try Self.method().edit(context).latent
        }
        #expect(relativeError(try paint(BatchLimits(rows: rows)), try paint(BatchLimits())) < 1e-10)
    }

    @Test("P7: the more steps take the source's attention and features, the nearer to the source")
    func nearer() throws {
        let distances = try ["0", "0.5", "1"].map { share in
            let context = try Self.context(on: try tinyModel(), steps: 10)
            let painting = try Self.method(["feature-steps": share, "attention-steps": share]).edit(context)
            return (painting.latent - context.clean).squared.mean.item
        }
        #expect(distances == distances.sorted(by: >))
    }

    @Test(
        "The cost is that of the formula",
        arguments: [
            // direct: 50 + 40 + 100; walked: 50 + 50 + 100; without guidance one target row.
            (["inversion-steps": "0"], InversionKind.direct, 7.5, "", 190),
            (["inversion-steps": "0"], .ddim, 7.5, "", 200), ([:], .direct, 1, "", 140),
            (["feature-steps": "0", "attention-steps": "0.5"], .direct, 7.5, "", 175),
            // 981 = 1 + 5·196 is the 197th of 200 levels, and the 981st of 999.
            (["inversion-steps": "200"], .direct, 7.5, "", 197 + 140),
            (["inversion-steps": "999"], .direct, 7.5, "", 981 + 140),
            (["inversion-steps": "999", "start": "noisiest"], .ddim, 7.5, "", 999 + 150),
            // Linear: empty alone in the first step, negative alone in the last, both in 48.
            ([:], .direct, 7.5, "x", 190 + 48),
            (["negative-schedule": "constant"], .direct, 7.5, "x", 190),
            (["negative-schedule": "constant", "negative-share": "0"], .direct, 7.5, "x", 190),
            (["negative-share": "0.75", "negative-schedule": "exponential"], .direct, 7.5, "x", 190 + 50),
        ] as [([String: String], InversionKind, Double, String, Int)])
    func cost(
        options: [String: String], inversion: InversionKind, guidance: Double, negative: String, expected: Int
    ) throws {
        let context = try Self.context(
            on: try tinyModel(), negative: negative, steps: 50, guidance: guidance, inversion: inversion)
        _ = try Self.method(options).edit(context)
        #expect(context.session.spent.forwards == expected)
        #expect(context.session.spent.backwards == 0)
    }

    @Test("A finer inversion comes nearer to the picture on the way back, and halts at the edit's levels")
    func finer() throws {
        var errors: [Double] = []
        for steps in [50, 200, 999] {
            let context = try EditingTests.context(
                on: GaussianModel(means: ["": GaussianModel.mean(side: 16, first: 100, value: 0.5)]),
                prompt: "", inversion: .direct, dtype: .float64)
            let fine = try context.invert(finely: steps, prompt: context.empty)
            #expect(fine.path.latents.count == 51 && fine.path.levels == context.levels)
            #expect(fine.path.latents[0].isEqual(to: context.clean))
            // The exact way, far finer steps apart, is one line in latent and noise for Gaussian data.
            let levels = try context.session.schedule.levels(steps: steps)
            let back = try context.session.sample(
                fine.path.start, from: levels.lastIndex { $0.timestep == 981 } ?? 0, of: levels,
                prompt: context.empty)
            errors.append(distance(back, context.clean))
        }
        #expect(errors == errors.sorted(by: >))
        #expect(errors[2] < errors[0] / 10)
    }

    @Test(
        "Steps of an inversion that pass by a timestep of the edit are an error that names some that do not")
    func badSteps() throws {
        let context = try Self.context(on: try tinyModel(), steps: 20)
        #expect(
            throws: EditingError.badValue(
                name: "option inversion-steps", value: "50",
                expected:
                    "0 or a number of steps that pass through all 20 of the edit, such as 20, 39, 40, 999")
        ) { try Self.method(["inversion-steps": "50"]).edit(context) }
        #expect(throws: EditingError.self) {
            try Self.method(["inversion-prompt": "source"]).edit(context)
        }
    }

    @Test("The published start is the noisiest latent, told that it is less noisy")
    func publishedStart() throws {
        let model = try WatchedModel()
        let context = try Self.context(on: model, steps: 50, inversion: .ddim)
        let painting = try Self.method(preset: .official).edit(context)
        // Rows of the first painting step: source, away, towards.
        let rows = Array(model.rows[999..<1002])
        #expect(rows.map(\.timestep) == [981, 981, 981])
        #expect(rows[0].latent.isEqual(to: painting.inversion[50]))
        #expect(distance(rows[1].latent, rows[0].latent) > 1e-3)
        #expect(rows[2].latent.isEqual(to: rows[1].latent))
    }

    @Test("A negative prompt takes over from the empty one as its schedule says")
    func negatives() throws {
        func paint(_ options: [String: String], negative: String = "a red apple") throws -> Tensor {
            try Self.method(options).edit(Self.context(on: try tinyModel(), negative: negative)).latent
        }
        let none = try paint([:], negative: "")
        let full = try paint(["negative-share": "0"])
        #expect(distance(try paint(["negative-schedule": "constant"]), none) == 0)
        let linear = try paint([:])
        #expect(distance(linear, none) > 1e-5 && distance(linear, full) > 1e-5)
        #expect(distance(linear, try paint(["negative-schedule": "exponential"])) > 1e-5)
    }

    @Test("Outside the mask the picture's latent comes back to the last bit, whatever the inversion")
    func masked() throws {
        for inversion in InversionKind.allCases {
            let context = try Self.context(
                on: try tinyModel(), source: "a red apple", inversion: inversion, mask: .zeros([1, 1, 8, 8]))
            #expect(try Self.method().edit(context).latent.isEqual(to: context.clean))
        }
    }

    @Test(
        "The empty prompt's share falls from α as the schedule says, noisiest step first",
        arguments: ["linear", "constant", "exponential"])
    func negativeShares(schedule: String) throws {
        func fall(_ i: Double) -> Double {
            ["linear": 1 - i / 9, "constant": 1, "exponential": exp(-6 * i / 9)][schedule] ?? .nan
        }
        let model = GaussianModel(
            means: [
                "dog": GaussianModel.mean(side: 16, first: 96, value: 0.8),
                "fog": GaussianModel.mean(side: 16, first: 180, value: -0.5),
            ])
        let context = try EditingTests.context(
            on: model, prompt: "dog", negative: "fog", steps: 10, guidance: 4, inversion: .direct,
            dtype: .float64)
        let painting = try Self.method(["negative-share": "0.75", "negative-schedule": schedule]).edit(
            context)
        var x = painting.inversion[10]
        for i in 0..<10 {
            let level = context.levels[10 - i]
            let noises = try context.session.predict(
                [context.empty, context.negative, context.prompt].map { Query(x, at: level, prompt: $0) })
            let share = 0.75 * fall(Double(i))
            let away = noises[0] * share + noises[1] * (1 - share)
            x = DDIM.step(x, away + (noises[2] - away) * 4, from: level, to: context.levels[9 - i])
        }
        #expect(distance(painting.latent, x) < 1e-10)
    }

    @Test("Layers can be named; what the decoder does not have is refused with what it has")
    func layers() throws {
        let all = try tinyModel().sites
        let chosen = try PlugAndPlay.sites(among: all, features: "up2.0, up1.1", attention: "up3.2")
        #expect(chosen.features.map(\.description) == ["up1.1.features", "up2.0.features"])
        #expect(chosen.attention.map(\.description) == ["up3.2.self.query", "up3.2.self.key"])
        let usual = try PlugAndPlay.sites(among: all, features: "", attention: "")
        #expect(Set(usual.features.map(\.description)) == Self.features)
        #expect(Set(usual.attention.map(\.description)) == Self.attention)
        #expect(
            throws: EditingError.badValue(
                name: "option attention-layers", value: "up0.1",
                expected:
                    "some of up1.0, up1.1, up1.2, up2.0, up2.1, up2.2, up3.0, up3.1, up3.2, with commas between"
            )
        ) { try PlugAndPlay.sites(among: all, features: "", attention: "up0.1") }
        let model = try WatchedModel()
        _ = try Self.method(["feature-layers": "up2.1", "attention-layers": "up3.0"]).edit(
            Self.context(on: model))
        let edited = model.rows.reduce(into: Set<String>()) { $0.formUnion($1.edited) }
        #expect(edited == ["up2.1.features", "up3.0.self.query", "up3.0.self.key"])
    }

    @Test("A model without self-attention is told of, and sampled plainly")
    func withoutAttention() throws {
        let context = try EditingTests.context(on: GaussianModel(), prompt: "dog", steps: 5)
        _ = try Self.method().edit(context)
        #expect(context.session.warnings.count == 1)
    }
}

extension EditContext {
    /// This canvas with another negative prompt, the same object where it was met before.
    func guided(away negative: String) throws -> EditContext {
        EditContext(
            session: session, levels: levels, startStep: startStep, clean: clean, prompt: prompt,
            source: source,
            negative: try session.prompt(negative), empty: empty, guidance: guidance, mask: mask,
            inversion: inversion, random: random)
    }
}
