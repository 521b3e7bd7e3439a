import Foundation
import Testing

@testable import Imaging

@Suite("What a photo's file says beside its pixels")
struct RecordTests {
    static let kinds: [ImageFormat] = [.png, .jpeg, .webp, .tiff]

    /// An edit of the camera's photo, as a file of this kind.
    private func edited(_ format: ImageFormat, _ options: WritingOptions = WritingOptions()) throws
        -> [UInt8]
    {
        let photo = try Photo(contentsOf: fixture("camera.jpg"))
        return try photo.suited(photo.image).encoded(
            as: format, metadata: ["parameters": "a pear\nSteps: 1, Seed: 1", "pentimento": "{}"],
            record: photo.record, options: options)
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        Data(bytes).range(of: Data(text.utf8)) != nil
    }

    @Test("camera, date, author, rights and print size come back from every kind", arguments: kinds)
    func belongings(format: ImageFormat) throws {
        let bytes = try edited(format)
        let photo = try Photo(bytes: bytes)
        #expect((photo.image.width, photo.image.height) == (16, 24))
        let (first, exif) = (photo.record.exif.first, photo.record.exif.exif)
        #expect(first[EXIF.Tag.make]?.text == "Maker" && first[EXIF.Tag.model]?.text == "Camera 1")
        #expect(first[EXIF.Tag.artist]?.text == "Ann Author" && first[EXIF.Tag.copyright]?.text == "(c) Ann")
        #expect(exif[0x9003]?.text == "2024:01:02 03:04:05" && exif[0xA434]?.text == "Lens 50")
        #expect(exif[0x829A]?.fraction == 1.0 / 250)
        // The photo lay on its side: 300 dots an inch across and 240 down are now the other way round.
        let resolution = try #require(photo.record.resolution)
        #expect(PrintResolution.perInch(resolution.across).rounded() == 240)
        #expect(PrintResolution.perInch(resolution.down).rounded() == 300)
        #expect(exif[EXIF.Tag.width]?.number == 16 && exif[EXIF.Tag.height]?.number == 24)
        let texts = ImageMetadata(bytes: bytes, format: format)
        #expect(texts["parameters"] == "a pear\nSteps: 1, Seed: 1" && texts["pentimento"] == "{}")
        #expect(contains(bytes, "<xmp:Label>Red</xmp:Label>") && contains(bytes, "xmp:Rating=\"5\""))
    }

    @Test("a newsroom's texts stay as they are in JPEG and TIFF, and are XMP elsewhere", arguments: kinds)
    func newsroom(format: ImageFormat) throws {
        let record = try Photo(bytes: edited(format)).record
        if format == .jpeg || format == .tiff {
            #expect(record.iptc?.texts(116) == ["(c) Ann & Co"] && record.iptc?.texts(120) == ["Café"])
        } else {
            let text = try #require(record.xmp?.text)
            #expect(text.contains("<dc:creator><rdf:Seq><rdf:li>Ann Author</rdf:li></rdf:Seq></dc:creator>"))
            #expect(text.contains("<rdf:li xml:lang=\"x-default\">(c) Ann &amp; Co</rdf:li>"))
            #expect(text.contains("<rdf:li xml:lang=\"x-default\">Café</rdf:li>"))
        }
    }

    @Test("the place is left out unless it is asked for", arguments: kinds)
    func place(format: ImageFormat) throws {
        let without = try edited(format)
        #expect(try !Photo(bytes: without).record.hasLocation)
        for word in ["GPS", "Paris"] { #expect(!contains(without, word)) }
        let with = try edited(format, WritingOptions(keepsLocation: true))
        let record = try Photo(bytes: with).record
        #expect(record.exif.location[2]?.fraction == 48 && record.exif.location[3]?.text == "E")
        #expect(contains(with, "<exif:GPSLongitude>2,17.6E</exif:GPSLongitude>") && contains(with, "Paris"))
    }

    @Test("maker notes, thumbnails and the old orientation are not kept", arguments: kinds)
    func leftOut(format: ImageFormat) throws {
        let bytes = try edited(format, WritingOptions(keepsLocation: true))
        for word in ["SERIAL NUMBER", "THUMBNAIL", "tiff:Orientation"] { #expect(!contains(bytes, word)) }
        let photo = try Photo(contentsOf: fixture("camera.jpg"))
        // Upright already: reading it again turns nothing.
        let again = try Photo(bytes: bytes).image
        for (x, y) in [(2, 2), (13, 2), (2, 21), (13, 21)] {
            let place = again.offset(x: x, y: y)
            for index in place..<(place + 3) {
                #expect(abs(Int(again.pixels[index]) - Int(photo.image.pixels[index])) < 40)
            }
        }
        if format == .png { #expect(try Photo(bytes: bytes).original == photo.original) }
    }

    @Test("what a kind cannot hold, and what is left out, is told beforehand")
    func notices() throws {
        let record = try Photo(contentsOf: fixture("camera.jpg")).record
        #expect(record.notices(writing: .jpeg) == [.locationLeftOut])
        #expect(record.notices(writing: .png, options: WritingOptions(keepsLocation: true)).isEmpty)
        #expect(record.notices(writing: .ppm) == [.metadataLeftOut(.ppm)])
        let alpha = try Photo(contentsOf: fixture("alpha.png")).record
        #expect(
            alpha.notices(writing: .jpeg) == [.laidOverWhite(.jpeg)] && alpha.notices(writing: .webp).isEmpty)
        let wide = try Photo(contentsOf: fixture("profile-wide.png")).record
        #expect(wide.notices(writing: .ppm) == [.profileLeftOut(.ppm)])
        #expect(PhotoRecord().notices(writing: .ppm).isEmpty)
    }

    @Test("XMP too long for a JPEG is told, and left out there alone")
    func longPacket() throws {
        let filler = String(repeating: "x", count: 70_000)
        let packet =
            "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"r\"><a>\(filler)</a></rdf:RDF></x:xmpmeta>"
        let bytes = try pattern(5, 4).encoded(as: .png, metadata: [PNGChunks.xmpKey: packet])
        let record = try Photo(bytes: bytes).record
        #expect(record.notices(writing: .jpeg) == [.packetLeftOut(bytes: packet.utf8.count)])
        #expect(
            record.notices(writing: .jpeg)[0].description
                == "the photo's XMP has 70088 bytes, a JPEG takes 65504, so it is left out; write a .png, .webp or .tif to keep it"
        )
        for format in Self.kinds {
            let again = try Photo(bytes: pattern(5, 4).encoded(as: format, record: record)).record
            #expect((again.xmp?.text == packet) == (format != .jpeg), "\(format)")
        }
    }

    @Test("XMP loses the place, thumbnails and second pictures, and nothing else")
    func cleanedPacket() throws {
        let head =
            "<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><rdf:RDF xmlns:rdf=\"r\"><rdf:Description "
            + "xmlns:e=\"http://ns.adobe.com/exif/1.0/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" "
            + "xmlns:g='http://ns.google.com/photos/1.0/camera/' "
        let whole =
            head + "e:GPSAltitude=\"1 > 0\" e:FNumber='4/1' g:MotionPhoto=\"1\"><e:GPSTime>9</e:GPSTime>"
            + "<xmp:Thumbnails><rdf:Alt><rdf:li/></rdf:Alt></xmp:Thumbnails><!-- <x> --><xmp:Label>a &gt; b</xmp:Label>"
            + "</rdf:Description></rdf:RDF><?xpacket end='w'?>"
        let packet = try #require(XMPPacket(Array(whole.utf8)))
        #expect(packet.hasLocation && !packet.hasGainMap)
        #expect(
            packet.cleaned(keepingLocation: false)?.text
                == head.dropLast() + " e:FNumber='4/1'><!-- <x> --><xmp:Label>a &gt; b</xmp:Label>"
                + "</rdf:Description></rdf:RDF><?xpacket end='w'?>")
        #expect(packet.cleaned(keepingLocation: true)?.text.contains("e:GPSAltitude=\"1 > 0\"") == true)
        // What is no XML is not handed on.
        #expect(XMPPacket(Array("<rdf:RDF <a>".utf8)) == nil)
        #expect(XMPPacket(Array("<rdf:RDF></b></c>".utf8))?.cleaned(keepingLocation: true) == nil)
    }

    @Test("the gain map of a photo of high dynamic range is left out, and that is told")
    func gainMap() throws {
        let packet =
            "<rdf:RDF xmlns:rdf=\"r\"><a xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\" hdrgm:Version=\"1.0\"/></rdf:RDF>"
        var bytes = try pattern(5, 4).encoded(as: .jpeg)
        bytes = JPEGSegments.inserting(.init(xmp: Array(packet.utf8)), into: bytes)
        let photo = try Photo(bytes: bytes)
        #expect(photo.notices == [.gainMapLeftOut])
        #expect(photo.record.xmp?.cleaned(keepingLocation: true)?.text.contains("hdrgm:Version") == false)
    }

    @Test("a print size comes back exactly, whatever unit a kind counts in")
    func resolutions() throws {
        for (across, down) in [
            (11811.0, 11811.0), (2835, 5669), (72 / 0.0254, 300 / 0.0254), (10_000, 10_000),
        ] {
            var record = PhotoRecord()
            record.resolution = PrintResolution(across: across, down: down)
            for format in Self.kinds {
                let bytes = try pattern(5, 4).encoded(as: format, record: record)
                let found = try #require(try Photo(bytes: bytes).record.resolution)
                // JPEG holds whole dots an inch or a centimetre, PNG whole dots a metre.
                let near = format == .jpeg ? 20.0 : format == .png ? 0.5 : 0.05
                #expect(
                    abs(found.across - across) <= near && abs(found.down - down) <= near, "\(format) \(found)"
                )
            }
        }
        for format in Self.kinds {
            let bytes = try pattern(5, 4).encoded(as: format)
            let record = try Photo(bytes: bytes).record
            #expect(record.resolution == nil, "\(format)")
        }
        #expect(PrintResolution(across: 0, down: 3) == nil)
    }

    @Test("an account of any length goes into a JPEG: its short form is shortened, its long form divided")
    func longAccount() throws {
        let long = String(repeating: "pear 🍐 ", count: 40_000)
        let texts = ["parameters": long + "\nSteps: 4, Seed: 1", "pentimento": "{\"prompt\":\"\(long)\"}"]
        let bytes = try pattern(5, 4).encoded(as: .jpeg, metadata: texts)
        let found = ImageMetadata(bytes: bytes, format: .jpeg)
        #expect(found["pentimento"] == texts["pentimento"])
        let parameters = try #require(found["parameters"])
        #expect(parameters.hasPrefix("pear 🍐 pear 🍐 ") && parameters.hasSuffix("…\nSteps: 4, Seed: 1"))
        #expect((30_000...32_767).contains(parameters.utf16.count))
        #expect(try Photo(bytes: bytes).image.width == 5)
        for format in [ImageFormat.png, .webp, .tiff] {
            let bytes = try pattern(5, 4).encoded(as: format, metadata: texts)
            #expect(ImageMetadata(bytes: bytes, format: format).entries == texts, "\(format)")
        }
    }

    @Test("author and rights of a PNG's own texts are kept, and how an earlier picture was generated is not")
    func ownTexts() throws {
        let bytes = try pattern(5, 4).encoded(
            as: .png,
            metadata: ["Author": "Ann", "Copyright": "(c) Ann", "prompt": "{}", "Comment": "{\"seed\": 1}"])
        let record = try Photo(bytes: bytes).record
        let again = try pattern(5, 4).encoded(as: .png, record: record)
        #expect(
            ImageMetadata(bytes: again, format: .png).entries == ["Author": "Ann", "Copyright": "(c) Ann"])
        let exif = try Photo(bytes: pattern(5, 4).encoded(as: .jpeg, record: record)).record.exif.first
        #expect(exif[EXIF.Tag.artist]?.text == "Ann" && exif[EXIF.Tag.copyright]?.text == "(c) Ann")
    }

    @Test("a record cut anywhere gives less, never a crash")
    func cut() throws {
        let whole = try bytes(of: fixture("camera.jpg"))
        for length in stride(from: 3, to: whole.count, by: 7) {
            _ = ImageMetadata(bytes: Array(whole.prefix(length)), format: .jpeg)
            var broken = whole
            broken[length] ^= 0xFF
            if let photo = try? Photo(bytes: broken) {
                _ = try photo.image.encoded(as: .jpeg, record: photo.record)
            }
        }
    }
}
