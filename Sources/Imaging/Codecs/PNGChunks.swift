/// Text chunks of PNG files, as in the PNG specification (third edition), sections 5 and 11.3.3.
enum PNGChunks {
    /// The image as the library wrote it with texts and what belongs to it, right after the header chunk.
    ///
    /// `texts` become uncompressed iTXt chunks (UTF-8); `chunks` go before them as they are.
    static func inserting(
        _ texts: [(key: String, text: String)], _ chunks: [(type: String, data: [UInt8])],
        into bytes: [UInt8],
        path: String
    ) throws -> [UInt8] {
        let afterHeader = 8 + 12 + 13  // signature, chunk frame, IHDR
        guard bytes.count > afterHeader, bytes[12..<16].elementsEqual(Array("IHDR".utf8)) else {
            throw ImagingError.cannotEncode(path: path, reason: "the PNG does not begin with its header")
        }
        var added = chunks.flatMap { chunk($0.type, $0.data) }
        for (key, text) in texts {
            // A keyword is 1 to 79 printable Latin-1 characters; plain ASCII is surest.
            let name = Array(key.utf8)
            guard (1...79).contains(name.count), name.allSatisfy({ (32...126).contains($0) }),
                name.first != 32, name.last != 32
            else {
                throw ImagingError.cannotEncode(
                    path: path, reason: "'\(key)' cannot be a key: 1 to 79 ASCII characters")
            }
            // Keyword, end, not compressed, method 0, no language, no translated keyword, text without zeros.
            let data = name + [0, 0, 0, 0, 0] + text.utf8.filter { $0 != 0 }
            added += chunk("iTXt", data)
        }
        var result = Array(bytes.prefix(afterHeader)) + added
        // The library always names a resolution, though it may not know one.
        for (type, data) in self.chunks(of: bytes) where type != "IHDR" && type != "pHYs" && type != "eXIf" {
            result += bytes[(data.lowerBound - 8)..<(data.upperBound + 4)]
        }
        return result
    }

    /// The chunks up to the end: their types, and where their data lies.
    static func chunks(of bytes: [UInt8]) -> [(type: String, data: Range<Int>)] {
        var chunks: [(type: String, data: Range<Int>)] = []
        var place = 8
        while bytes.count - place >= 12 {
            let length = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - place - 12 else { break }
            let type = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            chunks.append((type, (place + 8)..<(place + 8 + length)))
            place += length + 12
            if type == "IEND" { break }
        }
        return chunks
    }

    /// A whole chunk: length, type, data, check sum.
    static func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + data
        return bigEndian(UInt32(data.count)) + body + bigEndian(crc32(body))
    }

    /// The frames of an animated PNG (its acTL chunk), or 1.
    static func frames(in bytes: [UInt8]) -> Int {
        for (type, data) in chunks(of: bytes) where type == "acTL" && data.count == 8 {
            return bytes[data.prefix(4)].reduce(0) { $0 << 8 | Int($1) }
        }
        return 1
    }

    /// The key under which XMP stands in a PNG.
    static let xmpKey = "XML:com.adobe.xmp"

    /// The texts that tell how an image was made, and what else other programs say in words.
    static func texts(in bytes: [UInt8]) -> [String: String] {
        var texts = keyedTexts(in: bytes)
        let packet = texts.removeValue(forKey: xmpKey).flatMap { XMPPacket(Array($0.utf8)) }
        texts.merge(packet?.texts ?? [:]) { first, _ in first }
        for (type, data) in chunks(of: bytes) where type == "eXIf" {
            texts.merge(EXIF.texts(in: Array(bytes[data]))) { first, _ in first }
        }
        return texts
    }

    /// The text chunks by their keys.
    static func keyedTexts(in bytes: [UInt8]) -> [String: String] {
        var texts: [String: String] = [:]
        for (type, data) in chunks(of: bytes) where ["tEXt", "zTXt", "iTXt"].contains(type) {
            if let (key, text) = entry(type, bytes[data]), texts[key] == nil { texts[key] = text }
        }
        return texts
    }

    private static func entry(_ type: String, _ data: ArraySlice<UInt8>) -> (String, String)? {
        guard let end = data.firstIndex(of: 0), end > data.startIndex else { return nil }
        let key = latin1(data[..<end])
        var rest = data[(end + 1)...]
        switch type {
        case "tEXt": return (key, latin1(rest))
        case "zTXt":
            guard rest.first == 0, let text = ZlibStream.inflated(Array(rest.dropFirst())) else { return nil }
            return (key, latin1(text[...]))
        default:
            guard rest.count >= 2 else { return nil }
            let compressed = rest[rest.startIndex] == 1
            rest = rest.dropFirst(2)
            for _ in 0..<2 {  // the language and the translated keyword
                guard let zero = rest.firstIndex(of: 0) else { return nil }
                rest = rest[(zero + 1)...]
            }
            guard let text = compressed ? ZlibStream.inflated(Array(rest)) : Array(rest) else { return nil }
            return (key, String(decoding: text, as: UTF8.self))
        }
    }

    static func latin1(_ bytes: ArraySlice<UInt8>) -> String {
        String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }

    static func bigEndian(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// The check sum of PNG chunks: CRC-32 with the reflected polynomial 0xEDB88320.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 255)] ^ ($0 >> 8) }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
    }
}
