import Foundation
import Testing

@testable import Imaging

@Suite("Colours that a file names")
struct ColourTests {
    /// Two colours and a grey.
    private let image = Image(width: 3, height: 1, pixels: [200, 100, 50, 60, 120, 180, 128, 128, 128])

    /// The image as a PNG with chunks right behind its header.
    private func png(_ chunks: [(String, [UInt8])]) throws -> [UInt8] {
        let bytes = try image.encoded(as: .png)
        return Array(bytes[..<33]) + chunks.flatMap { PNGChunks.chunk($0.0, $0.1) } + bytes[33...]
    }

    private func near(_ pixels: [UInt8], _ expected: [Int]) -> Bool {
        zip(pixels, expected).allSatisfy { abs(Int($0) - $1) <= 2 }
    }

    private func hundredThousandths(_ values: [Double]) -> [UInt8] {
        values.flatMap { PNGChunks.bigEndian(UInt32(($0 * 100_000).rounded())) }
    }

    // What the matrices of H.273 and the curve of sRGB give, computed in double precision.
    @Test(
        "code numbers become an ICC profile that the colour library reads as they are meant",
        arguments: [
            ([12, 13], [215, 93, 31, 30, 122, 185, 128, 128, 128]),
            ([9, 13], [241, 76, 29, 0, 125, 186, 128, 128, 128]),
            ([1, 8], [229, 168, 122, 133, 182, 219, 188, 188, 188]),
        ] as [([UInt8], [Int])])
    func codeNumbers(code: [UInt8], expected: [Int]) throws {
        let photo = try Photo(bytes: png([("cICP", code + [0, 1])]))
        #expect(near(photo.image.pixels, expected), "\(photo.image.pixels)")
        #expect(photo.original.pixels == image.pixels)
        for format in RecordTests.kinds {
            let edit = try photo.suited(photo.image)
            let again = try Photo(bytes: edit.encoded(as: format, record: photo.record))
            #expect(again.original.profile == photo.original.profile, "\(format)")
            if format == .png {
                #expect(again.record.colourChunks == ["cICP": code + [0, 1]])
                let none = Coverage(width: 3, height: 1, values: [0, 0, 0])
                let layer = PasteLayer(photo.image, coverage: none)
                #expect(try photo.pasting(layer) == photo.original)
            }
        }
        // A kind without profiles gets the colours in sRGB.
        let pixmap = try Photo(bytes: photo.original.encoded(as: .ppm))
        #expect(pixmap.image == photo.image)
    }

    @Test("code numbers count before a profile, a profile before gamma, and sRGB's own chunk before gamma")
    func precedence() throws {
        let gamma = ("gAMA", hundredThousandths([1]))
        #expect(try Photo(bytes: png([("sRGB", [0]), gamma])).image.pixels == image.pixels)
        #expect(try Photo(bytes: png([("cICP", [1, 13, 0, 1]), gamma])).image.pixels == image.pixels)
        let wide = try bytes(of: fixture("profile-wide.png"))
        let coded = Array(wide[..<33]) + PNGChunks.chunk("cICP", [1, 13, 0, 1]) + wide[33...]
        #expect(try Photo(bytes: coded).image.pixels == corners(24, 16).pixels)
        let unspecified = Array(wide[..<33]) + PNGChunks.chunk("cICP", [2, 2, 0, 1]) + wide[33...]
        #expect(try Photo(bytes: unspecified).original.profile == bytes(of: fixture("wide.icc")))
        let odd = Array(wide[..<33]) + PNGChunks.chunk(gamma.0, gamma.1) + wide[33...]
        #expect(try Photo(bytes: odd).original.profile == bytes(of: fixture("wide.icc")))
    }

    @Test("gamma and chromaticities count, and those of sRGB are sRGB")
    func gamma() throws {
        let linear = try Photo(bytes: png([("gAMA", hundredThousandths([1]))]))
        #expect(near(linear.image.pixels, [229, 168, 122, 133, 182, 219, 188, 188, 188]))
        let older = try Photo(bytes: png([("gAMA", hundredThousandths([1 / 1.8]))]))
        #expect(near(older.image.pixels, [210, 119, 65, 77, 139, 193, 146, 146, 146]))
        let usual = ("gAMA", hundredThousandths([0.45455]))
        let plain = try Photo(bytes: png([usual]))
        #expect(plain.image == image && plain.original.profile == nil)
        #expect(
            try PNGChunks.chunks(of: plain.original.encoded(as: .png, record: plain.record)).contains {
                $0.type == "gAMA"
            })
        let adobe = hundredThousandths([0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06])
        let wide = try Photo(bytes: png([usual, ("cHRM", adobe)]))
        #expect(
            near(wide.image.pixels, [227, 100, 42, 0, 121, 184, 129, 129, 129]), "\(wide.image.pixels)")
        // Chromaticities that are no colours say nothing.
        let none = try Photo(bytes: png([usual, ("cHRM", [UInt8](repeating: 0, count: 32))]))
        #expect(none.image == image)
    }

    @Test(
        "colours that cannot be held are refused by name",
        arguments: [
            ([9, 16, 0, 1], "its colours are HDR (perceptual quantiser, ITU-R BT.2100)"),
            ([9, 18, 0, 1], "its colours are HDR (hybrid log-gamma, ITU-R BT.2100)"),
            ([1, 13, 0, 0], "its samples use the narrow range of video"),
            ([1, 13, 6, 1], "its cICP chunk names colours other than RGB (matrix 6)"),
            ([77, 13, 0, 1], "its colours are coded as 77/13/0, which is not known here"),
        ] as [([UInt8], String)])
    func refused(code: [UInt8], reason: String) throws {
        let error = #expect(throws: ImagingError.unsuitable(path: "x.png", reason: reason)) {
            try Photo(bytes: png([("cICP", code)]), name: "x.png")
        }
        #expect(error?.description == "x.png: \(reason); convert the picture to an 8-bit sRGB PNG first")
    }

    @Test("the code numbers of AVIF and HEIC are found in their boxes")
    func boxes() {
        func box(_ type: String, _ data: [UInt8]) -> [UInt8] {
            PNGChunks.bigEndian(UInt32(data.count + 8)) + Array(type.utf8) + data
        }
        let colours = box("colr", Array("nclx".utf8) + [0, 12, 0, 13, 0, 6, 0x80])
        let file =
            box("ftyp", Array("avif".utf8) + [0, 0, 0, 0])
            + box(
                "meta", [0, 0, 0, 0] + box("hdlr", [1]) + box("iprp", box("ipco", box("ispe", []) + colours)))
        #expect(
            MediaBoxes.colourCoding(in: file)
                == ColourCoding(primaries: 12, transfer: 13, matrix: 6, isFullRange: true))
        for length in 0..<file.count {
            #expect(MediaBoxes.colourCoding(in: Array(file.prefix(length))) == nil)
        }
    }

    @Test("a camera's index R03 is Adobe RGB")
    func interoperability() throws {
        var folders = EXIF.Folders()
        folders.first[EXIF.Tag.make] = .ascii("Maker")
        var bytes = try image.encoded(as: .jpeg, options: WritingOptions(quality: 100))
        // The index is never written by us, so the folder is put behind the block by hand.
        let size = folders.first.storedSize + 12
        folders.exif[EXIF.Tag.interoperability] = .long(8 + size + 2 + 12 + 4)
        let index: TIFFFolder = [1: .ascii("R03")]
        let block = folders.block + index.stored(at: 0, bigEndian: true)
        #expect(EXIF.Folders(block)?.interoperability == "R03")
        let data = JPEGSegments.exifMark + block
        bytes = [0xFF, 0xD8, 0xFF, 0xE1, 0, UInt8(data.count + 2)] + data + bytes[2...]
        let photo = try Photo(bytes: bytes)
        #expect(photo.original.profile == RGBColours.adobe.profile)
        #expect(photo.image.pixels != photo.original.pixels)
    }

    @Test("floats from 0 to 1 are sRGB, and floats beyond are refused by name")
    func floats() throws {
        func tiff(_ values: [Float]) -> [UInt8] {
            let data = values.flatMap { PNGChunks.bigEndian($0.bitPattern) }
            let place = 8
            let bits = TIFFValue(type: 3, data: [0, 32, 0, 32, 0, 32])
            let kinds = TIFFValue(type: 3, data: [0, 3, 0, 3, 0, 3])
            let folder: TIFFFolder = [
                256: .long(2), 257: .long(1), 258: bits ?? .long(0), 259: .short(1), 262: .short(2),
                273: .long(place), 277: .short(3), 278: .long(1), 279: .long(data.count),
                339: kinds ?? .long(0),
            ]
            return Array("MM\0*".utf8) + PNGChunks.bigEndian(UInt32(place + data.count)) + data
                + folder.stored(at: place + data.count, bigEndian: true)
        }
        let photo = try Photo(bytes: tiff([0, 0.25, 0.5, 0.75, 1, -1]))
        #expect(photo.image.pixels == [0, 64, 128, 191, 255, 0])
        #expect(photo.notices == [.reducedToEightBits])
        #expect(
            throws: ImagingError.unsuitable(
                path: "picture", reason: "its floating-point samples reach 255, and only 0 to 1 is read")
        ) { try Photo(bytes: tiff([0, 1, 2, 3, 4, 255])) }
    }
}
