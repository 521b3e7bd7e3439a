import Foundation
import Testing

@testable import Imaging

@Suite("Writing pictures")
struct WritingTests {
    @Test(
        "lossless kinds come back byte for byte",
        arguments: ["x.png", "x", "x.ppm", "X.PNG", "x.tif", "lossless.webp"])
    func lossless(name: String) throws {
        try withFolder { folder in
            let path = "\(folder)/\(name)"
            try pattern(31, 17).write(
                to: path, options: WritingOptions(isLossless: name == "lossless.webp" ? true : nil))
            #expect(try Image(contentsOf: path) == pattern(31, 17))
            #expect(try files(in: folder) == [name])
        }
    }

    @Test("lossy kinds come back nearly", arguments: ["x.jpg", "x.jpeg", "x.webp"])
    func lossy(name: String) throws {
        try withFolder { folder in
            try corners(64, 48).write(to: "\(folder)/\(name)")
            let back = try Image(contentsOf: "\(folder)/\(name)")
            #expect((back.width, back.height) == (64, 48))
            let total = zip(back.pixels, corners(64, 48).pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
            #expect(Double(total) / Double(back.pixels.count) < 3)
        }
    }

    @Test("a colour profile is embedded", arguments: [ImageFormat.png, .jpeg, .webp, .tiff])
    func profile(format: ImageFormat) throws {
        let photo = try Photo(contentsOf: fixture("profile-wide.png"))
        let again = try Photo(bytes: photo.original.encoded(as: format))
        #expect(again.original.profile == photo.original.profile)
        if format == .png { #expect(again.original == photo.original && again.image == photo.image) }
    }

    @Test(
        "texts of every alphabet come back",
        arguments: ["x.png", "x.jpg", "x.webp", "x.tif", "lossless.webp"])
    func metadata(name: String) throws {
        let texts = [
            "parameters": "a café, 猫 🐈\nSteps: 20, Seed: 1",
            "pentimento": #"{"version":1,"prompt":"猫"}"#,
            "odd": "x",
        ]
        try withFolder { folder in
            let path = "\(folder)/\(name)"
            // 23 pixels make chunks of odd length likely.
            let options = WritingOptions(isLossless: name == "lossless.webp" ? true : nil)
            try corners(23, 9).write(to: path, metadata: texts, options: options)
            #expect(try ImageMetadata(contentsOf: path).entries == texts)
            #expect(try Image(contentsOf: path).width == 23)
        }
    }

    @Test("texts and profile live together in a WebP and a JPEG", arguments: [ImageFormat.webp, .jpeg])
    func metadataAndProfile(format: ImageFormat) throws {
        let original = try Photo(contentsOf: fixture("profile-wide.png")).original
        let bytes = try original.encoded(as: format, metadata: ["parameters": "p"])
        #expect(ImageMetadata(bytes: bytes, format: format)["parameters"] == "p")
        #expect(try Photo(bytes: bytes).original.profile == original.profile)
        let mark = Array((format == .webp ? "EXIF" : "Exif\0\0").utf8)
        let places = bytes.indices.filter { bytes[$0...].starts(with: mark) }
        #expect(places.count == 1, "one EXIF block, not \(places.count)")
    }

    @Test("texts that other programs wrote are read")
    func foreignMetadata() throws {
        let texts = try ImageMetadata(contentsOf: fixture("texts.png"))
        #expect(texts["parameters"] == "a café\nSteps: 20")
        #expect(texts["prompt"] == "猫 and é")
        #expect(texts["workflow"] == "{\"nodes\": [" + String(repeating: "1, ", count: 200) + "2]}")
        #expect(texts["squeezed"] == String(repeating: "ü", count: 300))
        for order in ["big", "little"] {
            let texts = try ImageMetadata(contentsOf: fixture("comment-\(order).jpg"))
            #expect(texts.entries == ["parameters": "a 猫\nSteps: 20, Seed: 1", "comment": "hello"])
        }
        #expect(try ImageMetadata(contentsOf: fixture("plain.jpg")).entries.isEmpty)
        #expect(try ImageMetadata(contentsOf: fixture("plain.avif")).entries.isEmpty)
    }

    /// One thousand times "a", by Python's zlib.
    private static let thousand: [UInt8] = [
        0x78, 0xDA, 0x4B, 0x4C, 0x1C, 0x05, 0xA3, 0x60, 0x14, 0x0C, 0x77, 0x00, 0x00, 0xF9, 0xD8, 0x7A, 0xF8,
    ]

    /// A PNG with this stream as the text of a zTXt chunk and of a compressed iTXt chunk, then a plain text.
    private func squeezed(_ stream: [UInt8]) throws -> [String: String] {
        let header = Array(try bytes(of: fixture("plain.png")).prefix(8 + 12 + 13))
        return PNGChunks.texts(
            in: header + PNGChunks.chunk("zTXt", Array("old".utf8) + [0, 0] + stream)
                + PNGChunks.chunk("iTXt", Array("new".utf8) + [0, 1, 0, 0, 0] + stream)
                + PNGChunks.chunk("tEXt", Array("plain\0b".utf8)) + PNGChunks.chunk("IEND", []))
    }

    @Test("compressed texts are read, and broken ones are passed over")
    func compressedTexts() throws {
        let stream = Self.thousand
        let text = String(repeating: "a", count: 1000)
        #expect(try squeezed(stream) == ["old": text, "new": text, "plain": "b"])
        // Uncompressed blocks are streams too: this one holds "hi".
        let stored: [UInt8] = [0x78, 0x01, 1, 2, 0, 0xFD, 0xFF, 0x68, 0x69, 0x01, 0x3B, 0x00, 0xD2]
        #expect(try squeezed(stored) == ["old": "hi", "new": "hi", "plain": "b"])
        for length in 0..<stream.count {
            #expect(try squeezed(Array(stream.prefix(length))) == ["plain": "b"], "cut to \(length)")
        }
        for place in stream.indices {
            var broken = stream
            broken[place] ^= 0xFF
            #expect(try squeezed(broken) == ["plain": "b"], "byte \(place) is wrong")
        }
        // A block of a kind that does not exist; a copy from before the beginning; a preset dictionary.
        #expect(try squeezed([0x78, 0x9C, 0x07, 0, 0, 0, 1]) == ["plain": "b"])
        #expect(try squeezed([0x78, 0x9C, 0x03, 0x02, 0, 0, 0, 0, 0, 1]) == ["plain": "b"])
        #expect(try squeezed([0x78, 0xBB, 0, 0, 0, 1, 0x03, 0, 0, 0, 0, 1]) == ["plain": "b"])
    }

    /// What Python's zlib makes of one million zeros, or of a multiple of 1032 more (16 MiB is one): each takes one
    /// byte more.
    private func zeros(_ count: Int) -> [UInt8] {
        let start: [UInt8] = [
            0x78, 0xDA, 0xED, 0xC1, 0x01, 0x01, 0, 0, 0, 0x82, 0x20, 0xFF, 0xAF, 0x6E, 0x48, 0x40, 0x01,
        ]
        let middle = [UInt8](repeating: 0, count: 968 + (count - 1_000_000) / 1032)
        return start + middle + [0xAF, 0x06] + PNGChunks.bigEndian(UInt32(count % 65521) << 16 | 1)
    }

    @Test("a compressed text has a longest length")
    func compressionBomb() {
        let stream = Self.thousand
        #expect(ZlibStream.inflated(stream, limit: 1000)?.count == 1000)
        #expect(ZlibStream.inflated(stream, limit: 999) == nil)
        #expect(ZlibStream.inflated(stream, limit: 0) == nil)
        // Longer than any first room, and around the limit that stands without another.
        #expect(ZlibStream.inflated(zeros(1_000_000))?.count == 1_000_000)
        #expect(ZlibStream.inflated(zeros(1_000_000), limit: 1_000_000)?.count == 1_000_000)
        #expect(ZlibStream.inflated(zeros(1_000_000), limit: 999_999) == nil)
        #expect(ZlibStream.inflated(zeros((16 << 20) + 1032)) == nil)
        #expect(ZlibStream.inflated(zeros(16 << 20))?.count == 16 << 20)
    }

    @Test("metadata cut anywhere gives less, never a crash", arguments: ["texts.png", "comment-big.jpg"])
    func cutMetadata(name: String) throws {
        let whole = try bytes(of: fixture(name))
        let all = ImageMetadata(bytes: whole, format: name.hasSuffix("png") ? .png : .jpeg).entries
        for length in 8..<whole.count {
            var cut = Array(whole.prefix(length))
            #expect(
                ImageMetadata(bytes: cut, format: name.hasSuffix("png") ? .png : .jpeg).entries.count
                    <= all.count)
            cut = whole
            cut[length] ^= 0xFF
            #expect(
                ImageMetadata(bytes: cut, format: name.hasSuffix("png") ? .png : .jpeg).entries.count <= 8)
        }
    }

    @Test("the check sum is the one of the PNG specification")
    func checkSum() {
        // The usual check value of CRC-32, and that of every PNG's last chunk.
        #expect(PNGChunks.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(PNGChunks.crc32(Array("IEND".utf8)) == 0xAE42_6082)
    }

    @Test("keys that do not fit are refused")
    func unfitMetadata() throws {
        for key in ["", "ü", " x", String(repeating: "k", count: 80)] {
            #expect(throws: ImagingError.self) { try pattern(2, 2).encoded(as: .png, metadata: [key: "x"]) }
        }
    }

    @Test(
        "an unknown ending is refused before anything is done",
        arguments: ["x.bmp", "x.gif", "a.b/x.", "x.avif"])
    func unknownEnding(name: String) {
        #expect(throws: ImagingError.unknownExtension(path: name)) { try pattern(2, 2).write(to: name) }
    }

    @Test("a picture too large for its kind says so")
    func tooLargeForWebP() {
        let wide = Image(width: 16_384, height: 1)
        let error = #expect(throws: ImagingError.self) { try wide.encoded(as: .webp, name: "x.webp") }
        guard case .cannotEncode(path: "x.webp", reason: _)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("a missing folder is named and nothing is made")
    func missingFolder() throws {
        try withFolder { folder in
            let path = folder + "/no/such/x.png"
            #expect(throws: ImagingError.missingFolder(path: path)) { try pattern(2, 2).write(to: path) }
            try Data().write(to: URL(fileURLWithPath: folder + "/file"))
            #expect(throws: ImagingError.missingFolder(path: folder + "/file/x.png")) {
                try pattern(2, 2).write(to: folder + "/file/x.png")
            }
            #expect(try files(in: folder) == ["file"])
        }
    }

    @Test("a folder in the place of the file is left alone")
    func folderInPlace() throws {
        try withFolder { folder in
            #expect(
                throws: ImagingError.cannotWrite(path: folder, reason: "it is a folder; name a file in it")
            ) {
                try pattern(2, 2).write(to: folder)
            }
            let left = try files(in: folder)
            #expect(left.isEmpty)
        }
    }

    @Test("a full disk is told as such", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullDisk() throws {
        // The kernel answers every write to this device as a full disk does.
        #expect(throws: ImagingError.diskFull(path: "/dev/full")) { try pattern(2, 2).write(to: "/dev/full") }
        #expect(FileManager.default.fileExists(atPath: "/dev/full"))
    }

    @Test(
        "a write that breaks off leaves the old file and nothing else",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func brokenWrite() throws {
        try withFolder { folder in
            let path = folder + "/x.png"
            try pattern(5, 5).write(to: path)
            let before = try bytes(of: path)
            // The new file is opened in the folder as usual, but its bytes go to the device that is full.
            #expect(throws: ImagingError.diskFull(path: path)) {
                try Files.write([1, 2, 3], to: path) { file in
                    let full = open("/dev/full", O_WRONLY)
                    dup2(full, file)
                    close(full)
                }
            }
            #expect(try bytes(of: path) == before)
            #expect(try files(in: folder) == ["x.png"])
        }
    }

    @Test("an existing file is replaced, and a device never is")
    func replacing() throws {
        try withFolder { folder in
            let path = folder + "/x.png"
            try pattern(5, 5).write(to: path)
            try pattern(6, 4).write(to: path)
            #expect(try Image(contentsOf: path) == pattern(6, 4))
            #expect(try files(in: folder) == ["x.png"])
        }
        try pattern(5, 5).write(to: "/dev/null")
        let type = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
        #expect(type == .typeCharacterSpecial)
    }
}
