import CVips

/// What a photo's file says beside its pixels: print size, camera, author, rights, place, colours.
///
/// Give it to `Image.write(to:metadata:record:options:)` to keep it in an edit. What is true of the old pixels only is
/// never kept: thumbnails, maps of high dynamic range, the orientation (images are upright here), and how an earlier
/// image was generated. A camera's own notes (EXIF MakerNote) are dropped too: they hold previews and serial numbers,
/// and places within the old file that moving them would break.
public struct PhotoRecord: Sendable, Hashable {
    /// How large the photo is printed, if its file says so.
    public internal(set) var resolution: PrintResolution?
    /// The quality (1 to 100) that the tables of a JPEG come nearest to.
    public internal(set) var jpegQuality: Int?
    /// Whether the file is a WebP whose pixels were coded without loss.
    public internal(set) var isWebPLossless = false
    /// How the file's pixels are turned to stand upright (EXIF's orientation, 1 to 8).
    public internal(set) var orientation = 1
    /// Whether the photo is transparent somewhere.
    public internal(set) var isTransparent = false

    /// EXIF without what is never kept.
    var exif = EXIF.Folders()
    var xmp: XMPPacket?
    var iptc: IPTC?
    /// What PNG's own keys and JPEG's comment say, by the keys of PNG.
    var texts: [String: String] = [:]
    /// The chunks that name a PNG's colours, and the profile of the pixels that they are true of.
    var colourChunks: [String: [UInt8]] = [:]
    var profile: [UInt8]?
    /// The stored width and height are exchanged.
    var isTurned = false
    /// A gain map made the image one of high dynamic range.
    var hasGainMap = false

    /// A record that says nothing.
    public init() {}

    /// Whether the file says where the photo was taken.
    public var hasLocation: Bool {
        !exif.location.isEmpty || xmp?.hasLocation == true || iptc?.hasLocation == true
    }

    /// Whether there is anything that only a file with metadata can hold.
    var hasBelongings: Bool {
        !exif.isEmpty || xmp != nil || iptc != nil || !texts.isEmpty || resolution != nil
    }

    /// Tags of the first folder that belong to the photo and not to the layout of a file.
    private static let firstTags: Set<Int> = [
        EXIF.Tag.description, EXIF.Tag.make, EXIF.Tag.model, EXIF.Tag.xResolution, EXIF.Tag.yResolution,
        EXIF.Tag.resolutionUnit, 0x0131 /* Software */, 0x0132 /* DateTime */, EXIF.Tag.artist,
        0x013C /* HostComputer */, 0x4746 /* Rating */, 0x4749, EXIF.Tag.copyright,
        // Windows' title, comment, author, keywords and subject.
        0x9C9B, 0x9C9C, 0x9C9D, 0x9C9E, 0x9C9F,
    ]

    /// The keys of PNG texts that say what and whose an image is (PNG specification, section 11.3.3.1).
    private static let textKeys: Set<String> = [
        "Title", "Author", "Description", "Copyright", "Creation Time", "Disclaimer", "Warning", "Source",
        "Comment",
    ]

    /// Collects everything from a file's bytes.
    init(bytes: [UInt8], format: ImageFormat, samples: Codec.Samples) {
        switch format {
        case .jpeg: readJPEG(bytes)
        case .png: readPNG(bytes)
        case .webp:
            keep(WebPChunks.data(of: "EXIF", in: bytes).flatMap(EXIF.Folders.init))
            xmp = WebPChunks.data(of: "XMP ", in: bytes).flatMap(XMPPacket.init)
            isWebPLossless = WebPChunks.isLossless(bytes)
        case .tiff:
            // The file is itself what an EXIF block is.
            let folders = EXIF.Folders(bytes)
            keep(folders)
            xmp = folders?.first[700].flatMap { XMPPacket($0.data) }
            iptc = folders?.first[33723].flatMap { IPTC($0.data) }
        default:
            keep(samples.exif.flatMap(EXIF.Folders.init))
            xmp = samples.xmp.flatMap(XMPPacket.init)
        }
        if resolution == nil { resolution = PrintResolution(exif.first) }
        hasGainMap = xmp?.hasGainMap == true
        let stored = Orientation(rawValue: Int(samples.header.orientation)) ?? .upright
        (orientation, isTurned) = (stored.rawValue, stored.swapsSides)
        if isTurned { resolution = resolution?.turned }
    }

    private mutating func readJPEG(_ bytes: [UInt8]) {
        jpegQuality = JPEGFacts.quality(of: bytes)
        var header: PrintResolution?
        for (marker, place) in JPEGSegments.segments(of: bytes) {
            let data = bytes[place]
            switch marker {
            case 0xE0: header = header ?? JPEGSegments.resolution(data)
            case 0xE1 where data.starts(with: JPEGSegments.exifMark) && exif.isEmpty:
                keep(EXIF.Folders(Array(data)))
            case 0xE1 where data.starts(with: JPEGSegments.xmpMark):
                xmp = xmp ?? XMPPacket(Array(data.dropFirst(JPEGSegments.xmpMark.count)))
            case 0xED: iptc = iptc ?? IPTC(segment: data)
            case 0xFE:
                let comment = JPEGSegments.comment(data)
                if !Self.tellsOfGenerating(comment), !comment.isEmpty { texts["Comment"] = comment }
            default: break
            }
        }
        // Programs write a JFIF header of 72 without a thought, and cameras an EXIF of 72.
        resolution = header
        if let own = PrintResolution(exif.first), header == nil || PrintResolution.perInch(own.across) != 72 {
            resolution = own
        }
    }

    private mutating func readPNG(_ bytes: [UInt8]) {
        let chunks = PNGChunks.chunks(of: bytes)
        for (type, place) in chunks {
            if type == "pHYs" { resolution = PrintResolution(physical: bytes[place]) }
            if type == "eXIf", exif.isEmpty { keep(EXIF.Folders(Array(bytes[place]))) }
        }
        let all = PNGChunks.keyedTexts(in: bytes)
        xmp = all[PNGChunks.xmpKey].flatMap { XMPPacket(Array($0.utf8)) }
        texts = all.filter { Self.textKeys.contains($0.key) && !Self.tellsOfGenerating($0.value) }
        colourChunks = PNGColours(chunks: chunks, of: bytes).chunks
    }

    /// Keeps what is true of an edit too.
    private mutating func keep(_ folders: EXIF.Folders?) {
        guard var folders else { return }
        folders.first = folders.first.filter { tag, value in
            guard Self.firstTags.contains(tag) else { return false }
            return ![EXIF.Tag.make, EXIF.Tag.model, EXIF.Tag.description].contains(tag)
                || !Self.tellsOfGenerating(value.text)
        }
        for tag in [EXIF.Tag.makerNote, EXIF.Tag.interoperability] { folders.exif[tag] = nil }
        if let comment = folders.exif.removeValue(forKey: EXIF.Tag.userComment),
            let words = EXIF.userComment(comment.data, folders.bigEndian), !Self.tellsOfGenerating(words)
        {
            // In the byte order in which it will be written.
            EXIF.put(ImageMetadata(entries: [ImageMetadata.parametersKey: words]), into: &folders.exif)
        }
        exif = folders
    }

    /// Whether a text is the account of a program that generated the image, and so not of an edit of it.
    private static func tellsOfGenerating(_ text: String) -> Bool {
        let json = text.firstIndex(of: ":").map { text[text.index(after: $0)...].drop { $0 == " " }.first }
        return text.contains("Steps: ") || text.hasPrefix("{") || text.hasPrefix("[{")
            || json == "{" || json == "["
    }
}
