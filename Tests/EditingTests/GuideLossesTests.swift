import Foundation
import Tensors
import TestSupport
import Testing

@testable import Editing

/// The losses of multi-region guidance, as numbers that can be worked out.
@Suite struct GuideLossesTests {
    typealias Pairs = RegionPairs

    static func maps(_ regions: [Int], _ rows: [[Float]]) -> RelevanceMaps {
        guard !rows.isEmpty else { return RelevanceMaps(regions: [], maps: nil) }
        return RelevanceMaps(
            regions: regions, maps: Tensor(rows.flatMap(\.self), shape: [rows.count, 1, rows[0].count]))
    }

    static func contrast(_ source: RelevanceMaps, _ target: RelevanceMaps, byPosition: Bool = false)
        -> Double?
    {
        GuideLosses.contrast(Sides(source, target), byPosition: byPosition)?.item
    }

    static let apart: [[Float]] = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]

    @Test("Contrast: maps that lie apart, maps that are equal, and any scale")
    func contrast() throws {
        let apart = Self.maps([0, 1, 2], Self.apart)
        // log(e + 2) - 1.
        #expect(abs(try #require(Self.contrast(apart, apart)) - 0.551445) < 1e-6)
        let same = Self.maps([0, 1, 2], [[1, 1], [1, 1], [1, 1]])
        #expect(abs(try #require(Self.contrast(same, same)) - log(3)) < 1e-6)
        // A temperature would cancel in the sums of rows, and so does any scale; without those sums it does not.
        let strong = Self.maps([0, 1, 2], Self.apart.map { $0.map { $0 * 7 } })
        #expect(abs(try #require(Self.contrast(strong, strong)) - 0.551445) < 1e-6)
    }

    @Test(
        "Contrast: the picture with fewer maps asks, regions are paired by what they are, not by their places"
    )
    func pairing() throws {
        let two = Self.maps([0, 2], [[1, 0, 0, 0], [0, 0, 1, 0]])
        let three = Self.maps([0, 1, 2], Self.apart)
        for pair in [(two, three), (three, two)] {
            #expect(abs(try #require(Self.contrast(pair.0, pair.1)) - 0.551445) < 1e-6)
            // Region 2 is then told to look like region 1: log(e + 2) for one of both rows.
            #expect(abs(try #require(Self.contrast(pair.0, pair.1, byPosition: true)) - 1.051445) < 1e-6)
        }
        // Rows without a counterpart say nothing.
        let other = Self.maps([0, 5], [[1, 0, 0, 0], [0, 0, 1, 0]])
        #expect(abs(try #require(Self.contrast(other, three)) - 0.551445) < 1e-6)
        #expect(Self.contrast(Self.maps([7], [[1, 0, 0, 0]]), three) == nil)
        // Of as many in both, the target's ask: rows of the target, columns of the source.
        let (left, right) = (
            Self.maps([0, 1], [[1, 0, 0], [1, 1, 0]]), Self.maps([0, 1], [[1, 0, 0], [0, 1, 0]])
        )
        func entropy(_ logits: [Double], _ own: Int) -> Double {
            log(logits.map(exp).reduce(0, +)) - logits[own]
        }
        let target = (entropy([0.5, 0.5], 0) + entropy([0, 1], 1)) / 2
        #expect(abs(try #require(Self.contrast(left, right)) - target) < 1e-6)
        let source = (entropy([1, 0], 0) + entropy([0.5, 0.5], 1)) / 2
        #expect(abs(try #require(Self.contrast(right, left)) - source) < 1e-6)
    }

    @Test("Contrast: a picture without maps is compared with the other's, which alone is moved")
    func empty() throws {
        let maps = Tensor([Float(1), 0.5, 0.2, 1], shape: [2, 1, 2])
        let gradient = withGradients { () -> Tensor in
            let leaf = maps.requiringGradient
            let shown = RelevanceMaps(regions: [0, 1], maps: leaf)
            let loss = GuideLosses.contrast(Sides(shown, Self.maps([], [])))
            return Tensors.gradient(of: loss ?? .zeros([]), withRespectTo: leaf)
        }
        let half = withGradients { () -> Tensor in
            let leaf = maps.requiringGradient
            let loss = GuideLosses.contrast(
                Sides(
                    RelevanceMaps(regions: [0, 1], maps: leaf),
                    RelevanceMaps(regions: [0, 1], maps: maps)))
            return Tensors.gradient(of: loss ?? .zeros([]), withRespectTo: leaf)
        }
        #expect(gradient.isEqual(to: half) && gradient.absolute.amax().item > 0)
        #expect(Self.contrast(Self.maps([], []), Self.maps([], [])) == nil)
    }

    @Test("Leakage is what is seen outside of boxes, and nothing else")
    func leakage() {
        let boxes = Tensor([Float(1), 1, 0, 0, 0, 1, 0, 0], shape: [2, 1, 4])
        let maps = Tensor([Float(0.9), 0.1, 0.4, 0, 0.2, 0.9, 0.2, 0.4], shape: [2, 1, 4])
        // 0.4/4 + 0.8/4: means over all places, not over those outside.
        #expect(abs(GuideLosses.leakage(maps, boxes: boxes).item - 0.3) < 1e-6)
        let inside = maps + boxes * 0.05
        #expect(
            GuideLosses.leakage(inside, boxes: boxes).item == GuideLosses.leakage(maps, boxes: boxes).item)
    }

    @Test("What is held: not seams of inherent things, not what is edited, in whatever order they are listed")
    func kept() {
        let things = [
            Pairs.table, Pairs.region(.inherent, [0, 0, 0.5, 1], "a cup"),
            Pairs.region(.edited, [0.25, 0, 0.75, 1], "an apple", target: "a pear"),
        ]
        // 20 cells: boxes of 10 and 15 columns, radii 1.
        let mask = GuideLosses.kept(things, height: 20, width: 20).floats
        func row(_ mask: [Float], _ y: Int) -> [Float] { (0..<20).map { mask[y * 20 + $0] } }
        // Border cells of the thing are free, its middle held, and the edited box free but for its own border.
        let middle: [Float] = [0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
        #expect(row(mask, 10) == middle)
        // Rows at the border of both boxes: the thing's feather there, 1 elsewhere, as the edited one's is 0.
        let (free, held): ([Float], [Float]) = (
            Array(repeating: 0, count: 10), Array(repeating: 1, count: 10)
        )
        #expect(row(mask, 0) == free + held)
        let other = [things[0], things[2], things[1]]
        #expect(GuideLosses.kept(other, height: 20, width: 20).floats == mask)
        let official = GuideLosses.kept(other, height: 20, width: 20, inListOrder: true).floats
        #expect(row(official, 10)[1...8].allSatisfy { $0 == 1 })
    }

    @Test("A change inside what is edited costs nothing, one elsewhere its square by the mask's")
    func preservation() {
        let regions = [Pairs.region(.edited, [0, 0, 0.5, 1], "an apple", target: "a pear")]
        let (large, small) = (
            GuideLosses.kept(regions, height: 40, width: 40), GuideLosses.kept(regions, height: 20, width: 20)
        )
        let images = Sides { _ in RandomGenerator(seed: 1).normal([1, 3, 40, 40]) }
        let latents = Sides { _ in RandomGenerator(seed: 2).normal([1, 4, 20, 20]) }
        func loss(_ images: Sides<Tensor>, _ latents: Sides<Tensor>) -> Double {
            GuideLosses.preservation(images: images, latents: latents, imageMask: large, latentMask: small)
                .item
        }
        #expect(loss(images, latents) == 0)
        func one(_ side: Int, _ x: Int) -> Tensor {
            Tensor(
                (0..<(side * side)).map { $0 == (side / 2) * side + x ? Float(2) : 0 },
                shape: [1, 1, side, side])
        }
        var changed = Sides(images.source, images.target + one(40, 10))
        #expect(loss(changed, latents) == 0)
        changed.target = images.target + one(40, 30)
        #expect(abs(loss(changed, latents) - 0.0025) < 1e-6)
        #expect(loss(images, Sides(latents.source, latents.target + one(20, 5))) == 0)
        let moved = Sides(latents.source + one(20, 15), latents.target)
        #expect(abs(loss(images, moved) - 0.01) < 1e-6)
    }
}
