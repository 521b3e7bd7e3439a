/// The marker segments before the scan of a JPEG file (ITU-T T.81, annex B).
enum JPEGSegments {
    private static let exifMark = Array("Exif\0\0".utf8)

    /// The picture with an EXIF segment right after its start, where EXIF wants it.
    static func inserting(_ metadata: PictureMetadata, into bytes: [UInt8], path: String) throws -> [UInt8] {
        let data = exifMark + EXIF.block(metadata)
        guard data.count + 2 <= 0xFFFF else {
            throw ImagingError.cannotEncode(
                path: path, reason: "\(data.count) bytes of metadata, a JPEG takes 65533; write a PNG")
        }
        let length = data.count + 2
        var result = Array(bytes.prefix(2))
        result += [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)]
        result += data
        // The library writes an EXIF segment of its own that says next to nothing; a second one confuses
        // readers.
        var rest = bytes.dropFirst(2)
        for segment in segments(of: bytes)
        where segment.marker == 0xE1 && bytes[segment.data].starts(with: exifMark) {
            rest = bytes[2..<(segment.data.lowerBound - 4)] + bytes[segment.data.upperBound...]
            break
        }
        result += rest
        return result
    }

    static func texts(in bytes: [UInt8]) -> [String: String] {
        var texts: [String: String] = [:]
        for segment in segments(of: bytes) {
            let data = bytes[segment.data]
            if segment.marker == 0xE1, data.starts(with: exifMark) {
                texts.merge(EXIF.texts(in: Array(data))) { first, _ in first }
            } else if segment.marker == 0xFE {
                texts["comment"] = String(decoding: data.prefix { $0 != 0 }, as: UTF8.self)
            }
        }
        return texts
    }

    /// The segments before the scan: their markers, and where their data lies.
    private static func segments(of bytes: [UInt8]) -> [(marker: UInt8, data: Range<Int>)] {
        var segments: [(marker: UInt8, data: Range<Int>)] = []
        var place = 2
        while bytes.count - place >= 4, bytes[place] == 0xFF {
            let marker = bytes[place + 1]
            if marker == 0xFF {  // fill byte
                place += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { break }  // the scan, or the end
            let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            guard length >= 2, place + 2 + length <= bytes.count else { break }
            segments.append((marker, (place + 4)..<(place + 2 + length)))
            place += 2 + length
        }
        return segments
    }
}
