/// The texts that a picture file carries beside its pixels: prompts, settings, comments.
///
/// Programs that generate pictures leave their settings under these keys: `parameters` (the webui's format),
/// `prompt` and `workflow`, `invokeai_metadata`, and Pentimento's own `pentimento` (JSON).
public struct PictureMetadata: Sendable, Hashable {
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

    /// Reads the texts of a PNG, JPEG or WebP file without decoding its pixels; other kinds have none.
    ///
    /// PNG: tEXt, iTXt and zTXt chunks and the EXIF chunk. JPEG and WebP: EXIF user comment (as
    /// `parameters`), description (as `description`) and Pentimento's note; JPEG comments (as `comment`).
    /// - Throws: `ImagingError` where the file is missing or no picture. Broken metadata is passed over.
    public init(contentsOf path: String) throws {
        let (bytes, format) = try Files.readPicture(path)
        self.init(bytes: bytes, format: format)
    }

    init(bytes: [UInt8], format: PictureFormat) {
        switch format {
        case .png: entries = PNGChunks.texts(in: bytes)
        case .jpeg: entries = JPEGSegments.texts(in: bytes)
        case .webp: entries = WebPChunks.texts(in: bytes)
        default: entries = [:]
        }
    }

    /// The entries with `parameters` first and the rest by name, so that the same texts give the same bytes.
    var ordered: [(key: String, text: String)] {
        entries.sorted {
            ($0.key == Self.parametersKey ? 0 : 1, $0.key) < ($1.key == Self.parametersKey ? 0 : 1, $1.key)
        }.map { ($0.key, $0.value) }
    }

    /// An encoded picture with these texts put in.
    func inserted(into bytes: [UInt8], format: PictureFormat, path: String) throws -> [UInt8] {
        switch format {
        case .png: try PNGChunks.inserting(self, into: bytes, path: path)
        case .jpeg: try JPEGSegments.inserting(self, into: bytes, path: path)
        case .webp: WebPChunks.inserting(self, into: bytes)
        default: bytes
        }
    }
}
