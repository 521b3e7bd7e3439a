/// The kinds of picture file, told by their first bytes or by the ending of a name.
public enum PictureFormat: String, Sendable, CaseIterable {
    /// Portable Network Graphics.
    case png
    /// JPEG.
    case jpeg
    /// WebP.
    case webp
    /// GIF, read only.
    case gif
    /// AVIF, read only.
    case avif
    /// HEIC and other HEIF, read only.
    case heic
    /// TIFF, read only.
    case tiff
    /// Portable pixmap (binary P5 or P6), the kind that needs no picture library.
    case ppm

    static let readableNames = "PNG, JPEG, WebP, GIF, AVIF, HEIC, TIFF, PPM"

    /// How many bytes `init(sniffing:)` looks at.
    static let sniffedBytes = 64

    /// The kind of file whose first bytes these are, or nil.
    public init?(sniffing bytes: some Collection<UInt8>) {
        let head = Array(bytes.prefix(Self.sniffedBytes))
        func has(_ text: String, at offset: Int = 0) -> Bool {
            head.dropFirst(offset).starts(with: Array(text.utf8))
        }
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if head.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if has("RIFF"), has("WEBP", at: 8) {
            self = .webp
        } else if has("GIF87a") || has("GIF89a") {
            self = .gif
        } else if has("II*\0") || has("MM\0*") {
            self = .tiff
        } else if has("ftyp", at: 4) {
            // ISO media: the brands follow, four letters each, the minor version between the first two.
            let brands = stride(from: 8, to: head.count - 3, by: 4).map { Array(head[$0..<($0 + 4)]) }
            func any(_ names: [String]) -> Bool { names.contains { brands.contains(Array($0.utf8)) } }
            if any(["avif", "avis"]) {
                self = .avif
            } else if any(["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"]) {
                self = .heic
            } else {
                return nil
            }
        } else if head.count > 2, has("P5") || has("P6"), [9, 10, 13, 32, 35].contains(head[2]) {
            self = .ppm
        } else {
            return nil
        }
    }

    /// The kind that a file name asks for when writing: by its ending, PNG where it has none; nil for others.
    public init?(writing path: String) {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else {
            self = .png
            return
        }
        switch name[name.index(after: dot)...].lowercased() {
        case "png": self = .png
        case "jpg", "jpeg", "jpe": self = .jpeg
        case "webp": self = .webp
        case "ppm": self = .ppm
        default: return nil
        }
    }

    /// What bytes that are no picture look like, where that helps: a web page, a git-lfs pointer, a video.
    static func resemblance(of bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(sniffedBytes), as: UTF8.self)
        let start = head.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
        if start.hasPrefix("version https://git-lfs") { return "a git-lfs pointer: run 'git lfs pull'" }
        if start.hasPrefix("<svg") { return "an SVG drawing" }
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "a web page" }
        if start.hasPrefix("%pdf") { return "a PDF" }
        if start.hasPrefix("pk\u{3}\u{4}") { return "a ZIP archive" }
        if bytes.count > 8, bytes[4..<8].elementsEqual(Array("ftyp".utf8)) { return "a video" }
        return nil
    }
}
