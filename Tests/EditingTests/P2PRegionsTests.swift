import Diffusion
import Networks
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of P2P*: what it reduces to, what it leaves alone, what it takes and what it costs.
@Suite struct P2PRegionsTests {
    typealias Pairs = RegionPairs

    @Test("A background alone is plain sampling of its prompts, to the last bit")
    func plain() throws {
        try withoutGradients {
            let pair = try Pairs.pair([Pairs.table], ["attention": "false"])
            let session = DiffusionSession(model: try tinyModel(), limits: BatchLimits(rows: 1))
            let request = GenerationRequest(prompt: "a photo, a table", seed: 3, steps: 5, guidance: 7)
            let plain = try session.generatedLatent(request)
            #expect(pair.source.isEqual(to: plain) && pair.target.isEqual(to: plain))
            // Attention that is looked at is computed otherwise, and differs by rounding.
            let held = try Pairs.pair([Pairs.table])
            #expect(relativeError(held.source, plain) < 1e-4 && relativeError(held.target, plain) < 1e-4)
            // Where no background is listed, the prompt alone is.
            let alone = try Pairs.pair([Pairs.region(.background)])
            #expect(alone.source.isEqual(to: try Pairs.pair([]).source))
            #expect(relativeError(alone.source, plain) > 1e-3)
        }
    }

    /// Wrong would be to lay by the squares of the weights, or to divide by the sum of the feathers.
    @Test("Without attention every picture is MultiDiffusion with feather masks")
    func multiDiffusion() throws {
        try withoutGradients {
            let regions = [Pairs.table, Pairs.cup, Pairs.pear]
            let pair = try Pairs.pair(regions, ["attention": "false", "feather": "1"])
            let session = DiffusionSession(model: try tinyModel(), limits: BatchLimits(rows: 1))
            let levels = try session.schedule.levels(steps: 5)
            let away = Guidance(awayFrom: try session.prompt(""), scale: 7)
            let canvas = try Pairs.canvas(regions, on: tinyModel())
            let start = try RegionPairing(canvas, try Pairs.options(), isPhoto: false, method: "")
                .firstNoise()
            for (prompts, painted) in [
                (["a table", "a blue cup", "a red apple"], pair.source),
                (["a table", "a blue cup", "a green pear"], pair.target),
            ] {
                var latent = start
                for k in (1...5).reversed() {
                    let steps = try zip(prompts, regions).map { prompt, region in
                        let tile = Tile(of: region.place, height: 8, width: 8)
                        let view = tile.crop(latent)
                        let noise = try session.predict([
                            Query(
                                view, at: levels[k], prompt: try session.prompt("a photo, \(prompt)"),
                                guidance: away)
                        ])[0]
                        // The latents after the step, as the paper lays them.
                        return (tile, DDIM.step(view, noise, from: levels[k], to: levels[k - 1]))
                    }
                    var (front, weights, count) = (
                        latent.zerosLike, Tensor.zeros([1, 1, 8, 8]), Tensor.zeros([1, 1, 8, 8])
                    )
                    for (tile, next) in steps.dropFirst() {
                        front += tile.place(next)
                        weights += tile.place(tile.feather(1))
                        count += tile.box
                    }
                    let painters = count.clamped(1, nil)
                    latent = steps[0].1 * (1 - weights / painters) + front / painters * (weights / painters)
                }
                #expect(relativeError(painted, latent) < 1e-4)
            }
        }
    }

    @Test("Where both pictures show the same, their rows are equal at every step, whatever the attention")
    func equalRows() throws {
        for options in [[:], ["attention": "false"], ["self-tokens": "4"]] {
            let pair = try Pairs.pair([Pairs.table, Pairs.cup], options)
            // A share of one map and the rest of an equal one are that map but for rounding.
            #expect(relativeError(pair.source, pair.target) < (options["attention"] == nil ? 1e-4 : 1e-30))
        }
    }

    /// Kills edits of the wrong row, and of the half that guidance leads away from.
    @Test(
        "The source is what its own regions paint, whatever becomes of the target",
        arguments: [
            [Pairs.table, Pairs.cup, Pairs.pear], [Pairs.table, Pairs.mug], [Pairs.table, Pairs.book],
        ])
    func sourceAlone(regions: [Region]) throws {
        let pair = try Pairs.pair(regions)
        var alone = regions.ofSource
        for index in alone.indices where alone[index].role == .edited {
            (alone[index].role, alone[index].target) = (.inherent, nil)
        }
        // Both begin with the noise of all regions.
        let seeded = try Pairs.pair(regions, ["attention": "false"])
        #expect(relativeError(pair.source, seeded.source) < 1e-4)
        #expect(!pair.target.isEqual(to: pair.source))
        if alone.count == regions.count {
            #expect(relativeError(pair.source, try Pairs.pair(alone).source) < 1e-4)
            #expect(distance(pair.target, seeded.target) > 1e-4)
        }
    }

    @Test("What is removed is not painted in the target, what is added not in the source unless asked for")
    func gates() throws {
        try withoutGradients {
            let model = try WatchedModel()
            func rows(_ regions: [Region], _ options: [String: String] = [:]) throws -> Int {
                let first = model.rows.count
                _ = try P2PRegions(Pairs.options(options)).generate(
                    Pairs.canvas(regions, on: model, steps: 1))
                return model.rows.count - first
            }
            // Four rows where both pictures show a region, two where one does.
            #expect(try rows([Pairs.table]) == 4)
            #expect(try rows([Pairs.table, Pairs.cup, Pairs.pear]) == 12)
            #expect(try rows([Pairs.table, Pairs.mug]) == 6 && rows([Pairs.table, Pairs.book]) == 6)
            let asked = ["source-boxes": "true"]
            #expect(try rows([Pairs.table, Pairs.mug], asked) == 8)
            #expect(try rows([Pairs.table, Pairs.mug, Pairs.book], asked) == 8)
            #expect(try rows([Pairs.table, Pairs.pear, Pairs.mug], asked) == 10)
        }
    }

    @Test("The share of maps that is taken falls evenly, as the published table has it for 20 steps")
    func schedules() {
        func row(_ cross: Double) -> [Double] {
            RegionAttention.schedule(cross: cross, steps: 20, length: 1).weights.map { $0[0] }
        }
        func falling(_ end: Int) -> [Double] {
            (0..<20).map { (step: Int) -> Double in step < end ? 1 - Double(step) / Double(end) : 0 }
        }
        #expect(row(1) == falling(21) && row(0.6) == falling(12) && row(0.5) == falling(10))
        // Wrong would be ⌊f·T⌋, which is the same for 0.6 and 0.5 of 20 steps, but not for half of 7.
        let seven = RegionAttention.schedule(cross: 0.5, steps: 7, length: 1).weights.map { $0[0] }
        #expect(seven == [1, 0.75, 0.5, 0.25, 0, 0, 0])
        #expect(RegionAttention.of(.background) == .init(cross: 1, own: 0.5, aligns: false))
        #expect(RegionAttention.of(.inherent) == .init(cross: 1, own: 0.7, aligns: false))
        #expect(RegionAttention.of(.edited) == .init(cross: 0.6, own: 0.3, aligns: false))
        #expect(RegionAttention.of(.added) == nil && RegionAttention.of(.removed) == nil)
        #expect(RegionAttention.whole == .init(cross: 0.5, own: 0.2, aligns: true))
    }

    @Test(
        "Own maps are taken in layers with at most so many places in the tile, for the region's first steps")
    func ownMaps() throws {
        try withoutGradients {
            let sites = try tinyModel().sites
            func scales(_ box: [Double], tokens: Int) throws -> Set<Int> {
                let canvas = try Pairs.canvas(
                    [Pairs.region(.inherent, box, "a cup")], on: tinyModel(), steps: 10)
                let options = try Pairs.options(["self-tokens": "\(tokens)"])
                let regions = try RegionPairing(canvas, options, isPhoto: false, method: "").regions()
                let controller = try #require(regions[1].controller)
                #expect(controller.ownSteps == 0..<7)
                return Set(controller.ownSites.map(\.scale))
            }
            let all = Set(sites.filter { $0.attention == .selfAttention }.map(\.scale))
            #expect(try scales([0, 0, 1, 1], tokens: 64) == all)
            #expect(try scales([0, 0, 1, 1], tokens: 63) == all.filter { $0 > 1 })
            #expect(try scales([0, 0, 0.5, 0.5], tokens: 16) == all)
            #expect(try scales([0, 0, 1, 1], tokens: 0) == [])
        }
    }

    @Test(
        "Regions draw their noise from seeds of their own, things over the background; where they meet it stays as strong"
    )
    func noise() throws {
        let model = GaussianModel(side: 16)
        let left = Pairs.region(.inherent, [0, 0, 0.75, 1], "a", seed: 11)
        let right = Pairs.region(.inherent, [0.25, 0, 0.75, 1], "b")
        let canvas = try Pairs.canvas([Pairs.table, left, right], on: model, seed: 40)
        func start(_ options: [String: String] = [:]) throws -> Tensor {
            try RegionPairing(canvas, try Pairs.options(options), isPhoto: false, method: "").firstNoise()
        }
        let (one, two) = (
            RandomGenerator(seed: 11).normal([1, 3, 16, 12]),
            RandomGenerator(seed: 42).normal([1, 3, 16, 12])
        )
        let both = one.narrowed(3, from: 4, count: 8) + two.narrowed(3, from: 0, count: 8)
        let noise = try start()
        func part(_ tensor: Tensor, _ from: Int, _ count: Int) -> Tensor {
            tensor.narrowed(3, from: from, count: count)
        }
        #expect(relativeError(part(noise, 0, 4), part(one, 0, 4)) == 0)
        #expect(relativeError(part(noise, 4, 8), both / 2.0.squareRoot()) < 1e-6)
        #expect(relativeError(part(noise, 12, 4), part(two, 8, 4)) == 0)
        #expect(relativeError(part(try start(["mean-noise": "true"]), 4, 8), both / 2) < 1e-6)
        // The background's lies where no thing does.
        let cup = try Pairs.canvas([Pairs.table, Pairs.cup], on: model, seed: 40)
        let behind = try RegionPairing(cup, try Pairs.options(), isPhoto: false, method: "").firstNoise()
        let ground = RandomGenerator(seed: 40).normal([1, 3, 16, 16])
        #expect(part(behind, 8, 8).isEqual(to: part(ground, 8, 8)) && !behind.isEqual(to: ground))
    }

    @Test(
        "Tiles of one value give that value, and it is the same to lay noises or the latents after the step")
    func composition() throws {
        let canvas = try Pairs.canvas([Pairs.table, Pairs.cup, Pairs.pear], on: tinyModel())
        let regions = try RegionPairing(
            canvas, try Pairs.options(["feather": "1"]), isPhoto: false, method: ""
        )
        .regions()
        func laid(_ value: (PairedRegion) -> Tensor) -> Tensor {
            RegionPainting.composed(regions.map { ($0, value($0)) })
        }
        let flat = laid { .full([1, 4, $0.tile.height, $0.tile.width], 0.7) }
        #expect((flat - 0.7).absolute.amax().item < 1e-6)
        let levels = canvas.levels
        let latent = RandomGenerator(seed: 1).normal([1, 4, 8, 8])
        func noise(_ region: PairedRegion) -> Tensor {
            RandomGenerator(seed: UInt64(region.tile.width)).normal([
                1, 4, region.tile.height, region.tile.width,
            ])
        }
        let before = DDIM.step(latent, laid(noise), from: levels[4], to: levels[3])
        let after = laid { DDIM.step($0.tile.crop(latent), noise($0), from: levels[4], to: levels[3]) }
        #expect(relativeError(before, after) < 1e-5)
        // Two things over the background: their mean, by the mean of their weights.
        let one = laid { .full([1, 4, $0.tile.height, $0.tile.width], $0.role == .background ? 0 : 1) }
        let (cup, pear) = (regions[1], regions[2])
        let (weights, count) = (
            cup.tile.place(cup.weights) + pear.tile.place(pear.weights), cup.tile.box + pear.tile.box
        )
        #expect(relativeError(one.narrowed(1, from: 0, count: 1), weights / count.clamped(1, nil)) < 1e-6)
    }

    @Test("Negative prompts stand behind the request's, and prompts behind the global one")
    func texts() throws {
        try withoutGradients {
            var pear = Pairs.pear
            pear.negative = "a ring"
            var canvas = try Pairs.canvas([pear, Pairs.mug, Pairs.book], on: tinyModel())
            canvas = EditContext(
                session: canvas.session, levels: canvas.levels, startStep: 5, clean: canvas.clean,
                prompt: try canvas.session.prompt("a photo"), source: try canvas.session.prompt("a painting"),
                negative: try canvas.session.prompt("a box"), empty: canvas.empty, guidance: 7, mask: nil,
                inversion: .ddim, random: canvas.random)
            canvas.layout = [pear, Pairs.mug, Pairs.book]
            let pairing = try RegionPairing(canvas, try Pairs.options(), isPhoto: false, method: "")
            let regions = try pairing.regions()
            #expect(
                regions.map { $0.source?.prompt.prompt.text } == [
                    "a painting", "a painting, a red apple", nil, "a painting, a book",
                ])
            #expect(
                regions.map { $0.target?.prompt.prompt.text } == [
                    "a photo", "a photo, a green pear", "a photo, a mug", nil,
                ])
            #expect(regions.map { $0.target?.negative.text } == ["a box", "a box, a ring", "a box", nil])
            let whole = pairing.wholePrompts
            #expect(whole.source.text == "a painting, a red apple, a book")
            #expect(whole.target.text == "a photo, a green pear, a mug")
            #expect(whole.target.owners == [nil, nil, 0, 0, 0, 1, 1])
            let all = try pairing.whole(whole, feather: 0.2)
            #expect(all.source?.negative.text == "a box, a ring")
        }
    }
}
