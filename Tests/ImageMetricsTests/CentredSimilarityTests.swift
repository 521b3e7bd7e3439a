import ImageMetrics
import Imaging
import Testing

@Suite struct CentredSimilarityTests {
    private static func image(_ seed: Int) -> Image {
        let values = (0..<(32 * 32 * 3)).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ seed) >> 7) }
        return Image(width: 32, height: 32, pixels: values)
    }

    private static func area(_ holds: (Int, Int) -> Bool) -> ImageArea {
        ImageArea(
            width: 32, height: 32, values: (0..<32).flatMap { y in (0..<32).map { x in holds(x, y) } })
    }

    // Fails for pictures that are masked before they are compared: the black outside would count as like.
    @Test("Over the whole picture it is plain SSIM, and far pixels do not count")
    func areas() throws {
        let (one, two) = (Self.image(1), Self.image(77))
        let whole = try #require(one.structuralSimilarity(to: two))
        #expect(one.structuralSimilarity(to: two, centredIn: Self.area { _, _ in true }) == whole)
        // A band two pixels wide, in which no window fits.
        let band = Self.area { x, y in (15...16).contains(x) && (8..<24).contains(y) }
        let value = try #require(one.structuralSimilarity(to: two, centredIn: band))
        #expect(one.structuralSimilarity(to: two, in: band) == nil)
        var far = two
        for y in 0..<32 { for x in 0..<9 { far.pixels[(y * 32 + x) * 3] = 0 } }
        #expect(one.structuralSimilarity(to: far, centredIn: band) == value)
        var near = two
        near.pixels[(16 * 32 + 11) * 3] ^= 255
        #expect(one.structuralSimilarity(to: near, centredIn: band) != value)
        #expect(one.structuralSimilarity(to: one, centredIn: band) == 1)
        #expect(two.structuralSimilarity(to: one, centredIn: band) == value)
        #expect(one.structuralSimilarity(to: two, centredIn: Self.area { x, _ in x < 5 }) == nil)
    }
}
