import Foundation
import Testing

@testable import Imaging

@Suite("Reading pictures")
struct ReadingTests {
    @Test("a PNG is read byte for byte")
    func png() throws {
        let photo = try Photo(contentsOf: fixture("plain.png"))
        #expect(photo.image == pattern(13, 9))
        #expect(photo.original == photo.image)
        #expect(photo.notices.isEmpty)
    }

    @Test("lossy and other kinds are read", arguments: ["jpg", "webp", "avif", "tif"])
    func kinds(ending: String) throws {
        let image = try Image(contentsOf: fixture("plain.\(ending)"))
        #expect((image.width, image.height) == (24, 16))
        // Chroma subsampling blurs the borders between the quarters; inside them the colours hold.
        for (x, y) in [(5, 3), (18, 3), (5, 12), (18, 12)] {
            let from = image.offset(x: x, y: y)
            let apart = (from..<(from + 3)).map {
                abs(Int(image.pixels[$0]) - Int(corners(24, 16).pixels[$0]))
            }
            #expect((apart.max() ?? 256) <= 12, "\(ending) at \(x),\(y)")
        }
    }

    @Test("a palette PNG is read as its colours")
    func palette() throws {
        #expect(try Image(contentsOf: fixture("palette.png")) == corners(24, 16))
    }

    @Test("grey becomes three equal channels")
    func grey() throws {
        let image = try Image(contentsOf: fixture("grey.png"))
        let red = stride(from: 0, to: image.pixels.count, by: 3).map { pattern(13, 9).pixels[$0] }
        #expect(image.pixels == red.flatMap { [$0, $0, $0] })
        let bits = try Image(contentsOf: fixture("one-bit.png"))
        #expect(bits.pixels == red.flatMap { value in Array(repeating: value > 127 ? 255 : 0, count: 3) })
    }

    @Test("alpha is laid over white")
    func alpha() throws {
        let colour = pattern(13, 9)
        let image = try Image(contentsOf: fixture("alpha.png"))
        for y in 0..<9 {
            for x in 0..<13 {
                let alpha = Int(colour.pixels[colour.offset(x: x, y: 8 - y) + 1])
                for c in 0..<3 {
                    let place = colour.offset(x: x, y: y) + c
                    let expected =
                        (Double(colour.pixels[place]) * Double(alpha) + 255 * Double(255 - alpha)) / 255
                    #expect(abs(Double(image.pixels[place]) - expected) <= 0.5)
                }
            }
        }
        let grey = try Image(contentsOf: fixture("grey-alpha.png"))
        let (value, cover) = (Double(colour.pixels[3]), Double(colour.pixels[4]))
        #expect(abs(Double(grey.pixels[3]) - (value * cover + 255 * (255 - cover)) / 255) <= 0.5)
    }

    @Test("16 bits a sample become the high 8, and the reader is told")
    func sixteenBits() throws {
        let photo = try Photo(contentsOf: fixture("sixteen-rgb.png"))
        #expect(photo.image == pattern(13, 9))
        #expect(photo.notices == [.reducedToEightBits])
        #expect(try Image(contentsOf: fixture("sixteen-grey.png")).pixels[6] == pattern(13, 9).pixels[6])
    }

    @Test("CMYK becomes sRGB, and the reader is told")
    func printColours() throws {
        let photo = try Photo(contentsOf: fixture("cmyk.jpg"))
        #expect(photo.notices == [.convertedToSRGB])
        let image = photo.image
        func colour(_ x: Int, _ y: Int) -> [Int] {
            let from = image.offset(x: x, y: y)
            return image.pixels[from..<(from + 3)].map { Int($0) }
        }
        // Press inks are duller than the screen's colours; which channel leads must hold.
        let (red, green, blue, yellow) = (colour(5, 3), colour(18, 3), colour(5, 12), colour(18, 12))
        #expect(red[0] > red[1] + 80 && red[0] > red[2] + 80, "\(red)")
        #expect(green[1] > green[0] + 60 && green[1] > green[2] + 40, "\(green)")
        #expect(blue[2] > blue[0] + 40 && blue[2] > blue[1] + 40, "\(blue)")
        #expect(yellow[0] > 180 && yellow[1] > 180 && yellow[2] < 120, "\(yellow)")
    }

    @Test("the first frame of an animation is read, with a notice", arguments: ["webp", "gif"])
    func animation(ending: String) throws {
        var told: [ImageNotice] = []
        let image = try Image(contentsOf: fixture("animated.\(ending)")) { told.append($0) }
        #expect(told == [.firstFrameOnly(frames: 3)])
        #expect((image.width, image.height) == (24, 16))
        let from = image.offset(x: 3, y: 3)
        #expect(image.pixels[from] > 180 && image.pixels[from + 1] < 80)
    }

    @Test("all eight EXIF orientations are applied", arguments: 1...8)
    func orientation(value: Int) throws {
        let image = try Image(contentsOf: fixture("orientation-\(value).jpg"))
        let turned = value >= 5
        #expect((image.width, image.height) == (turned ? 16 : 24, turned ? 24 : 16))
        // What stands in the four corners, read as a Z, by Pillow's ImageOps.exif_transpose.
        let expected = ["RGBY", "GRYB", "YBGR", "BYRG", "RBGY", "BRYG", "YGBR", "GYRB"][value - 1]
        let places = [(2, 2), (image.width - 3, 2), (2, image.height - 3)]
        let all = places + [(image.width - 3, image.height - 3)]
        let seen = all.map { x, y -> Character in
            let from = image.offset(x: x, y: y)
            switch (image.pixels[from] > 128, image.pixels[from + 1] > 128) {
            case (true, false): return "R"
            case (false, true): return "G"
            case (true, true): return "Y"
            case (false, false): return "B"
            }
        }
        #expect(String(seen) == expected)
    }

    @Test("turning moves every pixel where its orientation says", arguments: Orientation.allCases)
    func turning(orientation: Orientation) {
        let stored = pattern(13, 9)
        let upright = stored.turned(orientation)
        for y in 0..<upright.height {
            for x in 0..<upright.width {
                let source = orientation.source(x: x, y: y, width: 13, height: 9)
                let from = stored.offset(x: source.x, y: source.y)
                let to = upright.offset(x: x, y: y)
                #expect(upright.pixels[to..<(to + 3)] == stored.pixels[from..<(from + 3)])
            }
        }
    }

    @Test("the orientation in a PNG is applied too")
    func orientationOfPNG() throws {
        #expect(try Image(contentsOf: fixture("orientation-6.png")) == pattern(13, 9).turned(.turnedRight))
    }

    @Test("an embedded sRGB profile changes no byte and is kept")
    func sRGBProfile() throws {
        let photo = try Photo(contentsOf: fixture("profile-srgb.png"))
        #expect(distance(photo.image, pattern(13, 9)) == 0)
        #expect(distance(photo.original, photo.image) == 0)
        #expect((photo.original.profile ?? []).count > 128)
    }

    @Test("a wide profile is converted for work and kept for saving")
    func wideProfile() throws {
        let photo = try Photo(contentsOf: fixture("profile-wide.png"))
        #expect(photo.original.pixels == corners(24, 16).pixels)
        #expect(photo.original.profile == (try bytes(of: fixture("wide.icc"))))
        #expect(photo.image.profile == nil)
        // Pillow 13 with LittleCMS 2.19, relative colorimetric, gives these.
        let expected: [(Int, Int, [Int])] = [
            (2, 2, [255, 24, 24]), (20, 2, [0, 201, 0]), (2, 14, [24, 24, 225]),
        ]
        for (x, y, colour) in expected {
            let from = photo.image.offset(x: x, y: y)
            let seen = photo.image.pixels[from..<(from + 3)].map { Int($0) }
            #expect(zip(seen, colour).allSatisfy { abs($0 - $1) <= 2 }, "\(seen) is not \(colour)")
        }
    }

    @Test("a colour profile on a grey picture does no harm")
    func misfittingProfile() throws {
        let image = try Image(contentsOf: fixture("profile-misfit.png"))
        #expect(distance(image, try Image(contentsOf: fixture("profile-misfit.png"))) == 0)
        #expect(image.pixels[0] == 220)
    }

    @Test("a picture of one pixel is a picture")
    func onePixel() throws {
        let image = try Image(contentsOf: fixture("one-pixel.png"))
        #expect((image.width, image.height) == (1, 1))
        #expect(image.pixels == Array(pattern(13, 9).pixels[0..<3]))
    }

    @Test("PPM needs no library, comments and 16-bit samples included")
    func pixmap() throws {
        let plain = try pattern(13, 9).encoded(as: .ppm)
        #expect(try Photo(bytes: plain).image == pattern(13, 9))
        let wide = Array("P5 # grey\n2 1\n65535\n".utf8) + [0x80, 0x00, 0xFF, 0xFF]
        #expect(try Photo(bytes: wide).image.pixels == [128, 128, 128, 255, 255, 255])
    }
}
