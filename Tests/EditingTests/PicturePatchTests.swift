import Diffusion
import Foundation
import Imaging
import Layers
import Networks
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The patches that SINE may learn from, and where a network is told they lie.
@Suite struct PicturePatchTests {
    @Test("Positions are sines before cosines of columns before rows, counted from 1, and as published")
    func waves() {
        let map = PositionMap(channels: 320, side: 128)(height: 128, width: 128)
        #expect(map.shape == [1, 320, 128, 128])
        func value(_ channel: Int, _ row: Int, _ column: Int) -> Double {
            map.selected(1, at: channel).selected(1, at: row).selected(1, at: column).item
        }
        #expect(abs(value(0, 7, 0) - sin(1)) < 1e-6 && abs(value(80, 7, 4) - cos(5)) < 1e-5)
        #expect(abs(value(160, 6, 90) - sin(7)) < 1e-5 && abs(value(319, 9, 0) - cos(10 * 1e-4)) < 1e-6)
        #expect(abs(value(79, 3, 99) - sin(100 * 1e-4)) < 1e-6)
        #expect(abs(map.amax().item - 1) < 1e-3)
        let mean = map.mean.item
        #expect(abs((map - mean).squared.mean.squareRoot.item - 0.62) < 0.01)
    }

    @Test("No box is the whole picture, and half of the picture is half of the map, before it is resized")
    func boxes() {
        let positions = PositionMap(channels: 32, side: 128)
        let whole = positions(height: 128, width: 128)
        let named = positions(.init(top: 0, left: 0, bottom: 128, right: 128), height: 128, width: 128)
        #expect(whole.isEqual(to: named))
        let top = positions(.init(top: 0, left: 0, bottom: 64, right: 128), height: 64, width: 128)
        #expect(relativeError(top, whole.narrowed(2, from: 0, count: 64)) < 1e-6)
        // The outermost places stay the outermost ones: corners lie on each other.
        let small = positions(.init(top: 8, left: 16, bottom: 72, right: 48), height: 16, width: 16)
        for (row, column, y, x) in [(0, 0, 8, 16), (15, 15, 71, 47)] {
            let found = small.selected(2, at: row).selected(2, at: column)
            #expect(relativeError(found, whole.selected(2, at: y).selected(2, at: x)) < 1e-5)
        }
    }

    @Test("A box that contains a place of the picture shows it, and lies inside")
    func pixels() throws {
        var picture = Image(width: 128, height: 128, red: 20, green: 120, blue: 200)
        let facts = ModelFacts(
            name: "x", fingerprint: "x", latentChannels: 4, latentFactor: 8, imageSide: 64, inputChannels: 4)
        // The unit in row 5 and column 11 of the map of 16.
        for y in 40..<48 {
            for x in 88..<96 {
                let place = picture.offset(x: x, y: y)
                (picture.pixels[place], picture.pixels[place + 1], picture.pixels[place + 2]) = (255, 0, 0)
            }
        }
        let patches = PicturePatches(of: picture, for: facts, channels: 32, seed: 1)
        var (shown, areas) = (0, Set<Int>())
        for step in 0..<60 {
            let box = patches.box(TuningDraws.generator(seed: 3, step: step))
            #expect(box.top >= 0 && box.left >= 0 && box.bottom <= 16 && box.right <= 16)
            #expect(box.bottom > box.top && box.right > box.left)
            areas.insert((box.bottom - box.top) * 100 + box.right - box.left)
            let image = patches.image(in: box)
            #expect((image.width, image.height) == (64, 64))
            let hasRed = (0..<(64 * 64)).contains {
                image.pixels[$0 * 3] > 200 && image.pixels[$0 * 3 + 1] < 60
            }
            let contains = (box.top..<box.bottom).contains(5) && (box.left..<box.right).contains(11)
            #expect(hasRed == contains)
            shown += contains ? 1 : 0
        }
        #expect(shown > 5 && shown < 55 && areas.count > 30)
    }

    // Fails for a map that is added to the latent, behind the first skip connection, or to all rows of a pass.
    @Test("Positions are added to what the first convolution makes, of the row that has some alone")
    func added() throws {
        let model = try tinyModel()
        let session = DiffusionSession(model: model)
        let level = try session.schedule.levels(steps: 2)[2]
        let latent = RandomGenerator(seed: 2).normal([1, 4, 8, 8])
        let prompt = try session.prompt("a red apple")
        let channels = model.unetConfiguration.blockOutChannels[0]
        let shift = RandomGenerator(seed: 5).normal([channels])
        let map = shift.reshaped([1, channels, 1, 1]).expanded([1, channels, 8, 8])
        func noises(_ plans: [Plan]) throws -> [Tensor] {
            try session.predict(plans.map { Query(latent, at: level, prompt: prompt, plan: $0) })
        }
        let found = try noises([.none, .adding(positions: map)])
        #expect(relativeError(found[0], try noises([.none])[0]) < 1e-5)
        let bias = try #require(model.unetTensors().first { $0.name == "conv_in.bias" }).tensor
        let moved = try model.overlaid(unet: [.replacing(["conv_in.bias": bias + shift])])
        let other = DiffusionSession(model: moved)
        let wanted = try other.predict([Query(latent, at: level, prompt: try other.prompt("a red apple"))])[0]
        #expect(relativeError(found[1], wanted) < 1e-5 && relativeError(found[1], found[0]) > 1e-2)
        // Nothing added is nothing changed, to the bit; two maps are their sum.
        let zero = try noises([.adding(positions: map * 0)])[0]
        #expect(zero.isEqual(to: try noises([.none])[0]))
        let twice = try noises([Plan.adding(positions: map * 0.5).then(.adding(positions: map * 0.5))])[0]
        #expect(relativeError(twice, found[1]) < 1e-5)
    }

    @Test(
        "With patches every step learns from a part that it encodes anew, and larger pictures can be painted")
    func edit() throws {
        func edit(_ options: [String: String], steps: Int = 2, clean: Tensor? = nil) throws -> (Tensor, Cost)
        {
            let context = try SINETests.context(steps: steps, clean: clean)
            let output = try SINETests.edit(options, context)
            return (output.latent, context.session.spent)
        }
        let (one, cost) = try edit(["patches": "true"])
        #expect(cost.backwards == 2 && cost.forwards == 2 + 4 + 1)
        #expect(try edit(["patches": "true"]).0.isEqual(to: one))
        #expect(relativeError(one, try edit([:]).0) > 1e-4)
        let large = RandomGenerator(seed: 7).normal([1, 4, 16, 16])
        #expect(try edit(["patches": "true"], clean: large).0.shape == [1, 4, 16, 16])
    }
}
