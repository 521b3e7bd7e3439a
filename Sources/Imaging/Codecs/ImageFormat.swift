/// The kinds of image file, told by their first bytes or by the ending of a name.
public enum ImageFormat: String, Sendable, CaseIterable {
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
    /// TIFF.
    case tiff
    /// Portable pixmap (binary P5 or P6), the kind that needs no image library.
    case ppm

    static let readableNames = "PNG, JPEG, WebP, GIF, AVIF, HEIC, TIFF, PPM"

    /// How many bytes `init(sniffing:)` looks at.
    static let sniffedBytes = 512

    /// The name that people use.
    public var name: String {
        switch self {
        case .webp: "WebP"
        default: rawValue.uppercased()
        }
    }

    /// Whether an image of this kind can be transparent.
    public var holdsTransparency: Bool { self == .png || self == .webp || self == .tiff }

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
        } else if has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+") {
            // The second pair is BigTIFF, for files above 4 GiB.
            self = .tiff
        } else if has("ftyp", at: 4) {
            // ISO media: the brands follow, four letters each, the minor version between the first two.
            let end = min(head.prefix(4).reduce(0) { $0 << 8 | Int($1) }, head.count)
            let brands = stride(from: 8, to: end - 3, by: 4).map { Array(head[$0..<($0 + 4)]) }
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
        case "tif", "tiff": self = .tiff
        case "ppm": self = .ppm
        default: return nil
        }
    }

    /// What bytes that are no image of ours look like, where that helps, and a way out where there is one.
    package static func resemblance(of bytes: [UInt8]) -> String? {
        let known: [([UInt8], String)] = [
            (Array("8BPS".utf8), "a Photoshop file; export it as PNG"),
            ([0xFF, 0x0A], "a JPEG XL; convert it to PNG (djxl picture.jxl picture.png)"),
            (
                [0, 0, 0, 12] + Array("JXL ".utf8),
                "a JPEG XL; convert it to PNG (djxl picture.jxl picture.png)"
            ),
            ([0, 0, 0, 12] + Array("jP  ".utf8), "a JPEG 2000; convert it to PNG"),
            ([0x76, 0x2F, 0x31, 0x01], "an OpenEXR picture; convert it to an sRGB PNG"),
            (Array("#?RADIANCE".utf8), "a Radiance HDR picture; convert it to an sRGB PNG"),
            ([0, 0, 1, 0], "an icon; convert it to PNG"),
        ]
        if let (_, words) = known.first(where: { bytes.starts(with: $0.0) }) { return words }
        // The four bytes behind the size are always zero.
        if bytes.starts(with: Array("BM".utf8)), bytes.count >= 14, bytes[6..<10].allSatisfy({ $0 == 0 }) {
            return "a BMP bitmap; convert it to PNG (magick picture.bmp picture.png)"
        }
        if bytes.count > 2, bytes[0] == UInt8(ascii: "P"),
            (0x31...0x34).contains(bytes[1]) || bytes[1] == 0x37,
            [9, 10, 13, 32].contains(bytes[2])
        {
            return "a portable map of another kind; convert it to PNG"
        }
        let head = String(decoding: bytes.prefix(sniffedBytes), as: UTF8.self)
        let start = head.drop { $0.isWhitespace || $0 == "\u{FEFF}" }.lowercased()
        if start.hasPrefix("version https://git-lfs") { return "a git-lfs pointer: run 'git lfs pull'" }
        if start.hasPrefix("<svg") || start.hasPrefix("<!doctype svg") { return svg }
        if start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return "a web page" }
        if start.hasPrefix("<?xml") || start.hasPrefix("<!--") {
            // Declarations and comments may stand before what the document is.
            if start.contains("<svg") || start.contains("<!doctype svg") { return svg }
            return start.contains("<html") ? "a web page" : "an XML document"
        }
        if start.hasPrefix("%pdf") { return "a PDF" }
        if start.hasPrefix("pk\u{3}\u{4}") { return "a ZIP archive" }
        if bytes.count > 8, bytes[4..<8].elementsEqual(Array("ftyp".utf8)) { return "a video" }
        return nil
    }

    private static let svg = "an SVG drawing; export it as PNG"
}
