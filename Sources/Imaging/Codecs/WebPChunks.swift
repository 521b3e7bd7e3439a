/// The chunks of a WebP file (RFC 9649, section 2).
enum WebPChunks {
    private static let xmpFlag: UInt8 = 0x04
    private static let exifFlag: UInt8 = 0x08
    private static let alphaFlag: UInt8 = 0x10

    /// The image as the library wrote it with EXIF and XMP at its end, in the extended layout that they need.
    static func inserting(exif: [UInt8]?, xmp: [UInt8]?, into bytes: [UInt8]) -> [UInt8] {
        // The library writes an EXIF chunk of its own that says next to nothing.
        var chunks = split(bytes).filter { $0.name != "EXIF" && $0.name != "XMP " }
        let flags = (exif == nil ? 0 : exifFlag) | (xmp == nil ? 0 : xmpFlag)
        if let first = chunks.first, first.name == "VP8X", !first.data.isEmpty {
            chunks[0].data[0] = first.data[0] & ~(exifFlag | xmpFlag) | flags
        } else if flags != 0, let size = context(chunks) {
            // Flags, three reserved bytes, and each side less one in three bytes.
            var data: [UInt8] = [flags | (size.alpha ? alphaFlag : 0), 0, 0, 0]
            data += littleEndian(size.width - 1).prefix(3)
            data += littleEndian(size.height - 1).prefix(3)
            chunks.insert(("VP8X", data), at: 0)
        }
        if let exif { chunks.append(("EXIF", exif)) }
        if let xmp { chunks.append(("XMP ", xmp)) }
        var body = Array("WEBP".utf8)
        for chunk in chunks {
            body += Array(chunk.name.utf8)
            body += littleEndian(chunk.data.count)
            body += chunk.data
            if chunk.data.count % 2 == 1 { body.append(0) }
        }
        return Array("RIFF".utf8) + littleEndian(body.count) + body
    }

    static func texts(in bytes: [UInt8]) -> [String: String] {
        let exif = data(of: "EXIF", in: bytes).map { EXIF.texts(in: $0) } ?? [:]
        let xmp = data(of: "XMP ", in: bytes).flatMap { XMPPacket($0)?.texts } ?? [:]
        return exif.merging(xmp) { first, _ in first }
    }

    /// The data of the first chunk of a name.
    static func data(of name: String, in bytes: [UInt8]) -> [UInt8]? {
        split(bytes).first { $0.name == name }?.data
    }

    /// Whether the pixels are coded without loss.
    static func isLossless(_ bytes: [UInt8]) -> Bool {
        split(bytes).contains { $0.name == "VP8L" } && !split(bytes).contains { $0.name == "VP8 " }
    }

    private static func split(_ bytes: [UInt8]) -> [(name: String, data: [UInt8])] {
        var chunks: [(name: String, data: [UInt8])] = []
        var place = 12
        while bytes.count - place >= 8 {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[place + 4 + $1]) << (8 * $1) }
            guard length <= bytes.count - place - 8 else { break }
            let name = String(decoding: bytes[place..<(place + 4)], as: UTF8.self)
            chunks.append((name, Array(bytes[(place + 8)..<(place + 8 + length)])))
            place += 8 + length + length % 2
        }
        return chunks
    }

    /// The size in the first bytes of a lossy (VP8) or lossless (VP8L) image.
    private static func context(
        _ chunks: [(name: String, data: [UInt8])]
    ) -> (width: Int, height: Int, alpha: Bool)? {
        if let data = chunks.first(where: { $0.name == "VP8 " })?.data, data.count >= 10 {
            // Three bytes of frame tag and three of start code, then two 14-bit sides.
            let width = (Int(data[6]) | Int(data[7]) << 8) & 0x3FFF
            let height = (Int(data[8]) | Int(data[9]) << 8) & 0x3FFF
            return (width, height, false)
        }
        if let data = chunks.first(where: { $0.name == "VP8L" })?.data, data.count >= 5 {
            // A signature byte, then two sides less one in 14 bits each, then whether alpha is used.
            let bits = (0..<4).reduce(0) { $0 | Int(data[1 + $1]) << (8 * $1) }
            return ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bits >> 28 & 1 == 1)
        }
        return nil
    }

    private static func littleEndian(_ value: Int) -> [UInt8] {
        [UInt8(value & 255), UInt8(value >> 8 & 255), UInt8(value >> 16 & 255), UInt8(value >> 24 & 255)]
    }
}
