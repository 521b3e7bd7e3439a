import Foundation
import Testing

@testable import Imaging

/// One rule for every mask file, whoever made it.
@Suite("Reading masks")
struct MaskReadingTests {
    /// Values and notices of samples, as of a file `m.png`.
    private func read(_ values: [UInt8], bands: Int, width: Int = 4) throws -> (
        values: [Float], said: [String]
    ) {
        try withFolder { folder in
            var said: [String] = []
            let path = folder + "/m.png"
            try Files.write(png(values, bands: bands, width: width), to: path)
            let mask = try Mask(contentsOf: path) {
                said.append("\($0)".replacingOccurrences(of: path, with: "m.png"))
            }
            return (mask.values, said)
        }
    }

    private func refusal(_ values: [UInt8], bands: Int, width: Int = 4) throws -> String {
        try withFolder { folder in
            let path = folder + "/m.png"
            try Files.write(png(values, bands: bands, width: width), to: path)
            let error = #expect(throws: MaskError.self) { try Mask(contentsOf: path) }
            return (error?.description ?? "").replacingOccurrences(of: path, with: "m.png")
        }
    }

    /// A PNG with stored (not compressed) samples: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    private func png(_ values: [UInt8], bands: Int, width: Int) -> [UInt8] {
        let height = values.count / bands / width
        let kind: UInt8 = [1: 0, 2: 4, 3: 2, 4: 6][bands] ?? 0
        var rows: [UInt8] = []
        for y in 0..<height { rows += [0] + values[(y * width * bands)..<((y + 1) * width * bands)] }
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in rows {
            low = (low + UInt32(byte)) % 65521
            high = (high + low) % 65521
        }
        let length = UInt16(rows.count)
        let block: [UInt8] = [
            1, UInt8(length & 255), UInt8(length >> 8), UInt8(~length & 255), UInt8(~length >> 8),
        ]
        let header =
            PNGChunks.bigEndian(UInt32(width)) + PNGChunks.bigEndian(UInt32(height)) + [8, kind, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + PNGChunks.chunk("IHDR", header)
            + PNGChunks.chunk("IDAT", [0x78, 0x01] + block + rows + PNGChunks.bigEndian(high << 16 | low))
            + PNGChunks.chunk("IEND", [])
    }

    @Test("white may change, black stays, greys blend, and nothing needs to be said")
    func plain() throws {
        let ramp = try read([0, 51, 204, 255, 0, 0, 255, 255], bands: 1)
        #expect(ramp.values == [0, 0.2, 0.8, 1, 0, 0, 1, 1] && ramp.said.isEmpty)
        let two = try read([0, 255, 0, 255], bands: 1)
        #expect(two.values == [0, 1, 0, 1] && two.said.isEmpty)
    }

    @Test("of a photo with a transparent hole the hole may change")
    func hole() throws {
        // Twelve different colours, and a hole of four with whatever colour is under it.
        var photo: [UInt8] = []
        for pixel in 0..<16 {
            let isHole = [5, 6, 9, 10].contains(pixel)
            photo += [UInt8(pixel * 15), UInt8(255 - pixel * 13), UInt8(pixel * 91 % 256), isHole ? 0 : 255]
        }
        let found = try read(photo, bands: 4)
        #expect(found.values == (0..<16).map { [5, 6, 9, 10].contains($0) ? 1 : 0 })
        #expect(
            found.said == [
                "m.png: read by its transparency: the transparent hole may change, the picture around it stays"
            ])
        // A black layer with a hole means the same; half transparent rims blend.
        let layer = try read([0, 255, 0, 255, 0, 0, 0, 51], bands: 2)
        #expect(layer.values == [0, 0, 1, 0.8])
    }

    @Test("of strokes on a transparent layer what is painted may change, but for black strokes")
    func strokes() throws {
        let red: [UInt8] = [255, 0, 0]
        let layer = try read(
            red + [255] + red + [102] + [0, 0, 0, 0] + [9, 9, 9, 0], bands: 4)
        #expect(layer.values == [1, 0.4, 0, 0])
        #expect(
            layer.said == [
                "m.png: read by its transparency: what is painted may change, the transparent rest stays"
            ])
        // White, black and nothing; a brush of less than full opacity counts in full.
        #expect(try read([255, 200, 0, 200, 255, 0, 255, 100], bands: 2).values == [1, 0, 0, 0.5])
    }

    @Test("opaque alpha says nothing, and a wholly transparent file is refused")
    func flatAlpha() throws {
        #expect(try read([0, 255, 255, 255, 255, 255, 0, 255], bands: 2).values == [0, 1, 1, 0])
        #expect(try read([0, 200, 255, 255, 255, 255, 0, 255], bands: 2).values == [0, 1, 1, 0])
        #expect(
            try refusal([0, 0, 255, 0, 255, 0, 0, 0], bands: 2)
                == "m.png: the mask is transparent everywhere, so it does not say what may change; white marks it"
        )
    }

    @Test("of two greys the lighter may change, whatever they are")
    func twoGreys() throws {
        let ones = try read([0, 1, 1, 0], bands: 1)
        #expect(ones.values == [0, 1, 1, 0])
        #expect(
            ones.said == ["m.png: the mask has the values 0 and 1 instead of 0 and 255; 1 is what may change"]
        )
        #expect(try read([3, 120, 3, 3], bands: 1).values == [0, 1, 0, 0])
    }

    @Test("one colour on black may change; several colours and class numbers are refused")
    func segmentation() throws {
        let (black, maroon, green): ([UInt8], [UInt8], [UInt8]) = ([0, 0, 0], [128, 0, 0], [0, 128, 0])
        let one = try read(black + maroon + maroon + black, bands: 3)
        #expect(one.values == [0, 1, 1, 0])
        #expect(one.said == ["m.png: the mask has one colour on black; #800000 is what may change"])
        #expect(
            try refusal(black + maroon + green + black, bands: 3)
                == "m.png: a map of 3 colours (#000000, #008000, #800000) does not say which of them may change; "
                + "save a mask that is white there and black elsewhere")
        #expect(
            try refusal([0, 5, 5, 255, 15, 15, 0, 0], bands: 1)
                == "m.png: the grey values 0, 5, 15, 255 look like numbers of classes, which do not say which of "
                + "them may change; save a mask that is white there and black elsewhere")
    }

    @Test("a photo is no mask, and one that never reaches half of white changes nothing")
    func photos() throws {
        let photo = pattern(40, 30)
        #expect(
            try refusal(photo.pixels, bands: 3, width: 40)
                == "m.png: this is a picture with colours, not a mask; a mask is white where the picture may change "
                + "and black elsewhere, or the photo itself with a transparent hole")
        #expect(
            try refusal([0, 100, 80, 127], bands: 1)
                == "m.png: the mask's brightest value is 127 of 255, so nothing would change; white marks what may"
        )
    }

    @Test("JPEG's ripples around black and white are taken for them")
    func ripples() throws {
        try withFolder { folder in
            var image = Image(width: 48, height: 48)
            for y in 13..<31 {
                for x in 11..<34 {
                    let from = image.offset(x: x, y: y)
                    image.pixels.replaceSubrange(from..<(from + 3), with: [255, 255, 255])
                }
            }
            try image.write(to: folder + "/m.jpg", options: WritingOptions(quality: 80))
            let mask = try Mask(contentsOf: folder + "/m.jpg")
            #expect(mask.values.prefix(48 * 7).allSatisfy { $0 == 0 })
            #expect(mask.values[20 * 48 + 20] == 1)
        }
    }

    @Test("a mask that lets everything change says so, and so does one that is white to its rim")
    func polarity() throws {
        #expect(
            try read([255, 255, 255, 255], bands: 1).said
                == ["m.png: the mask is white everywhere, so everything may change"])
        let black = try read([0, 0, 0, 0], bands: 1)
        #expect(black.values == [0, 0, 0, 0] && black.said.isEmpty)
        var values = [UInt8](repeating: 255, count: 100)
        for place in [44, 45, 54, 55] { values[place] = 0 }
        #expect(
            try read(values, bands: 1, width: 10).said == [
                "m.png: the mask lets 96 % of the picture change, its rim included; if the dark part is what may "
                    + "change, invert the mask"
            ])
        #expect(try read(values.map { 255 - $0 }, bands: 1, width: 10).said.isEmpty)
    }

    @Test("a mask may be stretched, but not lie on its side")
    func fits() {
        let mask = Mask(width: 40, height: 30, filledWith: 1)
        #expect(mask.fit(width: 400, height: 300) == .fits)
        #expect(mask.fit(width: 404, height: 300) == .fits)
        #expect(mask.fit(width: 300, height: 300) == .stretched)
        #expect(mask.fit(width: 30, height: 40) == .turned)
        #expect(
            MaskError.turned(path: "m.png", width: 40, height: 30).description
                == "m.png: the mask is 40x30 and the photo 30x40, so one of them lies on its side; turn the mask"
        )
    }
}
