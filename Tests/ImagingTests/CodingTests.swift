import Foundation
import Testing

@testable import Imaging

@Suite("How files are coded")
struct CodingTests {
    @Test("a JPEG's quality is read off its tables", arguments: [1, 10, 49, 50, 75, 85, 90, 92, 95, 99, 100])
    func quality(quality: Int) throws {
        let bytes = try corners(24, 16).encoded(as: .jpeg, options: WritingOptions(quality: quality))
        #expect(JPEGFacts.quality(of: bytes) == quality)
        #expect(try Photo(bytes: bytes).record.jpegQuality == quality)
    }

    @Test("a JPEG photo's own quality is the default for a JPEG, but 90 at least")
    func ownQuality() throws {
        for (own, expected) in [(50, 90), (85, 90), (97, 97), (100, 100)] {
            let bytes = try corners(24, 16).encoded(as: .jpeg, options: WritingOptions(quality: own))
            let photo = try Photo(bytes: bytes)
            let again = try photo.original.encoded(as: .jpeg, record: photo.record)
            #expect(JPEGFacts.quality(of: again) == expected)
            #expect(
                WritingOptions().loss(writing: .jpeg, record: photo.record) == "JPEG of quality \(expected)")
            #expect(WritingOptions().loss(writing: .webp, record: photo.record) == "lossy WebP of quality 95")
        }
        #expect(JPEGFacts.quality(of: try pattern(9, 9).encoded(as: .jpeg)) == 95)
        #expect(WritingOptions().loss(writing: .png) == nil && WritingOptions().loss(writing: .tiff) == nil)
    }

    @Test("a lossless WebP photo stays one by default, and others become one where asked")
    func losslessWebP() throws {
        let asked = WritingOptions(isLossless: true)
        let lossless = try pattern(31, 17).encoded(as: .webp, options: asked)
        let photo = try Photo(bytes: lossless)
        #expect(photo.original == pattern(31, 17))
        #expect(WritingOptions().loss(writing: .webp, record: photo.record) == nil)
        #expect(try photo.original.encoded(as: .webp, record: photo.record) == lossless)
        #expect(try !WebPChunks.isLossless(pattern(31, 17).encoded(as: .webp)))
    }

    @Test("a quality or losslessness is refused where it means nothing")
    func unfit() throws {
        func refusal(_ options: WritingOptions, _ format: ImageFormat) -> String? {
            do { try options.check(writing: format, path: "x") } catch { return "\(error)" }
            return nil
        }
        let quality = WritingOptions(quality: 80)
        #expect(refusal(quality, .jpeg) == nil && refusal(quality, .webp) == nil)
        #expect(
            refusal(quality, .png)
                == "x: a PNG keeps every pixel and has no quality; only JPEG and WebP have one")
        let lossless = WritingOptions(isLossless: true)
        #expect(refusal(lossless, .webp) == nil)
        #expect(
            refusal(lossless, .jpeg)
                == "x: a JPEG always loses something; write a .png, a .tif or a lossless .webp")
        #expect(
            refusal(lossless, .tiff) == "x: a TIFF is lossless in any case; only WebP can be one or the other"
        )
        #expect(refusal(WritingOptions(quality: 0), .jpeg) == "x: the quality is 0; it must lie in 1...100")
        #expect(
            refusal(WritingOptions(quality: 5, isLossless: true), .webp)
                == "x: a lossless picture has no quality; ask for one of the two")
        #expect(throws: ImagingError.self) { try pattern(2, 2).encoded(as: .png, options: quality) }
    }

    @Test(
        "a JPEG that lacks its end marker is read where every pixel is there",
        arguments: ["plain", "progressive", "camera"])
    func lacksEnd(name: String) throws {
        let whole = try bytes(of: fixture(name + ".jpg"))
        let photo = try Photo(bytes: whole)
        #expect(photo.notices.isEmpty)
        for missing in [1, 2] {
            let cut = try Photo(bytes: Array(whole.dropLast(missing)))
            #expect(cut.image == photo.image && cut.notices == [.endMissing], "\(missing)")
        }
        // Of the coded data nothing may be missing but padding; the message is short, whatever the image.
        for missing in stride(from: 8, to: 120, by: 8) {
            do {
                _ = try Photo(bytes: Array(whole.dropLast(missing)))
                Issue.record("\(missing) bytes of coded data may not be missing")
            } catch is ImagingError {}
        }
    }

    @Test("a progressive JPEG that ends after a scan is damaged, though it has all its pixels")
    func lacksScans() throws {
        let whole = try bytes(of: fixture("progressive.jpg"))
        let scans = whole.indices.dropLast().filter { whole[$0] == 0xFF && whole[$0 + 1] == 0xDA }
        #expect(scans.count > 2)
        for scan in scans.dropFirst() {
            #expect(throws: ImagingError.damaged(path: "x", reason: "its last scans are missing")) {
                try Photo(bytes: Array(whole.prefix(scan)), name: "x")
            }
        }
    }

    @Test("an animated PNG says that its first frame is used")
    func animated() throws {
        let whole = try bytes(of: fixture("plain.png"))
        let control = PNGChunks.chunk("acTL", [0, 0, 0, 5, 0, 0, 0, 0])
        let photo = try Photo(bytes: Array(whole[..<33]) + control + whole[33...])
        #expect(photo.image == pattern(13, 9) && photo.notices == [.firstFrameOnly(frames: 5)])
    }

    @Test(
        "files that are no pictures of ours are told apart, with a way out",
        arguments: [
            (
                "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<!-- made by a program that says so -->\n<svg width=\"1\">",
                "an SVG drawing; export it as PNG"
            ),
            ("<svg xmlns=\"x\"/>", "an SVG drawing; export it as PNG"),
            ("<?xml version=\"1.0\"?><html>", "a web page"),
            ("<?xml version=\"1.0\"?><plist/>", "an XML document"),
            (
                "BM\u{7A}\0\0\0\0\0\0\0\u{36}\0\0\0",
                "a BMP bitmap; convert it to PNG (magick picture.bmp picture.png)"
            ),
            ("8BPS\0\u{1}", "a Photoshop file; export it as PNG"),
            ("P3\n1 1\n255\n0 0 0", "a portable map of another kind; convert it to PNG"),
        ])
    func resemblance(text: String, words: String) {
        #expect(
            throws: ImagingError.notAnImage(path: "picture", resembling: words)
        ) { try Photo(bytes: Array(text.utf8)) }
    }

    @Test("BigTIFF is TIFF")
    func bigTIFF() {
        #expect(ImageFormat(sniffing: Array("II+\0".utf8)) == .tiff)
        #expect(ImageFormat(sniffing: Array("MM\0+".utf8)) == .tiff)
    }

    @Test(
        "transparency is kept by every kind that can hold it", arguments: [ImageFormat.png, .webp, .tiff])
    func transparency(format: ImageFormat) throws {
        let photo = try Photo(contentsOf: fixture("alpha.png"))
        #expect(photo.original.alpha?.count == 13 * 9 && photo.record.isTransparent)
        #expect(photo.original.pixels == pattern(13, 9).pixels && photo.image.alpha == nil)
        let options = WritingOptions(isLossless: format == .webp ? true : nil)
        let again = try Photo(bytes: photo.original.encoded(as: format, options: options))
        #expect(again.original.alpha == photo.original.alpha)
        #expect(distance(again.image, photo.image) == 0)
    }

    @Test("an edit of a transparent photo looks as it was painted, and is transparent where the photo is")
    func transparentEdit() throws {
        let photo = try Photo(contentsOf: fixture("alpha.png"))
        let edit = Image(width: 13, height: 9, red: 250, green: 240, blue: 230)
        let suited = try photo.suited(edit)
        #expect(suited.alpha == photo.original.alpha)
        let shown = suited.laidOverWhite()
        for (pixel, alpha) in (suited.alpha ?? []).enumerated() where alpha >= 60 {
            for index in (pixel * 3)..<(pixel * 3 + 3) {
                #expect(abs(Int(shown.pixels[index]) - Int(edit.pixels[index])) <= 1)
            }
        }
        // Unchanged, it is the photo again but for rounding.
        let same = try photo.suited(photo.image).laidOverWhite()
        #expect(distance(same, photo.image) <= 1)
        let half = Mask(width: 13, height: 9, values: (0..<(13 * 9)).map { $0 % 13 < 6 ? 1 : 0 })
        let pasted = try photo.pasting(layer(edit, half))
        for pixel in 0..<(13 * 9) where half.values[pixel] == 0 {
            #expect(
                pasted.pixels[(pixel * 3)..<(pixel * 3 + 3)]
                    == photo.original.pixels[(pixel * 3)..<(pixel * 3 + 3)])
        }
        #expect(pasted.alpha == photo.original.alpha)
    }

    private func layer(_ edit: Image, _ mask: Mask) -> PasteLayer {
        PasteLayer(edit, coverage: Coverage(given: mask, width: 13, height: 9, feather: 2))
    }

    @Test("a hole that the mask marks is filled, and a cut-out stays one")
    func hole() throws {
        let hole = (0..<(13 * 9)).map { $0 % 13 < 6 ? UInt8(0) : 255 }
        let photo = try Photo(
            bytes: Image(width: 13, height: 9, pixels: pattern(13, 9).pixels, alpha: hole).encoded(as: .png)
        )
        let edit = Image(width: 13, height: 9, red: 250, green: 240, blue: 230)
        let mark = Mask(width: 13, height: 9, values: hole.map { $0 == 0 ? 1 : 0 })
        let filled = try photo.pasting(layer(edit, mark))
        #expect(filled.alpha == [UInt8](repeating: 255, count: 13 * 9))
        for pixel in 0..<(13 * 9) {
            let expected = hole[pixel] == 0 ? edit : pattern(13, 9)
            #expect(
                filled.pixels[(pixel * 3)..<(pixel * 3 + 3)] == expected.pixels[(pixel * 3)..<(pixel * 3 + 3)]
            )
        }
        let more = Mask(width: 13, height: 9, filledWith: 1)
        #expect(try photo.pasting(layer(edit, more)).alpha == hole)
    }

    @Test("full transparency turns with its picture")
    func turnedTransparency() {
        let image = Image(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6], alpha: [7, 8])
        #expect(
            image.turned(.turnedRight)
                == Image(width: 1, height: 2, pixels: [1, 2, 3, 4, 5, 6], alpha: [7, 8]))
        #expect(
            image.turned(.halfTurn)
                == Image(width: 2, height: 1, pixels: [4, 5, 6, 1, 2, 3], alpha: [8, 7]))
    }

    @Test("ComfyUI's texts in EXIF are found under their own keys")
    func comfy() {
        var folders = EXIF.Folders()
        folders.first[EXIF.Tag.model] = .ascii("prompt:{\"3\": 1}")
        folders.first[EXIF.Tag.make] = .ascii("workflow:{\"nodes\": []}")
        folders.first[EXIF.Tag.description] = .ascii("extra:[1]")
        #expect(
            EXIF.texts(in: folders.block)
                == ["prompt": "{\"3\": 1}", "workflow": "{\"nodes\": []}", "extra": "[1]"])
        folders.first = [EXIF.Tag.model: .ascii("Camera: 1"), EXIF.Tag.description: .ascii("a day: out")]
        #expect(EXIF.texts(in: folders.block) == ["description": "a day: out"])
    }

    @Test("a comment marked UNICODE is read as 16-bit units or as UTF-8, whichever it is")
    func unicodeComments() {
        let mark = Array("UNICODE\0".utf8)
        let text = "a café, 猫\nSteps: 20, Seed: 1"
        let units = Array(text.utf16)
        let wide = units.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        let turned = units.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        for data in [Array(text.utf8), Array(text.utf8) + [0], wide, turned] {
            #expect(EXIF.userComment(mark + data, true) == text)
            #expect(EXIF.userComment(mark + data, false) == text)
        }
        #expect(JPEGSegments.comment((mark + text.utf8)[...]) == text)
        #expect(JPEGSegments.comment([0x63, 0xE9]) == "cé")
        #expect(EXIF.userComment(mark + [0, 0], true) == nil)
    }
}
