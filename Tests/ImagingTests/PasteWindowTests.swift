import Testing

@testable import Imaging

/// Layers over a part of an image.
@Suite struct PasteWindowTests {
    private static let window = PixelBox(left: 11, top: 7, right: 42, bottom: 30)

    private static func pattern(_ width: Int, _ height: Int, _ step: Int = 37) -> Image {
        Image(
            width: width, height: height,
            pixels: (0..<(width * height * 3)).map { UInt8(($0 * step + $0 / width * 5) % 256) })
    }

    private static func layer(_ content: PasteLayer.Content) -> PasteLayer {
        let coverage = Coverage(width: 32, height: 24, values: (0..<768).map { UInt8($0 * 7 % 256) })
        return PasteLayer(pattern(16, 12), as: content, coverage: coverage)
    }

    /// Fails where rows or columns are counted from the image's corner instead of the window's.
    @Test("A layer placed in a window makes of that part what it makes of the part alone")
    func placed() {
        let photo = Self.pattern(60, 40, 11)
        let part = photo.part(Self.window)
        let small = part.resized(width: 16, height: 12)
        for content in [
            PasteLayer.Content.replacement,
            .difference(base: Self.pattern(16, 12, 3), guide: small, radius: 3),
        ] {
            let layer = Self.layer(content)
            let placed = layer.placed(at: Self.window, width: 60, height: 40)
            let result = placed.pasted(into: photo)
            #expect(result.part(Self.window) == layer.pasted(into: part))
            for pixel in 0..<2400
            where !(11...42).contains(pixel % 60) || !(7...30).contains(pixel / 60) {
                let range = (pixel * 3)..<(pixel * 3 + 3)
                #expect(result.pixels[range] == photo.pixels[range])
            }
            #expect(placed.coverage?.values.count == 2400)
        }
    }

    @Test("A part has the image's pixels, transparency and profile")
    func part() throws {
        var photo = Self.pattern(5, 4)
        photo.alpha = (0..<20).map { UInt8($0) }
        let part = photo.part(PixelBox(left: 1, top: 2, right: 3, bottom: 3))
        #expect((part.width, part.height) == (3, 2))
        #expect(part.alpha == [11, 12, 13, 16, 17, 18])
        let second = part.offset(x: 0, y: 1)
        let from = photo.offset(x: 1, y: 3)
        #expect(part.pixels[second..<(second + 9)] == photo.pixels[from..<(from + 9)])
        let mask = Mask(width: 3, height: 2, values: [0, 1, 2, 3, 4, 5].map { $0 / 5 })
        #expect(mask.part(PixelBox(left: 1, top: 0, right: 2, bottom: 1)).values == [0.2, 0.4, 0.8, 1])
    }
}
