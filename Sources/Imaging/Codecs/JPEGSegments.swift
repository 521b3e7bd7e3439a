/// The marker segments before the scan of a JPEG file (ITU-T T.81, annex B).
enum JPEGSegments {
    static let exifMark = Array("Exif\0\0".utf8)
    static let xmpMark = Array("http://ns.adobe.com/xap/1.0/\0".utf8)
    private static let jfifMark = Array("JFIF\0".utf8)

    /// The most bytes of data in one segment: its length is two bytes and counts itself.
    static let longest = 0xFFFF - 2

    /// A segment: its marker, and where its data lies.
    typealias Segment = (marker: UInt8, data: Range<Int>)

    /// What is written before the scan beside the image.
    struct Belongings {
        var exif: EXIF.Folders?
        var xmp: [UInt8]?
        var iptc: IPTC?
        var comment: String?
        var resolution: PrintResolution?
        /// A note of ours that is too long for the EXIF segment.
        var longNote: [UInt8]?
    }

    /// The image as the library wrote it, with what belongs to it.
    static func inserting(_ belongings: Belongings, into bytes: [UInt8]) -> [UInt8] {
        var added: [UInt8] = []
        if let exif = belongings.exif, !exif.isEmpty { added += segment(0xE1, exifMark + exif.block) }
        if let xmp = belongings.xmp { added += segment(0xE1, xmpMark + xmp) }
        if let iptc = belongings.iptc?.segment, iptc.count <= longest { added += segment(0xED, iptc) }
        if let note = belongings.longNote {
            let pieces = stride(from: 0, to: note.count, by: notePiece).map {
                Array(note[$0..<min($0 + notePiece, note.count)])
            }
            for (index, piece) in pieces.enumerated() {
                added += segment(
                    noteMarker, EXIF.noteMark + [UInt8(index + 1), UInt8(min(pieces.count, 255))] + piece)
            }
        }
        if let comment = belongings.comment { added += segment(0xFE, Array(comment.utf8.prefix(longest))) }
        // The mark, version 1.1, unit and densities (no unit and 1 by 1 where nothing is known), no thumbnail.
        let header = jfifMark + [1, 1] + (belongings.resolution?.densities ?? [0, 0, 1, 0, 1]) + [0, 0]
        var result = Array(bytes.prefix(2)) + segment(0xE0, header) + added
        var rest = 2
        for (marker, data) in segments(of: bytes)
        where (marker == 0xE0 && bytes[data].starts(with: jfifMark))
            || (marker == 0xE1 && bytes[data].starts(with: exifMark))
        {
            // The library's own headers say next to nothing; second ones confuse readers.
            result += bytes[rest..<(data.lowerBound - 4)]
            rest = data.upperBound
        }
        return result + bytes[rest...]
    }

    private static func segment(_ marker: UInt8, _ data: [UInt8]) -> [UInt8] {
        let length = data.count + 2
        return [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + data
    }

    /// The application marker under which a long note of ours stands in pieces, numbered as ICC profiles are.
    private static let noteMarker: UInt8 = 0xEA
    private static let notePiece = 65_000
    /// The longest note that pieces can hold.
    static let longestNote = notePiece * 255

    static func texts(in bytes: [UInt8]) -> [String: String] {
        var texts: [String: String] = [:]
        var note: [UInt8] = []
        for segment in segments(of: bytes) {
            let data = bytes[segment.data]
            switch segment.marker {
            case 0xE1 where data.starts(with: exifMark):
                texts.merge(EXIF.texts(in: Array(data))) { first, _ in first }
            case 0xE1 where data.starts(with: xmpMark):
                let found = XMPPacket(Array(data.dropFirst(xmpMark.count)))?.texts ?? [:]
                texts.merge(found) { first, _ in first }
            case noteMarker where data.starts(with: EXIF.noteMark):
                note += data.dropFirst(EXIF.noteMark.count + 2)
            case 0xFE: texts["comment"] = comment(data)
            default: break
            }
        }
        texts.merge(EXIF.texts(inNote: EXIF.noteMark + note)) { first, _ in first }
        return texts
    }

    /// A comment segment's text; Latin-1 where it is no UTF-8.
    static func comment(_ data: ArraySlice<UInt8>) -> String {
        let mark = Array("UNICODE\0".utf8)
        if data.starts(with: mark) { return EXIF.userComment(Array(data), true) ?? "" }
        let words = data.prefix { $0 != 0 }
        return String(validating: words, as: UTF8.self) ?? PNGChunks.latin1(words)
    }

    /// The resolution that the JFIF header names.
    static func resolution(_ data: ArraySlice<UInt8>) -> PrintResolution? {
        guard data.starts(with: jfifMark), data.count >= 12 else { return nil }
        return PrintResolution(densities: data.dropFirst(7).prefix(5))
    }

    /// The segments before the first scan.
    static func segments(of bytes: [UInt8]) -> [Segment] {
        var segments: [Segment] = []
        var place = 2
        while let segment = segment(of: bytes, at: &place) { segments.append(segment) }
        return segments
    }

    /// The segment at a place, which moves behind it; nil at a scan, at the end, and where nothing makes sense.
    static func segment(of bytes: [UInt8], at place: inout Int) -> Segment? {
        while bytes.count - place >= 4, bytes[place] == 0xFF {
            let marker = bytes[place + 1]
            if marker == 0xFF {  // fill byte
                place += 1
                continue
            }
            if marker == 0xDA || marker == 0xD9 { return nil }  // the scan, or the end
            let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            guard length >= 2, place + 2 + length <= bytes.count else { return nil }
            defer { place += 2 + length }
            return (marker, (place + 4)..<(place + 2 + length))
        }
        return nil
    }
}
