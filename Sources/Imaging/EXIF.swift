import Foundation

/// The few EXIF tags that carry texts, as in CIPA DC-008 (EXIF 2.32).
enum EXIF {
    private enum Tag {
        static let description = 0x010E
        static let exifFolder = 0x8769
        static let makerNote = 0x927C
        static let userComment = 0x9286
    }

    /// Marks a maker note of ours: what follows is a JSON object of texts by key.
    private static let noteMark = Array("Pentimento\0".utf8)

    /// A TIFF block, big-endian: `parameters` as the user comment, everything else in a note of our own.
    static func block(_ metadata: PictureMetadata) -> [UInt8] {
        var values: [(tag: Int, data: [UInt8])] = []
        let others = metadata.entries.filter { $0.key != PictureMetadata.parametersKey }
        if !others.isEmpty {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // A dictionary of strings always encodes.
            let json = (try? encoder.encode(others)).map { Array($0) } ?? []
            values.append((Tag.makerNote, noteMark + json))
        }
        if let parameters = metadata.entries[PictureMetadata.parametersKey] {
            let units = parameters.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            values.append((Tag.userComment, Array("UNICODE\0".utf8) + units))
        }
        // Header (8 bytes), a first folder with one entry that points to the EXIF folder right behind it
        // (18).
        var bytes = Array("MM".utf8) + short(42) + long(8)
        bytes += short(1) + short(Tag.exifFolder) + short(4)
        bytes += long(1) + long(26) + long(0)
        bytes += short(values.count)
        var place = 26 + 2 + 12 * values.count + 4
        var tail: [UInt8] = []
        for (tag, data) in values {
            // Type 7, undefined. Values of four bytes or fewer would stand in the entry; ours are longer.
            bytes += short(tag) + short(7)
            bytes += long(data.count) + long(place)
            tail += data
            if data.count % 2 == 1 { tail.append(0) }
            place += data.count + data.count % 2
        }
        return bytes + long(0) + tail
    }

    /// The texts in a TIFF block, with or without the `Exif` mark that JPEG puts before it.
    static func texts(in data: [UInt8]) -> [String: String] {
        let marked = data.starts(with: Array("Exif\0\0".utf8))
        guard let reader = TIFFReader(bytes: marked ? Array(data.dropFirst(6)) : data) else { return [:] }
        var texts: [String: String] = [:]
        let first = reader.folder(at: reader.firstFolder)
        if let description = first[Tag.description].map({ plain($0[...]) }), !description.isEmpty {
            texts["description"] = description
        }
        guard let pointer = first[Tag.exifFolder], pointer.count == 4 else { return texts }
        let folder = reader.folder(at: reader.number(pointer[...]))
        if let comment = folder[Tag.userComment].flatMap({ userComment($0, reader.bigEndian) }) {
            texts[PictureMetadata.parametersKey] = comment
        }
        if let note = folder[Tag.makerNote], note.starts(with: noteMark),
            let others = try? JSONDecoder().decode(
                [String: String].self, from: Data(note.dropFirst(noteMark.count)))
        {
            texts.merge(others) { first, _ in first }
        }
        return texts
    }

    /// Eight bytes name the alphabet of a user comment, then the text follows.
    private static func userComment(_ data: [UInt8], _ bigEndian: Bool) -> String? {
        guard data.count > 8 else { return nil }
        let text = data.dropFirst(8)
        guard data.starts(with: Array("UNICODE".utf8)) else {
            let words = plain(text)
            return words.isEmpty ? nil : words
        }
        // Writers disagree about the byte order; a western text has its zeros in the high bytes.
        var pairs = Array(text)
        var high = bigEndian
        if pairs.starts(with: [0xFE, 0xFF]) || pairs.starts(with: [0xFF, 0xFE]) {
            high = pairs[0] == 0xFE
            pairs.removeFirst(2)
        } else {
            let even = stride(from: 0, to: pairs.count - 1, by: 2).count { pairs[$0] == 0 }
            let odd = stride(from: 1, to: pairs.count, by: 2).count { pairs[$0] == 0 }
            if even != odd { high = even > odd }
        }
        let units = stride(from: 0, to: pairs.count - 1, by: 2).map { (place: Int) -> UInt16 in
            let first = UInt16(pairs[place])
            let second = UInt16(pairs[place + 1])
            return high ? first << 8 | second : second << 8 | first
        }
        return String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
    }

    private static func plain(_ data: ArraySlice<UInt8>) -> String {
        String(decoding: data.prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func short(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
    private static func long(_ value: Int) -> [UInt8] { PNGChunks.bigEndian(UInt32(value)) }
}

/// A careful reader of TIFF folders: offsets that lead outside give nothing.
private struct TIFFReader {
    let bytes: [UInt8]
    let bigEndian: Bool
    var firstFolder: Int { number(bytes[4..<8]) }

    init?(bytes: [UInt8]) {
        guard bytes.count >= 8 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0x4D, 0x4D): bigEndian = true
        case (0x49, 0x49): bigEndian = false
        default: return nil
        }
        self.bytes = bytes
    }

    func number(_ part: ArraySlice<UInt8>) -> Int {
        let ordered = bigEndian ? Array(part) : part.reversed()
        return ordered.reduce(0) { $0 << 8 | Int($1) }
    }

    /// The raw values of a folder's entries by tag.
    func folder(at start: Int) -> [Int: [UInt8]] {
        guard start >= 8, start + 2 <= bytes.count else { return [:] }
        let count = number(bytes[start..<(start + 2)])
        var values: [Int: [UInt8]] = [:]
        for index in 0..<count {
            let place = start + 2 + index * 12
            guard place + 12 <= bytes.count else { break }
            // Bytes of one value by TIFF type, 1 (byte) to 12 (double).
            let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
            let type = number(bytes[(place + 2)..<(place + 4)])
            guard type < sizes.count else { continue }
            let length = number(bytes[(place + 4)..<(place + 8)]) * sizes[type]
            let from = length <= 4 ? place + 8 : number(bytes[(place + 8)..<(place + 12)])
            guard length <= bytes.count, from <= bytes.count - length else { continue }
            values[number(bytes[place..<(place + 2)])] = Array(bytes[from..<(from + length)])
        }
        return values
    }
}
