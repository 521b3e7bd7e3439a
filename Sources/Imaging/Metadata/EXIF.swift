import Foundation

/// The data of a camera as in CIPA DC-008 (EXIF 2.32): a few TIFF folders.
enum EXIF {
    enum Tag {
        static let description = 0x010E
        static let make = 0x010F
        static let model = 0x0110
        static let orientation = 0x0112
        static let xResolution = 0x011A
        static let yResolution = 0x011B
        static let resolutionUnit = 0x0128
        static let artist = 0x013B
        static let copyright = 0x8298
        static let exifFolder = 0x8769
        static let locationFolder = 0x8825
        static let makerNote = 0x927C
        static let userComment = 0x9286
        static let colourSpace = 0xA001
        static let width = 0xA002
        static let height = 0xA003
        static let interoperability = 0xA005
    }

    /// Marks a maker note of ours: what follows is a JSON object of texts by key.
    static let noteMark = Array("Pentimento\0".utf8)

    /// The folders that are read and written; a thumbnail's is neither.
    struct Folders: Hashable, Sendable {
        /// What and whose the image is.
        var first: TIFFFolder = [:]
        /// How it was taken.
        var exif: TIFFFolder = [:]
        /// Where it was taken.
        var location: TIFFFolder = [:]
        /// The index of the interoperability folder, such as R98 or R03.
        var interoperability = ""

        /// The byte order of the block that was read, in which some comments are written too.
        var bigEndian = true

        var isEmpty: Bool { first.isEmpty && exif.isEmpty && location.isEmpty }

        init() {}

        /// Reads a block, with or without what JPEG and HEIC put before it.
        init?(_ data: [UInt8]) {
            // "Exif", two zeros; before them, in HEIC, the four bytes that say where it begins.
            let begins = [0, 6, 4, 10].first { start in
                data.count > start + 4
                    && [Array("MM\0*".utf8), Array("II*\0".utf8)].contains { data[start...].starts(with: $0) }
            }
            guard let begins, let reader = TIFFReader(bytes: Array(data[begins...])) else { return nil }
            bigEndian = reader.bigEndian
            first = reader.first
            func inner(_ tag: Int, of folder: TIFFFolder) -> TIFFFolder {
                folder[tag]?.number.map(reader.folder) ?? [:]
            }
            exif = inner(Tag.exifFolder, of: first)
            location = inner(Tag.locationFolder, of: first)
            interoperability = inner(Tag.interoperability, of: exif)[1]?.text ?? ""
        }

        /// The TIFF block, big-endian.
        var block: [UInt8] {
            Array("MM".utf8) + TIFFValue.short(42).data + TIFFValue.long(8).data
                + stored(at: 8, bigEndian: true, with: [:])
        }

        /// The folders one behind the other, the first with entries of the file beside its own.
        func stored(at place: Int, bigEndian: Bool, with others: TIFFFolder) -> [UInt8] {
            var head = others.merging(first) { _, own in own }
            if !exif.isEmpty { head[Tag.exifFolder] = .long(0) }
            if !location.isEmpty { head[Tag.locationFolder] = .long(0) }
            let exifPlace = place + head.storedSize
            let locationPlace = exifPlace + (exif.isEmpty ? 0 : exif.storedSize)
            if !exif.isEmpty { head[Tag.exifFolder] = .long(exifPlace) }
            if !location.isEmpty { head[Tag.locationFolder] = .long(locationPlace) }
            return head.stored(at: place, bigEndian: bigEndian)
                + (exif.isEmpty ? [] : exif.stored(at: exifPlace, bigEndian: bigEndian))
                + (location.isEmpty ? [] : location.stored(at: locationPlace, bigEndian: bigEndian))
        }
    }

    /// `parameters` as the user comment of a block, and everything else in a note of our own.
    static func put(_ metadata: ImageMetadata, into folder: inout TIFFFolder, withNote: Bool = true) {
        if let parameters = metadata.entries[ImageMetadata.parametersKey] {
            let units = parameters.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            folder[Tag.userComment] = .undefined(Array("UNICODE\0".utf8) + units)
        }
        if withNote, let note = note(metadata) { folder[Tag.makerNote] = .undefined(note) }
    }

    /// Everything but `parameters`, as a note of our own; nil where there is nothing else.
    static func note(_ metadata: ImageMetadata) -> [UInt8]? {
        let others = metadata.entries.filter { $0.key != ImageMetadata.parametersKey }
        if others.isEmpty { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // A dictionary of strings always encodes.
        return noteMark + ((try? encoder.encode(others)).map { Array($0) } ?? [])
    }

    /// The texts of a note of ours.
    static func texts(inNote note: [UInt8]) -> [String: String] {
        guard note.starts(with: noteMark) else { return [:] }
        return
            (try? JSONDecoder().decode([String: String].self, from: Data(note.dropFirst(noteMark.count))))
            ?? [:]
    }

    /// The texts in a TIFF block.
    static func texts(in data: [UInt8]) -> [String: String] {
        guard let folders = Folders(data) else { return [:] }
        var texts: [String: String] = [:]
        // ComfyUI writes `prompt:{…}` and `workflow:{…}` into the tags from Model downwards.
        for tag in stride(from: Tag.model, through: Tag.model - 16, by: -1) {
            guard let value = folders.first[tag], value.type == 2 || value.type == 1 || value.type == 7,
                let (key, json) = keyed(value.text), texts[key] == nil
            else { continue }
            texts[key] = json
        }
        if let text = folders.first[Tag.description]?.text, !text.isEmpty, keyed(text) == nil {
            texts["description"] = text
        }
        if let comment = folders.exif[Tag.userComment].flatMap({ userComment($0.data, folders.bigEndian) }) {
            texts[ImageMetadata.parametersKey] = comment
        }
        if let note = folders.exif[Tag.makerNote]?.data {
            texts.merge(Self.texts(inNote: note)) { first, _ in first }
        }
        return texts
    }

    /// A text that is a key, a colon and JSON.
    private static func keyed(_ text: String) -> (key: String, json: String)? {
        guard let colon = text.firstIndex(of: ":") else { return nil }
        let (key, json) = (text[..<colon], text[text.index(after: colon)...].drop { $0 == " " })
        guard (1...40).contains(key.count), json.first == "{" || json.first == "[",
            key.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") })
        else { return nil }
        return (String(key), String(json))
    }

    /// Eight bytes name the alphabet of a user comment, then the text follows.
    static func userComment(_ data: [UInt8], _ bigEndian: Bool) -> String? {
        guard data.count > 8 else { return nil }
        let text = data.dropFirst(8)
        let isWide = data.starts(with: Array("UNICODE".utf8)) && !isPlainlyUTF8(text)
        guard isWide else {
            let words = String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
                .trimmingCharacters(in: .whitespaces)
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
        let words = String(decoding: units.prefix { $0 != 0 }, as: UTF16.self)
        return words.isEmpty ? nil : words
    }

    /// Some programs say UNICODE and write UTF-8: then no byte but closing ones is zero, as in a text of 16-bit units
    /// those of spaces, line breaks and digits would be.
    private static func isPlainlyUTF8(_ text: ArraySlice<UInt8>) -> Bool {
        let last = text.lastIndex { $0 != 0 }.map { $0 + 1 } ?? text.startIndex
        let words = text[text.startIndex..<last]
        return !words.isEmpty && !words.contains(0) && String(validating: words, as: UTF8.self) != nil
    }
}
