/// The texts that an image file carries beside its pixels: prompts, settings, comments.
///
/// Programs that generate images leave their settings under these keys: `parameters` (the webui's format), `prompt` and
/// `workflow`, `invokeai_metadata`, and Pentimento's own `pentimento` (JSON).
public struct ImageMetadata: Sendable, Hashable {
    /// Text by key.
    public var entries: [String: String]

    /// The key of the settings in the format that most programs read; the EXIF user comment in JPEG and WebP.
    public static let parametersKey = "parameters"
    /// The key of Pentimento's own JSON.
    public static let ownKey = "pentimento"

    /// Metadata from texts by key.
    public init(entries: [String: String]) { self.entries = entries }

    /// The text under a key.
    public subscript(key: String) -> String? { entries[key] }

    /// Reads the texts of an image file without decoding its pixels; GIF and PPM have none.
    ///
    /// PNG: tEXt, iTXt and zTXt chunks. JPEG: comments (as `comment`). All: from EXIF the user comment (as
    /// `parameters`), the description (as `description`), ComfyUI's texts under their own keys and Pentimento's note;
    /// from XMP a user comment and what says which program made the image.
    /// - Throws: `ImagingError` where the file is missing or no image. Broken metadata is passed over.
    public init(contentsOf path: String) throws {
        let (bytes, format) = try Files.readImage(path)
        self.init(bytes: bytes, format: format)
    }

    /// Reads the texts of an image file that is held in memory.
    package init(bytes: [UInt8], format: ImageFormat) {
        switch format {
        case .png: entries = PNGChunks.texts(in: bytes)
        case .jpeg: entries = JPEGSegments.texts(in: bytes)
        case .webp: entries = WebPChunks.texts(in: bytes)
        case .tiff: entries = EXIF.texts(in: bytes)
        case .avif, .heic:
            // Where these keep it only the library knows.
            let blocks = try? Codec.blocks(of: bytes)
            let xmp = blocks?.xmp.flatMap { XMPPacket($0)?.texts } ?? [:]
            entries = (blocks?.exif.map { EXIF.texts(in: $0) } ?? [:]).merging(xmp) { first, _ in first }
        case .gif, .ppm: entries = [:]
        }
    }

    /// The entries with `parameters` first and the rest by name, so that the same texts give the same bytes.
    var ordered: [(key: String, text: String)] {
        entries.sorted {
            ($0.key == Self.parametersKey ? 0 : 1, $0.key) < ($1.key == Self.parametersKey ? 0 : 1, $1.key)
        }.map { ($0.key, $0.value) }
    }
}
