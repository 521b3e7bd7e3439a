import Testing

@testable import Imaging

/// Affine moves of masks and images.
@Suite struct PlacementTests {
    static func mask(_ rows: [String]) -> Mask {
        Mask(
            width: rows[0].count, height: rows.count,
            values: rows.flatMap { row in
                row.map { $0 == "#" ? 1 : $0 == "." ? 0 : (Float(String($0)) ?? 0) / 10 }
            })
    }

    static func noise(_ width: Int, _ height: Int) -> FloatImage {
        let pixels = (0..<(width * height * 3)).map { (index: Int) -> UInt8 in
            let mixed: Int = index * 7919 + index * index * 31
            return UInt8(mixed % 256)
        }
        return FloatImage(Image(width: width, height: height, pixels: pixels))
    }

    @Test("A shift by whole pixels moves the bits, and what comes from outside is empty")
    func whole() {
        let image = Self.noise(9, 7)
        let moved = image.placed(Placement(middle: 3.5, foot: 5, right: 2, down: -1))
        for y in 0..<7 {
            for x in 0..<9 {
                let comes = x >= 2 && y < 6
                #expect(moved.pixels[y * 9 + x] == (comes ? image.pixels[(y + 1) * 9 + x - 2] : .zero))
            }
        }
        let back = moved.placed(Placement(middle: 0, foot: 0, right: -2, down: 1))
        #expect(back.pixels[3 * 9 + 3] == image.pixels[3 * 9 + 3])
    }

    /// Fails where pixels are taken from the nearest place instead of between two.
    @Test("Half a pixel is the mean of two")
    func half() {
        let moved = Self.mask([".#..", "...."]).placed(Placement(middle: 0, foot: 0, right: 0.5))
        #expect(moved.values[0..<4] == [0, 0.5, 0.5, 0])
    }

    @Test("Mirrored twice is the source to the bit, once about the middle is the reflection")
    func mirror() {
        let image = Self.noise(8, 3)
        let placement = Placement(middle: 3.5, foot: 2, isMirrored: true)
        let once = image.placed(placement)
        for x in 0..<8 { #expect(once.pixels[x] == image.pixels[7 - x]) }
        #expect(once.placed(placement) == image)
    }

    @Test(
        "Enlarged and shrunk again a box comes back within a pixel, its foot where it was",
        arguments: [1.3, 1.7, 2.4])
    func scales(factor: Double) throws {
        var mask = Mask(width: 64, height: 64, filledWith: 0)
        for y in 30..<44 { for x in 24..<36 { mask.values[y * 64 + x] = 1 } }
        let box = try #require(mask.box())
        let (middle, foot) = (box.middle, Double(box.bottom))
        let large = mask.placed(Placement(middle: middle, foot: foot, factor: factor))
        let grown = try #require(large.box())
        #expect(abs(Double(grown.width) - 12 * factor) <= 1.5 && abs(grown.bottom - box.bottom) <= 1)
        let back = try #require(
            large.placed(Placement(middle: middle, foot: foot, factor: 1 / factor)).box())
        for (one, other) in [
            (back.left, box.left), (back.right, box.right), (back.top, box.top), (back.bottom, box.bottom),
        ] { #expect(abs(one - other) <= 1) }
    }

    /// Fails where only one point of each smaller pixel is looked at: a fine pattern would come out black or white.
    @Test("A shrunken pattern is its mean")
    func shrinks() {
        let stripes = Mask(
            width: 32, height: 32, values: (0..<1024).map { (index: Int) -> Float in Float(index % 2) })
        let small = stripes.placed(Placement(middle: 15.5, foot: 15.5, factor: 0.5))
        #expect(abs(small.values[16 * 32 + 16] - 0.5) < 1e-5)
    }

    @Test("Where a place comes from and where it goes are inverse, in a larger image alike")
    func inverse() {
        let placement = Placement(middle: 10, foot: 20, right: 3.25, down: -2, factor: 1.6, isMirrored: true)
        let target = placement.target(x: 7, y: 9)
        let source = placement.source(x: target.x, y: target.y)
        #expect(abs(source.x - 7) < 1e-12 && abs(source.y - 9) < 1e-12)
        // Pixel centres of an image twice as large lie at 2·(x + ½) - ½.
        let large = placement.scaled(2, 2).target(x: 2 * 7.5 - 0.5, y: 2 * 9.5 - 0.5)
        #expect(abs(large.x - (2 * (target.x + 0.5) - 0.5)) < 1e-12)
        #expect(abs(large.y - (2 * (target.y + 0.5) - 0.5)) < 1e-12)
        #expect(Placement(middle: 4, foot: 4).isIdentity && !placement.isIdentity)
    }
}
