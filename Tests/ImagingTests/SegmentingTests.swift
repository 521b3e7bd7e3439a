import Testing

@testable import Imaging

/// What things are cut out with: colours, centres, parts, nearest pixels, guided filters.
@Suite struct SegmentingTests {
    @Test("Every byte comes back")
    func bytes() {
        let image = Image(width: 16, height: 16, pixels: (0..<768).map { UInt8($0 % 256) })
        #expect(FloatImage(image).image == image)
    }

    /// The values of CIE 15 for D65 and the primaries of sRGB; fails where sRGB is not made linear first.
    @Test(
        "Colours in Lab are those of the tables",
        arguments: [
            (SIMD3<Float>(1, 1, 1), SIMD3<Float>(100, 0, 0)), (SIMD3(0, 0, 0), SIMD3(0, 0, 0)),
            (SIMD3(1, 0, 0), SIMD3(53.24, 80.09, 67.20)), (SIMD3(0, 1, 0), SIMD3(87.73, -86.18, 83.18)),
            (SIMD3(0, 0, 1), SIMD3(32.30, 79.19, -107.86)), (SIMD3(0.5, 0.5, 0.5), SIMD3(53.39, 0, 0)),
        ])
    func lab(colour: SIMD3<Float>, expected: SIMD3<Float>) {
        let found = FloatImage(width: 1, height: 1, pixels: [colour]).lab()[0]
        for channel in 0..<3 { #expect(abs(found[channel] - expected[channel]) < 0.03) }
    }

    /// Fails where a neighbour is repeated instead of interpolated.
    @Test("Rows are interpolated between what is known, the frame's neighbour repeated, a lost row kept")
    func rows() {
        func grey(_ values: [Float]) -> [SIMD3<Float>] { values.map { SIMD3(repeating: $0) } }
        let image = FloatImage(
            width: 5, height: 3, pixels: grey([0, 9, 9, 9, 1] + [9, 9, 0.5, 0.25, 9] + [3, 4, 5, 6, 7]))
        let mask = Mask(
            width: 5, height: 3, values: [0, 1, 1, 1, 0] + [1, 1, 0, 0, 1] + [1, 1, 1, 1, 1])
        #expect(
            image.interpolatingRows(where: mask).pixels
                == grey([0, 0.25, 0.5, 0.75, 1] + [0.5, 0.5, 0.5, 0.25, 0.25] + [3, 4, 5, 6, 7]))
    }

    /// Fails where weights do not count (0.5) and where the second centre starts beside the first.
    @Test("Centres are weighted means, started far apart")
    func centres() {
        let points: [SIMD3<Float>] = [SIMD3(0, 0, 0), SIMD3(1, 0, 0), SIMD3(10, 0, 0)]
        let found = WeightedKMeans(points, weights: [1, 3, 1], count: 2)
        #expect(found.centres == [SIMD3(0.75, 0, 0), SIMD3(10, 0, 0)])
        #expect(found.squaredDistance(to: SIMD3(9, 0, 0)) == 1)
        // More centres than points: the spare ones stay where they are.
        #expect(WeightedKMeans([.zero], weights: [1], count: 3).centres == [.zero, .zero, .zero])
    }

    @Test("The nearest chosen place is as near as the distance says, everywhere")
    func nearest() throws {
        let mask = Mask(width: 13, height: 11, filledWith: 0).marking([3, 20, 51, 52, 99, 130])
        let places = try #require(mask.nearestPlaces { $0 > 0 })
        let distances = mask.distances { $0 > 0 }
        for (place, nearest) in places.enumerated() {
            #expect(mask.values[nearest] == 1)
            let (dx, dy) = (Float(place % 13 - nearest % 13), Float(place / 13 - nearest / 13))
            #expect((dx * dx + dy * dy).squareRoot() == distances[place])
        }
        #expect(Mask(width: 3, height: 3, filledWith: 0).nearestPlaces { $0 > 0 } == nil)
    }

    @Test("Parts share sides; small ones are dropped by number or by weight")
    func parts() {
        let mask = PlacementTests.mask(["##...", "##.#.", "..#..", "....#"])
        #expect(mask.parts().map(\.count) == [4, 1, 1, 1])
        #expect(mask.keepingParts(above: 0.5) == PlacementTests.mask(["##...", "##...", ".....", "....."]))
        var weights = Mask(width: 5, height: 4, filledWith: 0.1)
        weights.values[8] = 3
        #expect(
            mask.keepingParts(above: 0.5, by: weights)
                == PlacementTests.mask([".....", "...#.", ".....", "....."]))
        #expect(mask.keepingParts(above: 0, least: 2) == mask.keepingParts(above: 0.5))
        #expect(mask.box() == PixelBox(left: 0, top: 0, right: 4, bottom: 3))
        #expect(mask.box()?.middle == 2 && mask.box()?.height == 4)
        #expect(Mask(width: 2, height: 2, filledWith: 0).box() == nil)
    }

    @Test("A mask moves down with nothing from above, and gaps close")
    func shapes() {
        let mask = PlacementTests.mask(["##.", "...", "..#"])
        #expect(mask.shifted(down: 1) == PlacementTests.mask(["...", "##.", "..."]))
        #expect(
            PlacementTests.mask([".......", ".......", "..###..", "..#.#..", "..###..", ".......", "......."])
                .closed(by: 1)
                == PlacementTests.mask([
                    ".......", ".......", "..###..", "..###..", "..###..", ".......", ".......",
                ]))
    }

    @Test("Images blend by a mask, and keep their bits where it is 0 or 1")
    func blending() {
        let (one, two) = (PlacementTests.noise(3, 1), PlacementTests.noise(3, 2))
        let other = FloatImage(width: 3, height: 1, pixels: Array(two.pixels.suffix(3)))
        let blend = one.blended(over: other, by: Mask(width: 3, height: 1, values: [0, 1, 0.5]))
        #expect(blend.pixels[0] == other.pixels[0] && blend.pixels[1] == one.pixels[1])
        #expect(abs(blend.pixels[2].x - (one.pixels[2].x + other.pixels[2].x) / 2) < 1e-6)
    }

    /// Fails where the filter blurs across edges of the guide, as a plain mean does (0.4 there).
    @Test("A guided mask follows the guide's edges; one that the guide explains comes back")
    func guided() {
        let edge = FloatImage(
            width: 16, height: 16,
            pixels: (0..<256).map { (index: Int) -> SIMD3<Float> in
                index % 16 < 8 ? SIMD3<Float>(0.1, 0.2, 0.2) : SIMD3<Float>(0.9, 0.4, 0.1)
            })
        // A mask whose own edge is two pixels off and soft.
        let soft = Mask(
            width: 16, height: 16,
            values: (0..<256).map { (index: Int) -> Float in
                let ramp: Float = Float(index % 16) / 4 - 1.25
                return min(max(ramp, 0), 1)
            })
        let found = soft.guided(by: edge, radius: 4)
        #expect(found.values[8 * 16 + 7] < 0.45 && found.values[8 * 16 + 8] > 0.7)
        let even = Mask(width: 16, height: 16, filledWith: 0.3).guided(by: edge, radius: 2)
        #expect(even.values.allSatisfy { abs($0 - 0.3) < 1e-5 })
        let explained = Mask(
            width: 16, height: 16,
            values: edge.pixels.map { (colour: SIMD3<Float>) -> Float in 0.5 * colour.x + 0.1 })
        let back = explained.guided(by: edge, radius: 2)
        #expect(zip(back.values, explained.values).allSatisfy { abs($0 - $1) < 0.01 })
    }
}
