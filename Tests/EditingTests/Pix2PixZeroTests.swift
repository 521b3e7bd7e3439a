import Diffusion
import Imaging
import Networks
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The oracles of Pix2Pix-Zero on a tiny network with random weights, in double precision.
@Suite struct Pix2PixZeroTests {
    static let quick = ["sentences": "3"]

    static func context(
        source: String = "a red apple on a table", prompt: String = "a green pear on a table",
        negative: String = "", steps: Int = 4, inversion: InversionKind = .ddim, seed: UInt64 = 0,
        mask: Tensor? = nil, limits: BatchLimits = BatchLimits()
    ) throws -> EditContext {
        let model = LoadedModel(
            folder: try ModelFolder(path: Fixtures.model("tiny-sd1")), dtype: .float64)
        return try EditingTests.context(
            on: model, prompt: prompt, source: source, negative: negative, steps: steps, guidance: 5,
            inversion: inversion, seed: seed, mask: mask, limits: limits, dtype: .float64)
    }

    static func method(_ options: [String: String] = [:], preset: Preset = .paper) throws -> Pix2PixZero {
        let given = quick.merging(options) { $1 }
        return Pix2PixZero(try Options(given, of: Pix2PixZero.description, preset: preset))
    }

    /// The direction of options, and of files that their options name.
    static func direction(
        _ options: [String: String], files: [String: OptionFile] = [:], source: String? = nil,
        target: String? = nil
    ) throws -> EditDirection {
        try EditDirection(
            Options(options.merging(files.mapValues { _ in "a file" }) { $1 }, of: Pix2PixZero.description),
            files: files, source: source, target: target)
    }

    static func distance(_ left: Tensor, _ right: Tensor) -> Double { (left - right).absolute.amax().item }

    @Test(
        "Z1: without direction and map guidance the edit is the reconstruction, bit for bit",
        arguments: ["edited", "negative"])
    func identity(kept: String) throws {
        let context = try Self.context()
        let painting = try Self.method(["from": "pear", "to": "pear", "map-guidance": "0", "kept": kept])
            .edit(context)
        #expect(painting.latent.isEqual(to: try #require(painting.trace["reconstruction"])))
        #expect(context.session.warnings == ["\(Pix2PixZero.noDirection)"])
        #expect(context.session.spent.forwards == 3 * 4)
    }

    @Test(
        "Z2: without direction the maps are the reference's, and any map guidance changes nothing",
        arguments: ["edited", "negative"])
    func noGradient(kept: String) throws {
        let painting = try Self.method(["from": "pear", "to": "pear", "map-guidance": "1", "kept": kept])
            .edit(Self.context())
        #expect(Self.distance(painting.latent, try #require(painting.trace["reconstruction"])) < 1e-9)
    }

    @Test("Without guidance the negative prompt's maps are looked at all the same, where its latent goes on")
    func unguided() throws {
        let context = try Self.context()
        let (source, level) = (try #require(context.source), context.levels[4])
        let guidance = try CrossAttentionGuidance(
            session: context.session, weight: 0.1, scale: 1, kept: .negative)
        let seen = try guidance.reference(context.clean, at: level, source: source, negative: context.empty)
        #expect(context.session.spent.forwards == 2)
        let alone = try context.session.noise(in: context.clean, at: level, prompt: source)
        #expect(Self.distance(seen.noise, alone) < 1e-12)
        let slope = try guidance.slope(
            in: context.clean, at: level, prompt: context.empty, towards: try #require(seen.maps.negative))
        #expect(slope.loss < 1e-20)
        let edit = try guidance.edit(
            context.clean, at: level, edited: source, negative: context.empty, towards: seen.maps)
        #expect(Self.distance(edit.noise, alone) < 1e-10)
    }

    /// Guidance, its two prompts, and the maps of the unedited latent at the noisiest level.
    private func firstStep(_ kept: CrossAttentionGuidance.Kept, weight: Double = 0.1) throws -> (
        guidance: CrossAttentionGuidance, context: EditContext, edited: Conditioning,
        maps: CrossAttentionGuidance.Reference
    ) {
        let context = try Self.context()
        let source = try #require(context.source)
        let guidance = try CrossAttentionGuidance(
            session: context.session, weight: weight, scale: 5, kept: kept)
        let shift = RandomGenerator(seed: 8).normal(source.embedding.shape).to(dtype: .float64)
        let maps = try guidance.reference(
            context.clean, at: context.levels[4], source: source, negative: context.empty
        ).maps
        return (guidance, context, Conditioning(embedding: source.embedding + shift), maps)
    }

    @Test("Z3: in the first step the negative half has no gradient and the edited half has one")
    func firstGradient() throws {
        let (guidance, context, edited, maps) = try firstStep(.negative)
        let level = context.levels[4]
        let quiet = try guidance.slope(
            in: context.clean, at: level, prompt: context.empty, towards: try #require(maps.negative))
        let loud = try guidance.slope(
            in: context.clean, at: level, prompt: edited, towards: try #require(maps.source))
        #expect(loud.slope.norm().item > 1e-3)
        #expect(quiet.slope.norm().item < 1e-10 * loud.slope.norm().item)
        // So the latent that goes on has not moved, as in the published code; the paper's has.
        let official = try guidance.edit(
            context.clean, at: level, edited: edited, negative: context.empty, towards: maps)
        #expect(Self.distance(official.latent, context.clean) < 1e-12)
        let other = try firstStep(.edited)
        let paper = try other.guidance.edit(
            context.clean, at: level, edited: edited, negative: context.empty, towards: other.maps)
        #expect(Self.distance(paper.latent, context.clean - loud.slope * 0.1) < 1e-12)
    }

    @Test(
        "Z4: the gradient is that of differences, and a small step against it lowers the loss as it says"
    )
    func gradient() throws {
        let (guidance, context, edited, maps) = try firstStep(.edited)
        let reference = try #require(maps.source)
        func loss(_ latent: Tensor) throws -> Double {
            try guidance.slope(in: latent, at: context.levels[4], prompt: edited, towards: reference).loss
        }
        let (start, slope) = try guidance.slope(
            in: context.clean, at: context.levels[4], prompt: edited, towards: reference)
        let direction = RandomGenerator(seed: 2).normal(slope.shape).to(dtype: .float64)
        // The random network is so sharply curved that anything wider is no difference quotient.
        let width = 1e-7
        let difference =
            try (loss(context.clean + direction * width) - loss(context.clean - direction * width))
            / (2 * width)
        #expect(abs(difference - (slope * direction).sum.item) < 1e-5 * abs(difference))
        let norm = slope.norm().item
        let fall = try start - loss(context.clean - slope * (width / norm))
        let expected = norm * width
        #expect(fall > 0 && abs(fall - expected) < 0.01 * expected)
    }

    @Test("The loss is the sum over layers, places and tokens and the mean over two rows' heads")
    func loss() throws {
        let (guidance, context, edited, maps) = try firstStep(.edited)
        let own = Recording(guidance.sites)
        _ = try context.session.predict([
            Query(context.clean, at: context.levels[4], prompt: edited, plan: .recording(into: own))
        ])
        let reference = try #require(maps.source)
        #expect(guidance.sites.count == 16)
        let expected = guidance.sites.map { site in
            (own[site] - reference[site]).squared.sum([2, 3]).mean.item / 2
        }.reduce(0, +)
        let found = try guidance.slope(
            in: context.clean, at: context.levels[4], prompt: edited, towards: reference)
        #expect(abs(found.loss - expected) < 1e-10 * expected)
    }

    @Test("Z7: directions are antisymmetric, zero between equal banks, and the mean by hand")
    func directions() throws {
        let session = try Self.context().session
        let there = try Self.direction(["from": "apple", "to": "pear", "sentences": "7"]).embedded(
            by: session)
        let back = try Self.direction(["from": "pear", "to": "apple", "sentences": "7"]).embedded(by: session)
        #expect(there.isEqual(to: -back))
        #expect(there.absolute.amax().item > 0.01)
        let none = try Self.direction(["from": "pear", "to": "pear"]).embedded(by: session)
        #expect(none.absolute.amax().item == 0)
        let one = try Self.direction(["sentences": "1"], source: "a cat", target: "a dog")
        #expect(
            (one.sources, one.targets)
                == (.sentences(["a photo of a cat on a table"]), .sentences(["a photo of a dog on a table"])))
        let by =
            try session.prompt("a photo of a dog on a table").embedding
            - session.prompt("a photo of a cat on a table").embedding
        #expect(try one.embedded(by: session).isEqual(to: by))
    }

    @Test("Files take the place of made sentences, on one side or on both")
    func sentenceFiles() throws {
        let pears = OptionFile.sentences(["a pear", "some pears"])
        let both = try Self.direction([:], files: ["from-sentences": pears, "to-sentences": pears])
        #expect(both.sources == .sentences(["a pear", "some pears"]))
        let session = try Self.context().session
        #expect(try both.embedded(by: session).absolute.amax().item == 0)
        let one = try Self.direction(
            ["sentences": "2"], files: ["to-sentences": pears], source: "an apple", target: "a pear")
        #expect(one.targets == both.targets)
        #expect(one.sources == .sentences(SentenceBank.sentences(about: "apple", count: 2)))
    }

    @Test("Prompts that tell no words, an unread file and a missing caption are refused with advice")
    func refusals() throws {
        #expect {
            try Self.method().edit(Self.context(source: "a pear", prompt: "a pear"))
        } throws: { "\($0)".contains("option from=…") }
        let unread = EditingError.missing(.file(of: "to-sentences"), method: "pix2pix-zero")
        #expect(throws: unread) { try Self.method(["to-sentences": "pears.txt"]).edit(Self.context()) }
        for file in [OptionFile.sentences([]), .mask(Mask(width: 1, height: 1, filledWith: 1))] {
            #expect(throws: unread) {
                try Self.direction([:], files: ["to-sentences": file], source: "a cat", target: "a dog")
            }
        }
        #expect(throws: EditingError.self) {
            try EditRequest(image: .init(width: 8, height: 8), prompt: "a pear", method: "pix2pix-zero")
                .checked()
        }
    }

    @Test(
        "Z8: going over the reference first and the edit afterwards gives the same image",
        arguments: CrossAttentionGuidance.Kept.allCases)
    func twoPasses(kept: CrossAttentionGuidance.Kept) throws {
        let context = try Self.context()
        let options = ["kept": kept.rawValue, "rounds": "0", "sentences": "3"]
        let lockstep = try Self.method(options).edit(context)
        let source = try #require(context.source)
        let guidance = try CrossAttentionGuidance(session: context.session, weight: 0.1, scale: 5, kept: kept)
        let direction = try Self.direction(
            options, source: source.text, target: context.prompt.text
        ).embedded(by: context.session)
        let edited = Conditioning(embedding: source.embedding + direction)
        let path = try context.invert()
        var latent = path.start
        var maps: [Int: CrossAttentionGuidance.Reference] = [:]
        for k in (1...4).reversed() {
            let step = try guidance.reference(latent, at: context.levels[k], source: source, negative: source)
            maps[k] = step.maps
            latent = path.step(latent, step.noise, from: k)
        }
        #expect(latent.isEqual(to: try #require(lockstep.trace["reconstruction"])))
        latent = path.start
        for k in (1...4).reversed() {
            let step = try guidance.edit(
                latent, at: context.levels[k], edited: edited, negative: source,
                towards: try #require(maps[k])
            )
            latent = path.step(step.latent, step.noise, from: k)
        }
        #expect(latent.isEqual(to: lockstep.latent))
        #expect(Self.distance(latent, try #require(lockstep.trace["reconstruction"])) > 1e-3)
    }

    @Test(
        "An edit costs what the formulas say",
        arguments: [
            (Preset.paper, "", 5 * 6, 6), (.paper, "blurry", 6 * 6, 6), (.official, "", 6 * 6 - 2, 12),
            (.official, "blurry", 7 * 6 - 2, 12),
        ])
    func cost(preset: Preset, negative: String, forwards: Int, backwards: Int) throws {
        let context = try Self.context(negative: negative, steps: 6)
        _ = try Self.method(preset: preset).edit(context)
        #expect(context.session.spent.forwards == forwards)
        #expect(context.session.spent.backwards == backwards)
    }

    @Test("At the defaults the formulas give 250F + 50B, and 348F + 100B as the published code spends")
    func defaultCost() throws {
        for (preset, negative, forwards, backwards) in [
            (Preset.paper, "", 250, 50), (.official, "blurry", 348, 100),
        ] {
            let settings = Pix2PixZero.description.settings(preset)
            let context = try Self.context(negative: negative, steps: settings.steps)
            _ = try Self.method(["rounds": "0"], preset: preset).edit(context)
            #expect(context.session.spent.forwards == forwards)
            #expect(context.session.spent.backwards == backwards)
        }
    }

    @Test("Rows computed one by one give what they give together", arguments: [Preset.paper, .official])
    func batches(preset: Preset) throws {
        let together = try Self.method(preset: preset).edit(Self.context(negative: "blurry"))
        let single = try Self.method(preset: preset).edit(
            Self.context(negative: "blurry", limits: BatchLimits(rows: 1)))
        #expect(Self.distance(together.latent, single.latent) < 1e-9)
    }

    @Test(
        "Outside the user's mask the picture's latent comes back to the last bit",
        arguments: [Preset.paper, .official])
    func mask(preset: Preset) throws {
        let mask = Tensor((0..<64).map { $0 % 8 < 4 ? 1.0 : 0.0 }, shape: [1, 1, 8, 8])
        let context = try Self.context(mask: mask)
        let painting = try Self.method(preset: preset).edit(context)
        let change = (painting.latent - context.clean).absolute
        #expect((change * (1 - mask)).amax().item == 0)
        #expect((change * mask).amax().item > 1e-3)
    }

    @Test(
        "Every inversion can be walked, and only random shifts look at the seed",
        arguments: InversionKind.allCases)
    func inversions(kind: InversionKind) throws {
        func latent(_ seed: UInt64, _ preset: Preset = .paper) throws -> EditOutput {
            try Self.method(preset: preset).edit(Self.context(inversion: kind, seed: seed))
        }
        let first = try latent(0)
        #expect(first.latent.isFinite)
        #expect(first.inversion.count == 5)
        #expect(first.latent.isEqual(to: try latent(0).latent))
        if kind == .ddim {
            #expect(first.latent.isEqual(to: try latent(1).latent))
            #expect(Self.distance(try latent(0, .official).latent, try latent(1, .official).latent) > 1e-6)
        }
        if kind == .direct {
            // The reference is set back onto the path.
            let clean = try Self.context().clean
            #expect(try #require(first.trace["reconstruction"]).isEqual(to: clean))
        }
    }

    @Test("The trimmed walk leaves out two steps and stands at the clean latent for two levels")
    func trimmed() throws {
        let context = try Self.context(steps: 6)
        let path = try Self.method(["walk": "trimmed"]).edit(context).inversion
        #expect(path.count == 7)
        #expect(path[1].isEqual(to: context.clean) && path[2].isEqual(to: context.clean))
        #expect(Self.distance(path[3], context.clean) > 1e-3)
    }

    @Test("A trimmed step goes from ᾱ of the timestep before its own to that of the one before the next")
    func trimmedLevels() throws {
        let context = try Self.context(steps: 6)
        let path = try Self.method(["walk": "trimmed", "rounds": "0"]).edit(context).inversion
        let bars = context.session.schedule.alphaBars
        // 6 steps are 1, 167, …, 831; steps 2…5 are told 167, 333, 499, 665 and the last leads to 830.
        var latent = context.clean
        for (place, told) in [167, 333, 499, 665].enumerated() {
            let start = NoiseLevel(index: 0, timestep: told - 1, alphaBar: bars[told - 1])
            let end = NoiseLevel(index: 0, timestep: told + 165, alphaBar: bars[told + 165])
            let noise = try context.session.noise(
                in: latent, at: start, timestep: told, prompt: try #require(context.source))
            latent = DDIM.step(latent, noise, from: start, to: end)
            #expect(Self.distance(path[place + 3], latent) < 1e-12, "step \(told)")
        }
    }

    @Test("A bank may be embedded sentences, whose mean counts")
    func embeddings() throws {
        let session = try Self.context().session
        func file(_ tensor: Tensor) -> OptionFile {
            .embeddings(NamedArray(name: "cat", shape: tensor.shape, values: tensor.floats))
        }
        let sentences = try ["a pear", "some pears"].map {
            try session.prompt($0).embedding.to(dtype: .float32)
        }
        let one = file(sentences[0].squeezed(0))
        let found = try Self.direction(
            [:], files: ["from-sentences": one, "to-sentences": file(.concatenated(sentences))]
        ).embedded(by: session)
        #expect(relativeError(found, (sentences[1] - sentences[0]) / 2) < 1e-5)
        func refusal(_ file: OptionFile) -> String {
            let error = #expect(throws: EditingError.self) {
                try Self.direction([:], files: ["from-sentences": file, "to-sentences": one])
                    .embedded(by: session)
            }
            return error?.description ?? ""
        }
        let start =
            "option from-sentences is \"a file\"; it must be a safetensors file with one tensor of embedded "
            + "sentences, but "
        #expect(
            refusal(file(.zeros([1, 77, 8])))
                == start + "its tensor is [1, 77, 8] and this model's embeddings are [77, 16]")
        #expect(refusal(file(.full([77, 16], .nan))) == start + "it holds values that are not numbers")
        #expect(
            refusal(.embeddings(NamedArray(name: "cat", shape: [77, 16], values: [1])))
                == start + "its tensor is [77, 16] and this model's embeddings are [77, 16]")
    }

    @Test(
        "Inversion and edit are those of diffusers, where zero is among the shifts and no step is left out")
    func parity() throws {
        let expected = try Fixtures.tensors("pix2pix-zero.safetensors")
        let model = LoadedModel(
            folder: try ModelFolder(path: Fixtures.model("tiny-sd1")), dtype: .float64)
        var context = try EditingTests.context(
            on: model, prompt: "a pear", source: "a red apple", steps: 2, guidance: 5, seed: 7,
            clean: try expected.tensor("latent"), dtype: .float64)
        context.files = [
            "from-sentences": .sentences(["an apple", "a red apple on a table"]),
            "to-sentences": .sentences(["a pear", "a ripe pear by a window"]),
        ]
        let painting = try Self.method(
            [
                "from-sentences": "from.txt", "to-sentences": "to.txt", "shifts": "random-or-none",
                "walk": "whole",
                "map-guidance": "0.02",
            ], preset: .official
        ).edit(context)
        let direction = try #require(painting.trace["direction"])
        #expect(relativeError(direction, try expected.tensor("direction")) < 1e-5)
        #expect(relativeError(painting.inversion[2], try expected.tensor("inverted")) < 1e-3)
        #expect(relativeError(painting.latent, try expected.tensor("edited")) < 1e-3)
    }
}
