/// How an image is coded, and what of a photo's record goes along.
public struct WritingOptions: Sendable, Hashable {
    /// 1 (small) to 100 (fine), for JPEG and WebP.
    ///
    /// Where nil, a JPEG takes the quality of the JPEG that the photo was, but 90 at least, below which colours are
    /// stored at half the size; everything else takes 95.
    public var quality: Int?
    /// Whether a WebP is coded without loss; where nil, it is if the photo was a lossless WebP.
    public var isLossless: Bool?
    /// Whether the place where the photo was taken is kept.
    public var keepsLocation: Bool

    /// Options that all have good values when left out.
    public init(quality: Int? = nil, isLossless: Bool? = nil, keepsLocation: Bool = false) {
        self.quality = quality
        self.isLossless = isLossless
        self.keepsLocation = keepsLocation
    }

    /// The quality where none is asked for.
    public static let usualQuality = 95
    /// The least quality that a photo's own brings about.
    public static let leastOwnQuality = 90

    /// Refuses what means nothing for a kind of file.
    /// - Throws: `ImagingError.unfitOption`.
    public func check(writing format: ImageFormat, path: String = "picture") throws {
        let name = format.name
        func unfit(_ reason: String) -> ImagingError { .unfitOption(path: path, reason: reason) }
        if let quality {
            guard (1...100).contains(quality) else {
                throw unfit("the quality is \(quality); it must lie in 1...100")
            }
            guard format == .jpeg || format == .webp else {
                throw unfit("a \(name) keeps every pixel and has no quality; only JPEG and WebP have one")
            }
            if isLossless == true { throw unfit("a lossless picture has no quality; ask for one of the two") }
        }
        if isLossless == true, format != .webp {
            throw unfit(
                format == .jpeg
                    ? "a JPEG always loses something; write a .png, a .tif or a lossless .webp"
                    : "a \(name) is lossless in any case; only WebP can be one or the other")
        }
    }

    /// The quality that counts for a kind of file.
    func effectiveQuality(for format: ImageFormat, record: PhotoRecord?) -> Int {
        if let quality { return quality }
        guard format == .jpeg, let own = record?.jpegQuality else { return Self.usualQuality }
        return max(own, Self.leastOwnQuality)
    }

    /// Whether pixels come back from this kind of file as they were written.
    func isExact(for format: ImageFormat, record: PhotoRecord?) -> Bool {
        switch format {
        case .jpeg: false
        case .webp: isLossless ?? (record.map { $0.isWebPLossless } ?? false)
        default: true
        }
    }

    /// How coarsely a file is coded, for people; nil where its pixels come back as they were written.
    public func loss(writing format: ImageFormat, record: PhotoRecord? = nil) -> String? {
        if isExact(for: format, record: record) { return nil }
        let name = format == .jpeg ? "JPEG" : "lossy WebP"
        return "\(name) of quality \(effectiveQuality(for: format, record: record))"
    }
}
