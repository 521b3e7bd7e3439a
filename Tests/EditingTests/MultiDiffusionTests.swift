import Diffusion
import Imaging
import Tensors
import TestSupport
import Testing
import ToyModels

@testable import Editing

/// The oracles of MultiDiffusion.
@Suite struct MultiDiffusionTests {
    static let height = 8
    static let width = 20

    /// Cells of some columns of the canvas.
    static func columns(_ range: Range<Int>) -> Tensor {
        let values = (0..<(height * width)).map { range.contains($0 % width) ? Float(1) : 0 }
        return Tensor(values, shape: [1, 1, height, width])
    }

    static func session(_ limits: BatchLimits = BatchLimits()) throws -> DiffusionSession {
        DiffusionSession(model: try tinyModel(), limits: limits)
    }

    static var canvasLatent: Tensor { RandomGenerator(seed: 4).normal([1, 4, height, width]) }

    static func layers(_ session: DiffusionSession, _ parts: [(String, Range<Int>)]) throws -> [RegionLayer] {
        try parts.map {
            RegionLayer(
                prompt: try session.prompt($0.0), negative: nil, cells: columns($0.1), isBootstrapped: false)
        }
    }

    static func painter(
        _ session: DiffusionSession, _ parts: [(String, Range<Int>)], side: Int = 8, stride: Int = 4
    ) throws -> RegionPainter {
        try RegionPainter(
            session, windows: Windows(height: height, width: width, side: side, stride: stride),
            layers: try layers(session, parts), guidance: 7.5)
    }

    static func distance(_ left: Tensor, _ right: Tensor) -> Double { (left - right).absolute.amax().item }

    @Test("1: one window and one prompt are plain sampling, to the last bit", arguments: [0.0, 1.0])
    func plain(eta: Double) throws {
        try withoutGradients {
            var request = GenerationRequest(prompt: "a pear", seed: 3, steps: 5, eta: eta)
            let plain = try Self.session().generatedLatent(request)
            request.windows = WindowSettings()
            let session = try Self.session()
            #expect(try session.generatedLatent(request).isEqual(to: plain))
            #expect(session.spent.forwards == 10)
            // A region that is everything differs from its prompt alone only by where its first steps stand.
            request.prompt = "a table"
            request.regions = [Region(.box(.init(x: 0, y: 0, width: 1, height: 1)), prompt: "a pear")]
            request.windows = WindowSettings(bootstrapping: 0)
            #expect(try Self.session().generatedLatent(request).isEqual(to: plain))
        }
    }

    @Test("2: a predictor that looks at single cells paints a wide canvas as it would paint the whole")
    func pixelWise() throws {
        let model = GaussianModel(side: 16)
        var request = GenerationRequest(prompt: "x", seed: 1, steps: 10, width: 53, height: 19)
        let whole = try DiffusionSession(model: model).generatedLatent(request)
        for (stride, wraps) in [(5, false), (16, false), (3, true)] {
            request.windows = WindowSettings(stride: stride, wraps: wraps)
            let windowed = try DiffusionSession(model: model).generatedLatent(request)
            #expect(relativeError(windowed, whole) < 1e-5)
        }
    }

    @Test("3: the order of prompts does not matter")
    func order() throws {
        try withoutGradients {
            let session = try Self.session()
            let parts = [("a pear", 0..<9), ("an apple", 5..<14), ("a cup", 14..<20)]
            let level = try session.schedule.levels(steps: 10)[6]
            let empty = try session.prompt("")
            let one = try Self.painter(session, parts).noise(
                in: Self.canvasLatent, at: level, negative: empty)
            let two = try Self.painter(session, parts.reversed()).noise(
                in: Self.canvasLatent, at: level, negative: empty)
            #expect(relativeError(two, one) < 1e-5)
        }
    }

    @Test("4, 7: a step is the least-squares answer: the mean of all windows' and prompts' own steps")
    func leastSquares() throws {
        try withoutGradients {
            let session = try Self.session()
            let parts = [("a pear", 0..<12), ("an apple", 7..<20)]
            let levels = try session.schedule.levels(steps: 10)
            let empty = try session.prompt("")
            let painter = try Self.painter(session, parts)
            let noise = try painter.noise(in: Self.canvasLatent, at: levels[6], negative: empty)
            let next = DDIM.step(Self.canvasLatent, noise, from: levels[6], to: levels[5])
            var gradient = next.zerosLike
            var (value, count) = (next.zerosLike, next.zerosLike)
            for corner in painter.windows.corners {
                let view = painter.windows.crop(Self.canvasLatent, at: corner)
                for layer in try Self.layers(session, parts) {
                    let cells = painter.windows.crop(layer.cells, at: corner)
                    let estimate = try session.noise(
                        in: view, at: levels[6], prompt: layer.prompt, negative: empty, scale: 7.5)
                    let step = DDIM.step(view, estimate, from: levels[6], to: levels[5])
                    let miss = (painter.windows.crop(next, at: corner) - step) * cells
                    gradient += painter.windows.place(miss, at: corner)
                    value += painter.windows.place(step * cells, at: corner)
                    count += painter.windows.place(cells.expanded([1, 4, 8, 8]).contiguous, at: corner)
                }
            }
            #expect(gradient.absolute.amax().item < 1e-4 * next.absolute.amax().item)
            #expect(relativeError(next, value / count) < 1e-5)
        }
    }

    @Test("5: in masks that share no cell every prompt has its own way")
    func disjoint() throws {
        try withoutGradients {
            let session = try Self.session()
            let painter = try Self.painter(
                session, [("a pear", 0..<11), ("an apple", 11..<20)], side: 20, stride: 20)
            let level = try session.schedule.levels(steps: 10)[6]
            let empty = try session.prompt("")
            let both = try painter.noise(in: Self.canvasLatent, at: level, negative: empty)
            for (prompt, columns) in [("a pear", 0..<11), ("an apple", 11..<20)] {
                let alone = try session.noise(
                    in: Self.canvasLatent, at: level, prompt: try session.prompt(prompt), negative: empty,
                    scale: 7.5)
                let (here, there) = [both, alone].reduce(into: ([Tensor](), 0)) { found, noise in
                    found.0.append(noise.narrowed(3, from: columns.lowerBound, count: columns.count))
                }
                #expect(there == 0 && relativeError(here[0], here[1]) < 1e-5)
            }
        }
    }

    @Test("6: a cell that no prompt paints is an error, unless the picture is kept there")
    func uncovered() throws {
        let session = try Self.session()
        #expect(throws: EditingError.uncovered(cells: 8 * 3)) {
            try Self.painter(session, [("a pear", 0..<10), ("an apple", 13..<20)])
        }
        let kept = try RegionPainter(
            session, windows: Windows(height: 8, width: 20, side: 8, stride: 4),
            layers: try Self.layers(session, [("a pear", 2..<6)]), guidance: 1, covering: false)
        #expect(kept.covered.isEqual(to: Self.columns(2..<6)))
    }

    @Test("While bootstrapped, a prompt sees nothing of the canvas outside its own cells")
    func bootstrapped() throws {
        try withoutGradients {
            let session = try Self.session()
            let levels = try session.schedule.levels(steps: 10)
            let empty = try session.prompt("")
            let layer = RegionLayer(
                prompt: try session.prompt("a pear"), negative: nil, cells: Self.columns(6..<12),
                isBootstrapped: true)
            let painter = try RegionPainter(
                session, windows: Windows(height: 8, width: 20, side: 8, stride: 4), layers: [layer],
                guidance: 2, covering: false)
            let other = EditContext.blend(
                Self.canvasLatent, over: Self.canvasLatent * -2, mask: Self.columns(6..<12))
            func noise(_ latent: Tensor, at k: Int) throws -> Tensor {
                let alone = try painter.bootstrapping(
                    share: 0.4, of: levels, noise: Self.canvasLatent, random: RandomGenerator(seed: 2))
                return try painter.noise(in: latent, at: levels[k], negative: empty, alone: alone)
            }
            for k in [10, 7] {
                #expect(try noise(other, at: k).isEqual(to: noise(Self.canvasLatent, at: k)))
            }
            #expect(Self.distance(try noise(other, at: 6), try noise(Self.canvasLatent, at: 6)) > 1e-4)
        }
    }

    @Test("Behind every view stands a colour of its own by chance, noised as much as the step's latent is")
    func colours() throws {
        try withoutGradients {
            let model = try WatchedModel()
            let session = DiffusionSession(model: model)
            let levels = try session.schedule.levels(steps: 10)
            let layer = RegionLayer(
                prompt: try session.prompt("a pear"), negative: nil, cells: Self.columns(6..<12),
                isBootstrapped: true)
            let windows = Windows(height: 8, width: 20, side: 8, stride: 4)
            let painter = try RegionPainter(
                session, windows: windows, layers: [layer], guidance: 1, covering: false)
            let alone = try painter.bootstrapping(
                share: 0.4, of: levels, noise: Self.canvasLatent, random: RandomGenerator(seed: 2))
            let random = RandomGenerator(seed: 2)
            let bytes = random.uniform([4, 3]).floats.map { UInt8($0 * 256) }
            var picks: Set<Int> = []
            for k in [10, 9, 8, 7] {
                let first = model.rows.count
                _ = try painter.noise(
                    in: Self.canvasLatent, at: levels[k], negative: session.prompt(""), alone: alone)
                // Columns 6…11 are in the windows at 0, 4 and 8.
                let rows = model.rows[first...]
                #expect(rows.count == 3)
                for (row, left) in zip(rows, [0, 4, 8]) {
                    let pick = Int(random.integers(in: 0..<4, [1]).item)
                    picks.insert(pick)
                    let flat = Image(
                        width: 64, height: 64, red: bytes[pick * 3], green: bytes[pick * 3 + 1],
                        blue: bytes[pick * 3 + 2])
                    let corner = windows.corners.first { $0.left == left }
                    let noise = windows.crop(Self.canvasLatent, at: try #require(corner))
                    let colour = DDIM.addNoise(try session.encode(flat), noise, to: levels[k])
                    let own = windows.crop(Self.columns(6..<12), at: try #require(corner))
                    let outside = (row.latent - colour) * (1 - own)
                    #expect(outside.absolute.amax().item < 1e-5, "level \(k), window \(left)")
                }
            }
            #expect(picks.count > 1)
        }
    }

    @Test("Without a region the user is told what that is, and it is what SDEdit paints")
    func noRegion() throws {
        let contexts = try (0..<2).map { _ in
            try context(on: EditTests.model(), prompt: "dog", steps: 10, strength: 0.5, seed: 4)
        }
        let painted = try MultiDiffusion(Options([:], of: MultiDiffusion.description)).edit(contexts[0])
        let plain = try SDEdit(Options([:], of: SDEdit.description)).edit(contexts[1])
        #expect(contexts[0].session.warnings == ["\(MultiDiffusion.noRegion)"])
        #expect(
            "\(MultiDiffusion.noRegion)"
                == "without a region multidiffusion repaints the whole picture by the prompt, as sdedit does; say what "
                + "goes where with regions that have prompts of their own")
        #expect(relativeError(painted.latent, plain.latent) < 1e-5)
    }

    @Test("A generated picture costs what the formula says, and passes of one row make the same")
    func cost() throws {
        try withoutGradients {
            // 1 + (20 - 8)/4 = 4 windows at 0, 4, 8, 12; the region has columns 0…9, so windows 0, 4, 8 see
            // it,
            // and the background's columns 10…19 are seen by windows 4, 8, 12.
            let request = GenerationRequest(
                prompt: "a table", seed: 2, steps: 10, width: 20 * 8, height: 8 * 8,
                regions: [Region(.box(.init(x: 0, y: 0, width: 0.5, height: 1)), prompt: "a pear")],
                windows: WindowSettings(stride: 4))
            let session = try Self.session()
            let latent = try session.generatedLatent(request)
            // Bootstrapped: 2·3 for the region, 2·3 for the background; later 3 + 3 and 4 empty ones.
            #expect(session.spent.forwards == 4 * (6 + 6) + 6 * (3 + 3 + 4))
            let single = try Self.session(BatchLimits(rows: 1)).generatedLatent(request)
            #expect(relativeError(single, latent) < 1e-3)
        }
    }

    @Test("Canvases and windows of odd sizes go through a network that halves them twice")
    func odd() throws {
        try withoutGradients {
            for (width, height) in [(13, 9), (5, 7), (1, 3)] {
                let request = GenerationRequest(
                    prompt: "a pear", steps: 2, width: width * 8, height: height * 8,
                    windows: WindowSettings(side: 5, stride: 3, wraps: true))
                let made = try Self.session().generate(request)
                #expect((made.image.width, made.image.height) == (width * 8, height * 8))
            }
        }
    }

    @Test("A wrapped panorama rolled around is the panorama of the rolled noise")
    func wraps() throws {
        try withoutGradients {
            let session = try Self.session()
            let windows = Windows(height: 8, width: 20, side: 8, stride: 4, wraps: true)
            let painter = try RegionPainter(
                session, windows: windows, layers: try Self.layers(session, [("a pear", 0..<20)]), guidance: 3
            )
            let (level, empty) = (try session.schedule.levels(steps: 10)[6], try session.prompt(""))
            let noise = try painter.noise(in: Self.canvasLatent, at: level, negative: empty)
            let rolled = try painter.noise(
                in: Self.canvasLatent.rolled([8], along: [3]), at: level, negative: empty)
            #expect(relativeError(rolled, noise.rolled([8], along: [3])) < 1e-5)
        }
    }

    @Test(
        "On a photo only the regions change, at the price of the regions",
        arguments: [("noised", 0), ("inverted", 8)])
    func edits(start: String, inversion: Int) throws {
        try withoutGradients {
            let model = try tinyModel()
            var context = try context(on: model, prompt: "a table", steps: 10, strength: 0.8)
            let cells = Tensor((0..<64).map { $0 % 8 < 3 ? Float(1) : 0 }, shape: [1, 1, 8, 8])
            context.regions = [
                EditRegion(prompt: try context.session.prompt("a pear"), negative: nil, cells: cells)
            ]
            let options = try Options(["start": start], of: MultiDiffusion.description)
            let painting = try MultiDiffusion(options).edit(context)
            let change = (painting.latent - context.clean) * (1 - cells)
            #expect(change.absolute.amax().item == 0)
            #expect(Self.distance(painting.latent, context.clean) > 0.1)
            #expect(painting.mask?.isEqual(to: cells) == true)
            #expect(context.session.spent.forwards == inversion + 2 * 8)
            // The background's prompt paints the rest when asked to.
            let all = try MultiDiffusion(
                Options(["start": start, "background": "prompt"], of: MultiDiffusion.description)
            ).edit(context)
            #expect(((all.latent - context.clean) * (1 - cells)).absolute.amax().item > 0.1)
        }
    }
}
