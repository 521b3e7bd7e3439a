/// What is written into a file beside the pixels: our account of the edit, and what the photo's file said.
struct Belongings {
    private let metadata: ImageMetadata
    private let record: PhotoRecord
    private let profile: [UInt8]?
    /// The photo's EXIF, suited to the image, without our account.
    private var exif: EXIF.Folders
    private let xmp: XMPPacket?
    private let iptc: IPTC?

    init(of image: Image, metadata: ImageMetadata, record: PhotoRecord, keepsLocation: Bool) {
        self.metadata = metadata
        self.record = record
        profile = image.profile
        exif = record.exif
        if !keepsLocation { exif.location = [:] }
        if !exif.exif.isEmpty {
            exif.exif[EXIF.Tag.width] = .long(image.width)
            exif.exif[EXIF.Tag.height] = .long(image.height)
            if exif.exif[EXIF.Tag.colourSpace] != nil {
                exif.exif[EXIF.Tag.colourSpace] = .short(image.profile == nil ? 1 : 0xFFFF)
            }
        }
        if !exif.isEmpty { exif.first[EXIF.Tag.orientation] = .short(1) }
        if exif.first[EXIF.Tag.xResolution] != nil { record.resolution?.put(into: &exif.first) }
        xmp = record.xmp?.cleaned(keepingLocation: keepsLocation)
        iptc = record.iptc?.cleaned(keepingLocation: keepsLocation)
    }

    /// The image as the library wrote it, with everything that its kind of file can hold.
    func inserted(into bytes: [UInt8], format: ImageFormat, path: String) throws -> [UInt8] {
        switch format {
        case .png: return try insertedIntoPNG(bytes, path)
        case .jpeg: return insertedIntoJPEG(bytes)
        case .webp:
            var folders = withTexts()
            EXIF.put(metadata, into: &folders.exif)
            // Nothing else in a WebP says how large it is printed.
            record.resolution?.put(into: &folders.first)
            return WebPChunks.inserting(
                exif: folders.isEmpty ? nil : folders.block, xmp: packet.map { Array($0.text.utf8) },
                into: bytes)
        case .tiff: return insertedIntoTIFF(bytes)
        default: return bytes
        }
    }

    /// The XMP packet where IPTC has no place of its own.
    private var packet: XMPPacket? { iptc.map { XMPPacket.holding($0, beside: xmp) } ?? xmp }

    /// The photo's EXIF, with author, rights and title from a PNG's texts where EXIF does not have them.
    private func withTexts() -> EXIF.Folders {
        var folders = exif
        for (key, tag) in [
            ("Author", EXIF.Tag.artist), ("Copyright", EXIF.Tag.copyright),
            ("Description", EXIF.Tag.description), ("Title", EXIF.Tag.description),
        ] {
            if let text = record.texts[key], folders.first[tag] == nil { folders.first[tag] = .ascii(text) }
        }
        return folders
    }

    private func insertedIntoPNG(_ bytes: [UInt8], _ path: String) throws -> [UInt8] {
        var chunks: [(type: String, data: [UInt8])] = []
        if profile == record.profile {
            // An sRGB chunk and a profile exclude each other.
            chunks += record.colourChunks.sorted { $0.key < $1.key }
                .filter { $0.key != "sRGB" || profile == nil }.map { ($0.key, $0.value) }
        }
        if let resolution = record.resolution { chunks.append(("pHYs", resolution.physical)) }
        if !exif.isEmpty { chunks.append(("eXIf", exif.block)) }
        var texts = metadata.ordered
        texts += record.texts.filter { metadata[$0.key] == nil }.sorted { $0.key < $1.key }
            .map { ($0.key, $0.value) }
        if let packet { texts.append((PNGChunks.xmpKey, packet.text)) }
        return try PNGChunks.inserting(texts, chunks, into: bytes, path: path)
    }

    /// A segment holds 64 kilobytes, so an account that is longer is divided, and its short form shortened.
    private func insertedIntoJPEG(_ bytes: [UInt8]) -> [UInt8] {
        let room = JPEGSegments.longest - JPEGSegments.exifMark.count
        var folders = withTexts()
        while folders.block.count > room / 2,
            let largest = folders.exif.max(by: {
                ($0.value.data.count, $0.key) < ($1.value.data.count, $1.key)
            }),
            largest.value.data.count > 4096
        { folders.exif[largest.key] = nil }
        let account = metadata.shortened(
            toUnits: (room - folders.block.count - ImageMetadata.entrySize) / 2)
        var whole = folders
        EXIF.put(account, into: &whole.exif)
        var longNote: [UInt8]?
        if whole.block.count > room {
            whole = folders
            EXIF.put(account, into: &whole.exif, withNote: false)
            longNote = EXIF.note(account).map { Array($0.dropFirst(EXIF.noteMark.count)) }
        }
        let packet = xmp.map { Array($0.text.utf8) }
        return JPEGSegments.inserting(
            JPEGSegments.Belongings(
                exif: whole,
                xmp: packet.flatMap {
                    $0.count <= JPEGSegments.longest - JPEGSegments.xmpMark.count ? $0 : nil
                },
                iptc: iptc, comment: record.texts["Comment"], resolution: record.resolution,
                longNote: longNote.flatMap { $0.count <= JPEGSegments.longestNote ? $0 : nil }), into: bytes)
    }

    /// A new first folder at the end of the file, which holds the old one's entries too.
    private func insertedIntoTIFF(_ bytes: [UInt8]) -> [UInt8] {
        guard let reader = TIFFReader(bytes: bytes) else { return bytes }
        var folders = withTexts()
        EXIF.put(metadata, into: &folders.exif)
        var others = reader.first
        for tag in [EXIF.Tag.xResolution, EXIF.Tag.yResolution, EXIF.Tag.resolutionUnit] { others[tag] = nil }
        record.resolution?.put(into: &folders.first)
        if let xmp { others[700] = TIFFValue(type: 1, data: Array(xmp.text.utf8)) }
        if let iptc { others[33723] = .undefined(iptc.bytes) }
        let even = bytes + (bytes.count % 2 == 1 ? [0] : [])
        let place = TIFFValue.long(even.count).ordered(bigEndian: reader.bigEndian)
        return even[..<4] + place + even[8...]
            + folders.stored(at: even.count, bigEndian: reader.bigEndian, with: others)
    }
}

extension ImageMetadata {
    /// Bytes of a user comment's entry in its folder, its mark, and the folder itself where it is the first.
    fileprivate static let entrySize = 12 + 8 + 18

    /// The most 16-bit units of `parameters` that certainly fit into a JPEG beside a photo's own data.
    package static let longestParameters = 28_000

    /// With `parameters` cut at the end of its prompts, so that the settings in its last line stay.
    func shortened(toUnits limit: Int) -> ImageMetadata {
        guard let parameters = entries[Self.parametersKey], parameters.utf16.count > limit else {
            return self
        }
        let settings = parameters.lastIndex(of: "\n").map { String(parameters[$0...]) } ?? ""
        let tail = settings.utf16.count < limit / 2 ? "…" + settings : "…"
        var left = limit - tail.utf16.count
        let head = parameters.prefix { character in
            left -= character.utf16.count
            return left >= 0
        }
        var result = self
        result.entries[Self.parametersKey] = head + tail
        return result
    }
}
