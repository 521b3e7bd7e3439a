import Foundation
import Tensors
import TestSupport
import Testing

@testable import Editing

/// Random changes that keep gradients: maps of the plane, colours, views and crops.
@Suite struct AugmentationTests {
    static var image: Tensor { RandomGenerator(seed: 6).uniform([1, 3, 6, 8]) }

    @Test(
        "A map that moves nothing gives the picture, a mirror the mirrored one, and what comes from outside is white"
    )
    func warps() {
        #expect(relativeError(Augmentation.warped(Self.image, by: [.identity]), Self.image) < 1e-6)
        #expect(relativeError(Augmentation.warped(Self.image, by: [.mirrored]), Self.image.flipped(3)) < 1e-6)
        let moved = Augmentation.warped(Self.image, by: [.turned(by: 0, x: 2, y: 0)])
        #expect(
            relativeError(moved.narrowed(3, from: 0, count: 6), Self.image.narrowed(3, from: 2, count: 6))
                < 1e-6)
        #expect(relativeError(moved.narrowed(3, from: 6, count: 2), .ones([1, 3, 6, 2])) < 1e-6)
        // A quarter turn of a square, the way from x to y: what is made at (x, y) is taken from (-y, x).
        let square = Self.image.narrowed(3, from: 0, count: 6)
        let turned = Augmentation.warped(square, by: [.turned(by: .pi / 2, x: 0, y: 0)])
        #expect(relativeError(turned, square.transposed(2, 3).flipped(2)) < 1e-5)
    }

    @Test("Rows are warped and recoloured each by its own")
    func rows() {
        let pair = Tensor.concatenated([Self.image, Self.image.flipped(2)])
        let warped = Augmentation.warped(pair, by: [.mirrored, .identity])
        #expect(relativeError(warped.rows(1..<2), Self.image.flipped(2)) < 1e-6)
        var grey = Augmentation.Colours()
        grey.saturation = 0
        let coloured = Augmentation.recoloured(pair, by: [grey, .init()])
        #expect(relativeError(coloured.rows(1..<2), Self.image.flipped(2)) < 1e-5)
        let channels = coloured.rows(0..<1).chunks(3, along: 1)
        #expect(relativeError(channels[0], channels[2]) < 1e-5)
    }

    @Test("Four corners go where they are sent, and the map back brings them back")
    func corners() {
        let corners = [(x: -3.0, y: -2.0), (x: 4, y: -1.5), (x: 3.5, y: 2), (x: -4, y: 2.5)]
        let map = Homography.square(to: corners)
        for (corner, unit) in zip(corners, [(0.0, 0.0), (1, 0), (1, 1), (0, 1)]) {
            let found = map(x: unit.0, y: unit.1)
            #expect(abs(found.x - corner.x) < 1e-9 && abs(found.y - corner.y) < 1e-9)
            let back = map.inverse(x: corner.x, y: corner.y)
            #expect(abs(back.x - unit.0) < 1e-9 && abs(back.y - unit.1) < 1e-9)
        }
        let moved = Homography.turned(by: 0, x: 1, y: 0)
        let found = (moved * .mirrored)(x: 5, y: 1)
        #expect(found.x == -4 && found.y == 1)
    }

    @Test(
        "A turn of the hue leaves grey and lightness, a whole circle changes nothing, and red turns to green's side"
    )
    func hue() {
        let third = Augmentation.turn(by: 2 * .pi / 3)
        func apply(_ m: [Double], _ c: [Double]) -> [Double] {
            (0..<3).map { i in (0..<3).reduce(0) { $0 + m[i * 3 + $1] * c[$1] } }
        }
        let grey = apply(third, [0.5, 0.5, 0.5])
        #expect(grey.allSatisfy { abs($0 - 0.5) < 2e-3 })
        func luma(_ c: [Double]) -> Double { 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2] }
        let red = [0.8, 0.2, 0.1]
        #expect(abs(luma(apply(third, red)) - luma(red)) < 2e-3)
        #expect(zip(apply(Augmentation.turn(by: 2 * .pi), red), red).allSatisfy { abs($0 - $1) < 2e-3 })
        #expect(apply(third, red)[0] < red[0])
    }

    @Test(
        "Views have CLIP's short side, gradients lead back to every part of the picture, and draws alone decide"
    )
    func views() {
        #expect(LayerViews.size(100, 100, 224, 320 / 224) == (224, 224))
        #expect(LayerViews.size(100, 130, 224, 320 / 224) == (224, 291))
        // Too long a side counts instead: 320 pixels of it.
        #expect(LayerViews.size(100, 200, 224, 320 / 224) == (160, 320))
        let views = LayerViews(side: 16, count: 4)
        let image = RandomGenerator(seed: 6).uniform([1, 3, 20, 30]).requiringGradient
        let seen = withGradients { views(of: image, LayerDice(seed: 2, step: 1)) }
        #expect(seen.shape == [4, 3, 15, 23])
        #expect(gradient(of: seen.squared.sum, withRespectTo: image).absolute.sum.item > 0)
        #expect(seen.detached.isEqual(to: views(of: image.detached, LayerDice(seed: 2, step: 1))))
        #expect(!seen.detached.isEqual(to: views(of: image.detached, LayerDice(seed: 2, step: 2))))
        #expect(seen.detached.smallest().item >= 0 && seen.detached.amax().item <= 1)
    }

    @Test("Crops keep picture and mask together, at 0.68 to 1.2 of the sides, half of them mirrored")
    func crops() {
        let image = Tensor.range(0, 200).reshaped([1, 1, 1, 200]).expanded([1, 3, 200, 200]) / 199
        let mask = image.narrowed(1, from: 0, count: 1)
        var mirrored = 0
        for step in 0..<40 {
            let crop = LayerCrop(of: image, mask: mask, LayerDice(seed: 0, step: step))
            let (_, _, height, width) = crop.image.shape4
            #expect((136...240).contains(height) && (136...240).contains(width))
            let row = crop.image.selected(2, at: 0).reshaped([3, width]).narrowed(0, from: 0, count: 1)
            if row.floats[0] > row.floats[width - 1] { mirrored += 1 }
            // Only recolouring parts the two.
            let own = crop.mask.map { ($0 - crop.image.narrowed(1, from: 0, count: 1)).absolute.amax().item }
            #expect(own ?? 1 < 0.25)
        }
        #expect((10...30).contains(mirrored))
    }
}
