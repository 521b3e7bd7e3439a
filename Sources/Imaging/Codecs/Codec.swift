import CVips
import Foundation

/// The image library libvips, opened at its first use.
enum Codec {
    /// 8-bit samples as the library decoded them.
    struct Samples {
        let width: Int
        let height: Int
        /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
        let bands: Int
        let values: [UInt8]
        let profile: [UInt8]?
        /// The EXIF and XMP blocks that the library found, as it hands them over.
        let exif: [UInt8]?
        let xmp: [UInt8]?
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
        _ bytes: [UInt8], path: String, format: ImageFormat, pixelLimit: Int
    ) throws -> Samples {
        try start()
        return try bytes.withUnsafeBytes { raw in
            try withMessage { message in
                var header = cvips_header()
                guard let image = cvips_open(raw.baseAddress, raw.count, &header, message)
                else {
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
                let profile = blob("icc-profile-data", of: image)
                let (exif, xmp) = (blob("exif-data", of: image), blob("xmp-data", of: image))
                var length = 0
                var bands: Int32 = 0
                var converted: Int32 = 0
                guard let pixels = cvips_decode(image, &length, &bands, &converted, message) else {
                    if bands < 0 { throw ImagingError.unsuitable(path: path, reason: text(message)) }
                    throw ImagingError.damaged(path: path, reason: text(message))
                }
                defer { cvips_free(pixels) }
                guard (1...4).contains(bands), length == width * height * Int(bands) else {
                    throw ImagingError.damaged(path: path, reason: "\(bands) bands in \(length) bytes")
                }
                return Samples(
                    width: width, height: height, bands: Int(bands),
                    values: Array(UnsafeBufferPointer(start: pixels, count: length)),
                    profile: profile, exif: exif, xmp: xmp, header: header, converted: converted != 0)
            }
        }
    }

    /// The EXIF and XMP blocks of a file held in memory, whose pixels are not decoded.
    static func blocks(of bytes: [UInt8]) throws -> (exif: [UInt8]?, xmp: [UInt8]?) {
        try start()
        return try bytes.withUnsafeBytes { raw in
            try withMessage { message in
                var header = cvips_header()
                guard let image = cvips_open(raw.baseAddress, raw.count, &header, message) else {
                    return (nil, nil)
                }
                defer { cvips_close(image) }
                return (blob("exif-data", of: image), blob("xmp-data", of: image))
            }
        }
    }

    private static func blob(_ field: String, of image: OpaquePointer) -> [UInt8]? {
        let size = cvips_blob(image, field, nil, 0)
        guard size > 0 else { return nil }
        var data = [UInt8](repeating: 0, count: size)
        return cvips_blob(image, field, &data, size) == size ? data : nil
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

    /// Encodes an image with its profile, its transparency where it has one, and no other metadata.
    static func encode(
        _ image: Image, as format: ImageFormat, quality: Int, lossless: Bool, path: String
    ) throws -> [UInt8] {
        let kind: cvips_kind
        switch format {
        case .png: kind = CVIPS_PNG
        case .jpeg: kind = CVIPS_JPEG
        case .webp: kind = CVIPS_WEBP
        case .tiff: kind = CVIPS_TIFF
        default: throw ImagingError.unknownExtension(path: path)
        }
        try start()
        let profile = image.profile ?? []
        let samples = image.samplesWithAlpha
        let bands = samples.count / (image.width * image.height)
        return try withMessage { message in
            var length = 0
            guard
                let bytes = cvips_encode(
                    kind, samples, Int32(image.width), Int32(image.height), Int32(bands), profile,
                    profile.count, Int32(quality), lossless ? 1 : 0, &length, message)
            else { throw ImagingError.cannotEncode(path: path, reason: text(message)) }
            defer { cvips_free(bytes) }
            return Array(UnsafeBufferPointer(start: bytes, count: length))
        }
    }

    /// Moves RGB pixels between ICC profiles (nil is sRGB), relative colorimetric.
    static func transform(_ image: Image, to profile: [UInt8]?) throws -> Image {
        if image.profile == profile { return image }
        try start()
        let from = image.profile ?? []
        let target = profile ?? []
        return try withMessage { message in
            guard
                let bytes = cvips_transform(
                    image.pixels, Int32(image.width), Int32(image.height), from, from.count, target,
                    target.count, message)
            else { throw ImagingError.badProfile(reason: text(message)) }
            defer { cvips_free(bytes) }
            let pixels = Array(UnsafeBufferPointer(start: bytes, count: image.pixels.count))
            return Image(
                width: image.width, height: image.height, pixels: pixels, profile: profile,
                alpha: image.alpha)
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
