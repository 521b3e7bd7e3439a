import Diffusion
import Imaging
import Networks
import Tensors
import Testing

@testable import Editing

/// Destinations, layers and colour models of lift: no network, closed forms.
@Suite struct LiftLayerTests {
    static let frame = LiftDestinations(width: 64, height: 64, photo: (640, 640))
    static let thing = LiftInstruction.Thing("vase")
    static let box = PixelBox(left: 10, top: 20, right: 29, bottom: 49)

    static func core(_ box: PixelBox, side: Int = 64) -> Mask {
        var mask = Mask(width: side, height: side, filledWith: 0)
        for y in box.top...box.bottom { for x in box.left...box.right { mask.values[y * side + x] = 1 } }
        return mask
    }

    @Test("Destinations follow from the boxes")
    func destinations() throws {
        func placement(_ text: String, other: PixelBox? = nil) throws -> Placement {
            Self.frame.placements(try LiftInstruction(text).steps[0], [Self.box], other: other)[0]
        }
        #expect(try placement("move the vase to the right by 25 %").right == 16)
        #expect(try placement("move the vase up by 10 %").down == -6.4)
        #expect(try placement("move the vase left by 30 px").right == -3)
        #expect(try placement("put the vase in the middle").right == 12)
        #expect(abs(try placement("put the vase to the left edge").right - (0.02 * 64 - 10)) < 1e-12)
        #expect(abs(try placement("put the vase to the right edge").right - (63 - 0.02 * 64 - 29)) < 1e-12)
        #expect(try placement("put the vase to the right half").right == 28)
        #expect(try placement("make the vase larger") == Placement(middle: 19.5, foot: 49, factor: 1.3))
        #expect(try placement("flip the vase").isMirrored)
        // Beside: a gap of 0.03 of the width between the boxes; "next to" takes the nearer side that is in the frame.
        let other = PixelBox(left: 36, top: 30, right: 45, bottom: 50)
        #expect(
            abs(try placement("put the vase to the right of the jug", other: other).right - (45 + 1.92 - 10))
                < 1e-12)
        #expect(
            abs(try placement("put the vase to the left of the jug", other: other).right - (36 - 1.92 - 29))
                < 1e-12)
        #expect(
            abs(try placement("put the vase next to the jug", other: other).right - (36 - 1.92 - 29)) < 1e-12)
        let near = PixelBox(left: 15, top: 30, right: 22, bottom: 50)
        #expect(
            abs(try placement("put the vase next to the jug", other: near).right - (22 + 1.92 - 10)) < 1e-12)
        // Middles and feet are exchanged.
        let swap = Self.frame.placements(
            try LiftInstruction("swap the vase and the jug").steps[0], [Self.box, other])
        #expect(swap[0].right == 21 && swap[0].down == 1 && swap[1].right == -21 && swap[1].down == -1)
    }

    /// A box [10, 29] moved right by d loses what passes column 63: (29 + d - 63)/20 of it.
    @Test("What would leave the frame is refused by its share, with what fits")
    func frameRefusals() throws {
        func refused(_ text: String) throws -> String? {
            let step = try LiftInstruction(text).steps[0]
            do {
                try Self.frame.check(step, [Self.core(Self.box)])
                return nil
            } catch { return "\(error)" }
        }
        #expect(
            try refused("move the vase 65 % to the right")
                == "moving the vase 65 % to the right would take 40 % of it out of the picture; at most 57 % fits"
        )
        #expect(
            try refused("move the vase to the left by 130 px")
                == "moving the vase 130 px to the left would take 15 % of it out of the picture; at most 125 px fits"
        )
        #expect(try refused("move the vase 56 % to the right") == nil)
        #expect(
            try refused("scale the vase by 3 times")
                == "making the vase 3 times as large would take 52 % of it out of the picture; at most 1.9 times fits"
        )
        #expect(try refused("shrink the vase to 20 %") == nil)
        let small = Self.core(PixelBox(left: 30, top: 30, right: 35, bottom: 45))
        let error = #expect(throws: LiftError.self) {
            try Self.frame.check(.scale(Self.thing, 0.5), [small])
        }
        #expect(
            error?.description
                == "the vase would be smaller than what the model can paint; at least 67 % of its size can be done"
        )
        let whole = Mask(width: 64, height: 64, filledWith: 1)
        for core in [whole, Mask(width: 64, height: 64, filledWith: 0)] {
            #expect(throws: LiftError.ground("vase")) { try Self.frame.check(.mirror(Self.thing), [core]) }
        }
    }

    /// A thing with a pattern on an even ground.
    static func scene(_ box: PixelBox, shade: Float = 1) -> (image: FloatImage, ground: FloatImage) {
        let ground = FloatImage(
            Image(width: 64, height: 64, red: 180, green: 160, blue: 140))
        var image = ground
        for y in box.top...box.bottom {
            for x in box.left...box.right {
                let (u, v, w) = (Float(x * 37 % 25), Float(y * 53 % 25), Float((x + y) * 29 % 25))
                image.pixels[y * 64 + x] = (SIMD3(u, v, w) + 40) / 255
            }
        }
        return (image, ground)
    }

    @Test("With a given core a move by whole pixels keeps the thing's bits, and back again is the source")
    func bits() throws {
        let (image, ground) = Self.scene(Self.box)
        let core = Self.core(Self.box)
        func moved(_ image: FloatImage, _ core: Mask, _ right: Double) throws -> FloatImage {
            let layer = LiftLayer(of: image, over: ground, core: core, hole: core.grown(by: 3))
            let box = try #require(core.box())
            let placement = Placement(middle: box.middle, foot: Double(box.bottom), right: right)
            return layer.placed(placement, over: ground, keepsShade: false).image
        }
        let there = try moved(image, core, 17)
        for y in (Self.box.top + 1)..<Self.box.bottom {
            for x in (Self.box.left + 1)..<Self.box.right {
                #expect(there.pixels[y * 64 + x + 17] == image.pixels[y * 64 + x])
            }
        }
        let next = Self.core(PixelBox(left: 27, top: 20, right: 46, bottom: 49))
        let back = try moved(there, next, -17)
        for (one, other) in zip(back.pixels, image.pixels) {
            for channel in 0..<3 { #expect(abs(one[channel] - other[channel]) < 0.005) }
        }
    }

    /// Fails where the rim takes the colour that is seen there, half ground: the old ground would come along.
    @Test("At a rim of half ground the layer has half the opacity and the thing's own colour")
    func rim() {
        let ground = FloatImage(Image(width: 64, height: 64, red: 200, green: 200, blue: 200))
        var image = ground
        let core = Self.core(Self.box)
        for place in core.values.indices where core.values[place] > 0 {
            image.pixels[place] = SIMD3(0.2, 0.1, 0.1)
        }
        for y in Self.box.top...Self.box.bottom {
            image.pixels[y * 64 + Self.box.left] = (SIMD3(0.2, 0.1, 0.1) + ground.pixels[0]) / 2
        }
        let layer = LiftLayer(of: image, over: ground, core: core, hole: core.grown(by: 3))
        let place = 30 * 64 + Self.box.left
        #expect(abs(layer.alpha.values[place] - 0.5) < 0.01)
        for channel in 0..<3 {
            #expect(abs(layer.colours.pixels[place][channel] - SIMD3<Float>(0.2, 0.1, 0.1)[channel]) < 0.02)
        }
        #expect(layer.alpha.values[place - 1] < 0.01 && layer.alpha.values[place + 1] > 0.98)
        // What was taken apart comes together again where nothing is moved.
        let whole = layer.placed(
            Placement(middle: 0, foot: 0), over: ground, keepsShade: false
        ).image
        for (one, other) in zip(whole.pixels, image.pixels) { #expect(abs(one.x - other.x) < 0.01) }
    }

    @Test("A shadow is shade and no thing, and goes along unless it is to stay")
    func shadow() {
        let box = PixelBox(left: 6, top: 20, right: 15, bottom: 49)
        let (plain, ground) = Self.scene(box)
        var image = plain
        // A shadow to the right of the foot.
        for y in 44...49 { for x in 16...19 { image.pixels[y * 64 + x] = ground.pixels[0] * 0.6 } }
        let (core, hole) = (Self.core(box), Self.core(box).grown(by: 6))
        let seen = LiftLayer.opaque(
            image, over: ground, hole: hole, found: Mask(width: 64, height: 64, filledWith: 0))
        #expect(seen == core)
        let layer = LiftLayer(of: image, over: ground, core: core, hole: hole)
        #expect(abs(layer.shade.values[46 * 64 + 18] - 0.6) < 0.05 && layer.shade.values[5 * 64 + 5] == 1)
        let placement = Placement(middle: 10.5, foot: 49, right: 30)
        let along = layer.placed(placement, over: ground, keepsShade: false).image
        let stays = layer.placed(placement, over: ground, keepsShade: true).image
        #expect(along.pixels[46 * 64 + 48].x < 0.5 && along.pixels[46 * 64 + 18].x > 0.6)
        #expect(stays.pixels[46 * 64 + 48].x > 0.6 && stays.pixels[46 * 64 + 18].x < 0.5)
    }

    @Test("A thing is only where its map says, and nowhere that another's is higher")
    func segmenting() {
        let image = Self.scene(PixelBox(left: 20, top: 24, right: 37, bottom: 43)).image
        let cells = Mask(
            width: 8, height: 8,
            values: (0..<64).map { (cell: Int) -> Float in
                (2...4).contains(cell % 8) && (3...5).contains(cell / 8) ? 1 : 0
            })
        let map = cells.resized(width: 64, height: 64, by: .bilinear)
        let found = Segmenter(image, threshold: 0.15).segment(map, rivals: [])
        #expect(found.core.values[33 * 64 + 28] == 1 && found.map == map)
        #expect(zip(found.soft.values, map.values).allSatisfy { $0 == 0 || $1 > 0.15 })
        let rival = Mask(
            width: 64, height: 64, values: (0..<4096).map { (place: Int) -> Float in place % 64 < 30 ? 2 : 0 }
        )
        let rivalled = Segmenter(image, threshold: 0.15).segment(map, rivals: [rival])
        #expect(rivalled.core.area > 0)
        #expect((0..<4096).allSatisfy { $0 % 64 >= 30 || rivalled.core.values[$0] == 0 })
        #expect(rivalled.map.values.enumerated().allSatisfy { $0.offset % 64 >= 30 || $0.element <= 0.1 })
    }

    @Test("No attention goes to hidden cells, rows still sum to 1, and what sees nothing else keeps its row")
    func hiding() {
        let map = (RandomGenerator(seed: 4).normal([1, 2, 16, 16]) * 2).softmax(-1)
        func hidden(_ cells: Mask) -> Tensor { LiftFill.hiding(cells, from: map, height: 4, width: 4) }
        var cells = Mask(width: 8, height: 8, filledWith: 0)
        // One of the four cells of a place hides it.
        (cells.values[0], cells.values[27]) = (1, 1)
        let found = hidden(cells)
        #expect((found.sum([-1]) - 1).absolute.amax().item < 1e-6)
        for place in 0..<16 {
            let column = found.selected(3, at: place).amax().item
            #expect(place == 0 || place == 5 ? column == 0 : column > 0)
        }
        #expect(hidden(Mask(width: 8, height: 8, filledWith: 1)).isEqual(to: map))
        #expect(LiftFill.plan(hiding: Mask(width: 8, height: 8, filledWith: 0), among: []).sites.isEmpty)
    }

    @Test("Parts go to the phrases that look at them most, all together")
    func assignment() {
        #expect(ThingFinder.assignment([[0.9, 0.8], [0.7, 0.1]]) == [1, 0])
        #expect(ThingFinder.assignment([[1, 0, 0], [0, 0, 1], [0, 1, 0]]) == [0, 2, 1])
    }
}
