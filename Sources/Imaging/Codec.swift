import CVips
import Foundation

/// The picture library libvips, opened at its first use.
enum Codec {
    /// 8-bit samples as the library decoded them.
    struct Samples {
        let width: Int
        let height: Int
        /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
        let bands: Int
        let values: [UInt8]
        let profile: [UInt8]?
        let header: cvips_header
        /// Whether the library moved the colours to sRGB already (CMYK, grey with a profile).
        let converted: Bool
    }

    /// Opens the library; free after the first time.
    ///
    /// `name` overrides where it is looked for.
    static func start(name: String? = nil) throws {
        try withMessage { message in
            switch cvips_start(name ?? ProcessInfo.processInfo.environment["PENTIMENTO_VIPS"], message) {
            case 0: return
            case 2: throw ImagingError.codecMissing(reason: "it has no function \(text(message))")
            default: throw ImagingError.codecMissing(reason: text(message))
            }
        }
    }

    /// Decodes a file held in memory, after its header passed the pixel limit.
    static func decode(
        _ bytes: [UInt8], path: String, format: PictureFormat, pixelLimit: Int
    ) throws -> Samples {
        try start()
        return try bytes.withUnsafeBytes { raw in
            try withMessage { message in
                var header = cvips_header()
                guard let image = cvips_open(raw.baseAddress, raw.count, &header, message) else {
                    let reason = text(message)
                    // The one failure of opening that is the library's: it does not know the kind at all.
                    if reason.contains("not in a known format") {
                        throw ImagingError.formatNotSupported(
                            path: path, format: format.rawValue.uppercased())
                    }
                    throw ImagingError.damaged(path: path, reason: reason)
                }
                defer { cvips_close(image) }
                let width = Int(header.width)
                let height = Int(header.height)
                try checkSize(width: width, height: height, path: path, limit: pixelLimit)
                var profile: [UInt8]?
                if header.profile_length > 0 {
                    var data = [UInt8](repeating: 0, count: header.profile_length)
                    if cvips_profile(image, &data, data.count) == 0 { profile = data }
                }
                var length = 0
                var bands: Int32 = 0
                var converted: Int32 = 0
                guard let pixels = cvips_decode(image, &length, &bands, &converted, message) else {
                    throw ImagingError.damaged(path: path, reason: text(message))
                }
                defer { cvips_free(pixels) }
                guard (1...4).contains(bands), length == width * height * Int(bands) else {
                    throw ImagingError.damaged(path: path, reason: "\(bands) bands in \(length) bytes")
                }
                return Samples(
                    width: width, height: height, bands: Int(bands),
                    values: Array(UnsafeBufferPointer(start: pixels, count: length)),
                    profile: profile, header: header, converted: converted != 0)
            }
        }
    }

    /// Refuses a size before anything is decoded.
    static func checkSize(width: Int, height: Int, path: String, limit: Int) throws {
        guard width > 0, height > 0 else {
            throw ImagingError.damaged(path: path, reason: "its size is \(width)x\(height)")
        }
        let (count, overflow) = width.multipliedReportingOverflow(by: height)
        if overflow || count > limit {
            throw ImagingError.tooManyPixels(path: path, width: width, height: height, limit: limit)
        }
    }

    /// Encodes a picture as PNG, JPEG or WebP, with its profile and no other metadata.
    static func encode(
        _ picture: Picture, as format: PictureFormat, quality: Int, path: String
    ) throws -> [UInt8] {
        let kind: cvips_kind
        switch format {
        case .png: kind = CVIPS_PNG
        case .jpeg: kind = CVIPS_JPEG
        case .webp: kind = CVIPS_WEBP
        default: throw ImagingError.unknownExtension(path: path)
        }
        try start()
        let profile = picture.profile ?? []
        return try withMessage { message in
            var length = 0
            guard
                let bytes = cvips_encode(
                    kind, picture.pixels, Int32(picture.width), Int32(picture.height), profile, profile.count,
                    Int32(min(max(quality, 1), 100)), &length, message)
            else { throw ImagingError.cannotEncode(path: path, reason: text(message)) }
            defer { cvips_free(bytes) }
            return Array(UnsafeBufferPointer(start: bytes, count: length))
        }
    }

    /// Moves RGB pixels between ICC profiles (nil is sRGB), relative colorimetric.
    static func transform(_ picture: Picture, to profile: [UInt8]?) throws -> Picture {
        if picture.profile == profile { return picture }
        try start()
        let from = picture.profile ?? []
        let target = profile ?? []
        return try withMessage { message in
            guard
                let bytes = cvips_transform(
                    picture.pixels, Int32(picture.width), Int32(picture.height), from, from.count, target,
                    target.count, message)
            else { throw ImagingError.badProfile(reason: text(message)) }
            defer { cvips_free(bytes) }
            let pixels = Array(UnsafeBufferPointer(start: bytes, count: picture.pixels.count))
            return Picture(width: picture.width, height: picture.height, pixels: pixels, profile: profile)
        }
    }

    private static func withMessage<Result>(
        _ body: (UnsafeMutablePointer<CChar>) throws -> Result
    ) throws -> Result {
        try withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CVIPS_MESSAGE)) { room in
            room.initialize(repeating: 0)
            guard let message = room.baseAddress else { throw ImagingError.codecMissing(reason: "no memory") }
            return try body(message)
        }
    }

    private static func text(_ message: UnsafeMutablePointer<CChar>) -> String { String(cString: message) }
}
