import Diffusion
import Networks
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of MRGD: what it reduces to, whom it moves, when, by how much, and what that costs.
@Suite struct MRGDTests {
    typealias Pairs = RegionPairs

    static let edited = [Pairs.table, Pairs.cup, Pairs.pear]
    static let off = ["leakage": "0", "contrast": "0", "preservation": "0"]

    static func options(_ given: [String: String]) throws -> Options {
        try Options(given, of: MRGD.description)
    }

    /// A canvas with a network that is kept to be looked at.
    static func canvas(
        _ regions: [Region], on model: any DiffusionModel, steps: Int = 5,
        _ network: ColourRelevance = .init()
    ) throws -> EditContext {
        var canvas = try Pairs.canvas(regions, on: model, steps: steps)
        canvas.relevance = RelevanceSource("colours") { _ in network }
        return canvas
    }

    static func pair(_ regions: [Region], _ options: [String: String] = [:], steps: Int = 5) throws -> (
        source: Tensor, target: Tensor
    ) {
        try withoutGradients {
            try MRGD(Self.options(options)).generate(canvas(regions, on: tinyModel(), steps: steps))
        }
    }

    @Test("Without guidance and without the whole picture it is P2P*, to the last bit")
    func reduces() throws {
        let own = try Self.pair(Self.edited, Self.off.merging(["whole-share": "never"]) { $1 })
        let star = try Pairs.pair(Self.edited)
        #expect(own.source.isEqual(to: star.source) && own.target.isEqual(to: star.target))
        // Either of the two makes a difference.
        #expect(!(try Self.pair(Self.edited, Self.off)).target.isEqual(to: star.target))
        let guided = try Self.pair(Self.edited, ["whole-share": "never"])
        #expect(!guided.target.isEqual(to: star.target) && guided.source.isEqual(to: star.source))
    }

    @Test("Where both pictures show the same, they stay the same without the two losses that tell them apart")
    func same() throws {
        try withoutGradients {
            let canvas = try Self.canvas([Pairs.table, Pairs.cup], on: tinyModel())
            let run = try MRGD(
                Self.options(["leakage": "0", "contrast": "0", "attention": "false"])
            ).run(canvas, isPhoto: false)
            var losses: [Double] = []
            let both = try run.pairing.generated(run.painting) { noises, latents, level in
                let guided = try run.guide(noises, latents, level)
                if run.guidance.weights(at: level).preservation > 0 {
                    losses.append(run.guidance.losses["L_IP"] ?? 1)
                }
                return guided
            }
            #expect(both.source.isEqual(to: both.target))
            #expect(losses == [0, 0, 0, 0, 0])
        }
    }

    /// Wrong would be gates by steps done instead of those to come: 0.7 of 20 steps from the start are 14, not 15.
    @Test(
        "Of 20 steps the losses count in 20, 15 and 17, the last at half in 11, the whole picture in 11 or 13"
    )
    func gates() throws {
        try withoutGradients {
            func counts(_ regions: [Region], isPhoto: Bool = false) throws -> [Int] {
                let canvas = try Self.canvas(regions, on: tinyModel(), steps: 20)
                let run = try MRGD(Self.options([:])).run(canvas, isPhoto: isPhoto)
                let levels = canvas.levels.dropFirst()
                let weights = levels.map { run.guidance.weights(at: $0) }
                return [
                    weights.count { $0.leakage == 1000 }, weights.count { $0.contrast == 2000 },
                    weights.count { $0.preservation == 300 }, weights.count { $0.preservation == 150 },
                    weights.count { $0.preservation == 100 },
                    levels.count { run.painting.paintsWhole(at: $0) },
                ]
            }
            let one: [Int] = try counts(Self.edited)
            #expect(one == [20, 15, 6, 11, 0, 11])
            let two: [Int] = try counts([Pairs.table, Pairs.mug])
            #expect(two == [20, 15, 6, 11, 0, 13])
            let three: [Int] = try counts([Pairs.table, Pairs.book])
            #expect(three == [20, 15, 6, 11, 0, 13])
            let four: [Int] = try counts(Self.edited, isPhoto: true)
            #expect(four == [20, 15, 0, 0, 17, 11])
        }
    }

    @Test("Key words are chosen with ten and with five steps to go, and asked for from then on")
    func keyWords() throws {
        try withoutGradients {
            let network = ColourRelevance()
            let canvas = try Self.canvas(Self.edited, on: tinyModel(), steps: 20, network)
            let run = try MRGD(Self.options(["leakage": "1e-3", "contrast": "0", "preservation": "0"]))
                .run(canvas, isPhoto: false)
            #expect(run.guidance.texts(.source) == [1: "cup", 2: "apple"])
            #expect(run.guidance.texts(.target) == [1: "cup", 2: "pear"])
            _ = try run.pairing.generated(run.painting, guiding: run.guide)
            // k = 9 and 4.
            #expect(run.choices == [10, 5])
            // "a" stands in the global prompt.
            // The background has some now, too.
            #expect(run.guidance.texts(.source) == [0: "table", 1: "cup, blue", 2: "apple, red"])
            #expect(run.guidance.texts(.target) == [0: "table", 1: "cup, blue", 2: "pear, green"])
            // Two questions a step, the source's first.
            #expect(
                network.asked[18] == ["cup", "apple"] && network.asked[20] == ["cup, blue", "apple, red"])
        }
    }

    @Test(
        "What a region is asked for: its key words that the picture says, else its prompt, nothing of mute backgrounds"
    )
    func texts() {
        func texts(_ region: Region) -> [String?] {
            let texts = RegionGuide.texts(region)
            return [texts.source, texts.target]
        }
        #expect(texts(Pairs.pear) == ["apple", "pear"] && texts(Pairs.mug) == [nil, "mug"])
        #expect(texts(Pairs.book) == ["book", nil] && texts(Pairs.table) == [nil, nil])
        #expect(texts(Pairs.region(.inherent, [0, 0, 1, 1], "a blue cup")) == ["a blue cup", "a blue cup"])
        let one = Pairs.region(.edited, [0, 0, 1, 1], "a red cup", target: "a pear", words: ["red cup"])
        #expect(texts(one) == ["red cup", "a pear"])
        #expect(
            texts(Pairs.region(.background, [0, 0, 1, 1], "a table", words: ["table"])) == ["table", "table"])
    }

    /// A closed form whose decoder bends, in which numbers have all their digits.
    static func closed(scale: Double = 1) -> GaussianModel {
        let model = GaussianModel(side: 12)
        model.latentScale = scale
        model.decoder = { ($0 * 1.3 + ($0 * 2).sin * 0.2).tanh }
        return model
    }

    static func guide(_ model: GaussianModel, _ options: [String: String] = [:]) throws -> MRGDRun {
        let clean = Tensor.zeros([1, 3, 12, 12], dtype: .float64)
        var canvas = try Pairs.canvas(Self.edited, on: model, steps: 20, clean: clean)
        canvas.relevance = RelevanceSource("colours") { _ in ColourRelevance() }
        return try MRGD(Self.options(options)).run(canvas, isPhoto: false)
    }

    @Test(
        "The gradient of every loss is that of central differences, in float64",
        arguments: [(1.0, 0.0, 0.0), (0, 1, 0), (0, 0, 1), (1000, 2000, 300)])
    func finiteDifferences(leakage: Double, contrast: Double, preservation: Double) throws {
        let weights = (leakage: leakage, contrast: contrast, preservation: preservation)
        let guidance = try Self.guide(Self.closed()).guidance
        let clean = Sides { side in
            RandomGenerator(seed: side == .source ? 1 : 2).normal([1, 3, 12, 12]).to(dtype: .float64) * 0.5
        }
        let slopes = try guidance.slopes(in: clean, weights)
        func loss(_ latents: Sides<Tensor>) throws -> Double {
            try withoutGradients { try guidance.loss(of: latents, weights)?.item ?? .nan }
        }
        for side in PairSide.allCases {
            let direction = RandomGenerator(seed: 7).normal([1, 3, 12, 12]).to(dtype: .float64)
            let size = 1e-5
            var (high, low) = (clean, clean)
            high[side] = clean[side] + direction * size
            low[side] = clean[side] - direction * size
            let expected = (try loss(high) - loss(low)) / (2 * size)
            let found = (slopes[side] * direction).sum.item
            #expect(abs(found - expected) < 1e-5 * max(slopes[side].norm().item, 1e-9), "\(side)")
            #expect(slopes[side].norm().item > 0)
        }
    }

    /// Kills a gradient in the scaled latent, which is four times as large here, one that ascends, and weights that do not
    /// know that means over fewer elements have larger gradients.
    @Test(
        "The predicted clean latent moves by -(1-ᾱ)/√ᾱ times the gradient in the decoder's own latent and the share of 64×64"
    )
    func update() throws {
        try withoutGradients {
            let run = try Self.guide(Self.closed(scale: 0.25))
            let level = run.pairing.context.levels[8]
            let latents = Sides { side in
                RandomGenerator(seed: side == .source ? 1 : 2).normal([1, 3, 12, 12]).to(dtype: .float64)
            }
            let noises = latents.map { $0 * 0.4 }
            let guided = try run.guidance.guided(noises, latents, at: level)
            #expect(guided.source.isEqual(to: noises.source))
            let clean = Sides { DDIM.predictedOriginal(latents[$0], noises[$0], at: level) }
            let moved = DDIM.predictedOriginal(latents.target, guided.target, at: level)
            let weights = run.guidance.weights(at: level)
            let own = clean.map { $0 / 0.25 }
            let slope = try run.guidance.slopes(in: own, weights).target
            let factor = (1 - level.alphaBar) / level.sqrtAlphaBar * (12 * 12 / 4096.0)
            #expect(relativeError(clean.target - moved, slope * factor) < 1e-9)
            func loss(_ target: Tensor) throws -> Double {
                try run.guidance.loss(of: Sides(own.source, target), weights)?.item ?? .nan
            }
            #expect(try loss(own.target - slope * 1e-6) < loss(own.target))
        }
    }

    @Test(
        "The source is moved only where something is removed, unless both are to be",
        arguments: [
            ("edited", [:], false), ("added", [:], false), ("removed", [:], true),
            ("edited", ["moved": "both"], true), ("removed", ["moved": "target"], false),
        ]
            as [(String, [String: String], Bool)])
    func sourceRow(what: String, options: [String: String], moves: Bool) throws {
        let thing = ["edited": Pairs.pear, "added": Pairs.mug, "removed": Pairs.book][what] ?? Pairs.pear
        let regions = [Pairs.table, Pairs.cup, thing]
        // The whole picture is part of the source too, guided or not.
        let plain = try Self.pair(regions, Self.off)
        let guided = try Self.pair(regions, options)
        #expect(guided.source.isEqual(to: plain.source) == !moves)
        #expect(distance(guided.target, plain.target) > 1e-4)
    }

    @Test(
        "A guidance costs two decodings and two backward passes a step, and a question for every region of either picture"
    )
    func costs() throws {
        let network = ColourRelevance()
        let model = Self.closed()
        let canvas = try Self.canvas(
            [Pairs.table, Pairs.cup, Pairs.pear, Pairs.mug], on: model, steps: 20, network)
        _ = try MRGD(Self.options([:])).generate(canvas)
        let spent = canvas.session.spent
        // Background, cup and fruit in both, the mug in one; the whole picture at the last 13 steps.
        // What it is led away from is asked once for it and the background.
        let wanted: Int = 20 * (4 * 3 + 2) + 13 * 2
        #expect(spent.forwards == wanted && spent.backwards == 40)
        #expect(model.decoded == 40)
        #expect(network.asked.count == 40)
        let questions: Int = network.asked.reduce(0) { $0 + $1.count }
        #expect(questions == 20 * (2 + 3))
        // A background with key words of its own is asked for where regions are contrasted: in 15 steps.
        var table = Pairs.table
        table.words = ["table"]
        let other = ColourRelevance()
        _ = try MRGD(Self.options([:])).generate(
            Self.canvas([table, Pairs.cup], on: model, steps: 20, other))
        let more: Int = other.asked.reduce(0) { $0 + $1.count }
        // One region and the background, in both pictures.
        #expect(more == 20 * 2 + 15 * 2)
        // Nothing is decoded or asked where nothing guides.
        let (decoded, none) = (model.decoded, ColourRelevance())
        _ = try MRGD(Self.options(Self.off)).generate(Self.canvas(Self.edited, on: model, steps: 20, none))
        #expect(model.decoded == decoded && none.asked.isEmpty)
    }

    @Test("A network that normalises sees the picture itself where it is to see it raw")
    func raw() {
        let image = RandomGenerator(seed: 1).uniform([1, 3, 4, 4]) * 2 - 1
        func channels(_ values: [Float]) -> Tensor { Tensor(values, shape: [1, 3, 1, 1]) }
        let shown = (RegionGuide.unnormalised(image) + 1) / 2
        let normalised = (shown - channels([0.485, 0.456, 0.406])) / channels([0.229, 0.224, 0.225])
        #expect(relativeError(normalised, image) < 1e-5)
    }

    @Test("What is missing or makes no sense is one line before anything is computed")
    func refused() throws {
        var request = EditRequest(
            image: EditTests.image(16, 16), prompt: "a photo", method: "mrgd", regions: Self.edited)
        let model = EditTests.model()
        #expect(throws: EditingError.missing(.relevance, method: "mrgd")) {
            try DiffusionSession(model: model).edit(request)
        }
        #expect(
            "\(EditingError.missing(.relevance, method: "mrgd"))"
                == "mrgd needs a network that tells where a picture shows a text")
        request.relevance = try relevance(for: "mrgd")
        request.options = ["whole-share": "half"]
        #expect(
            throws: EditingError.badValue(
                name: "option whole-share", value: "half", expected: "auto, never, or a number from 0 to 1")
        ) { try DiffusionSession(model: model).edit(request) }
        #expect(model.passes.isEmpty)
        let pair = PairRequest(EditSettings(prompt: "a photo", method: "mrgd"), regions: Self.edited)
        #expect(throws: EditingError.missing(.relevance, method: "mrgd")) {
            try DiffusionSession(model: model).generatePair(pair)
        }
        let sdedit = PairRequest(EditSettings(prompt: "a photo", method: "sdedit"), regions: [])
        #expect(
            throws: EditingError.badValue(
                name: "method", value: "sdedit",
                expected: "p2p-regions or mrgd to generate a source and a target")
        ) { try sdedit.checked() }
    }

    @Test("A photo's edit inverts by regions, guides, and gives the source back where it is held")
    func photo() throws {
        try withoutGradients {
            var context = try RegionInversionTests.photo(Self.edited, guidance: 7)
            context.relevance = try relevance(for: "mrgd")
            let edit = try MRGD(Self.options(["regions-by": "direct"])).edit(context)
            #expect(edit.trace["source_latent"]?.isEqual(to: context.clean) == true)
            // 3 regions inverted, then 4 rows for each and for the whole picture in the last 3 of 5 steps.
            let wanted: Int = 3 * 5 + 12 * 5 + 2 * 3
            #expect(context.session.spent.forwards == wanted)
            #expect(context.session.spent.backwards == 2 * 5)
        }
    }
}
