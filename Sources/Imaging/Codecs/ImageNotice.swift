public import Support

/// Something about a file that its reader should know, though the image could be read, or can be written.
public enum ImageNotice: Sendable, Hashable, CustomStringConvertible {
    /// The file holds several frames or pages and the first was taken.
    case firstFrameOnly(frames: Int)
    /// More than 8 bits a sample were cut to 8.
    case reducedToEightBits
    /// The colours (of print, or of grey with a profile) were moved to sRGB, and that is how they are saved.
    case convertedToSRGB
    /// The embedded colour profile does not fit the image and was passed over.
    case profileIgnored
    /// A JPEG lacks its end marker; all pixels are there.
    case endMissing
    /// A map that made the image one of high dynamic range is true of the old pixels only.
    case gainMapLeftOut
    /// The place where the photo was taken is not written.
    case locationLeftOut
    /// The kind of file cannot be transparent; the image is laid over white.
    case laidOverWhite(ImageFormat)
    /// The kind of file holds no profile; colours are moved to sRGB.
    case profileLeftOut(ImageFormat)
    /// The kind of file holds pixels alone: no metadata, no print size.
    case metadataLeftOut(ImageFormat)
    /// The photo's XMP is longer than a JPEG segment.
    case packetLeftOut(bytes: Int)

    /// One line for the user.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .firstFrameOnly(let frames): "the file holds \(frames) frames; the first is used"
        case .reducedToEightBits: "more than 8 bits a sample; reduced to 8"
        case .convertedToSRGB: "the colours were converted to sRGB"
        case .profileIgnored: "the embedded colour profile does not fit the picture and is ignored"
        case .endMissing: "the JPEG lacks its end marker; every pixel is there and is used"
        case .gainMapLeftOut:
            "the photo's HDR gain map is left out, because it belongs to the old pixels; its standard picture is edited"
        case .locationLeftOut:
            "where the photo was taken (GPS, place names) is left out; "
                + "\(.setting("keep-location"), plain: "a setting for what is written") keeps it"
        case .laidOverWhite(let format):
            "a \(format.name) cannot be transparent, so the photo is laid over white; write a .png, .webp or .tif to keep it"
        case .profileLeftOut(let format):
            "a \(format.name) holds no colour profile, so the colours are converted to sRGB; write a .png or .tif to keep them"
        case .metadataLeftOut(let format):
            "a \(format.name) holds pixels alone: camera data, print size and the account of the edit are left out"
        case .packetLeftOut(let bytes):
            "the photo's XMP has \(bytes) bytes, a JPEG takes \(JPEGSegments.longest - JPEGSegments.xmpMark.count),"
                + " so it is left out; write a .png, .webp or .tif to keep it"
        }
    }
}

extension PhotoRecord {
    /// What a kind of file cannot hold of the photo, and what is left out on purpose.
    public func notices(writing format: ImageFormat, options: WritingOptions = WritingOptions())
        -> [ImageNotice]
    {
        var notices: [ImageNotice] = []
        if isTransparent, !format.holdsTransparency { notices.append(.laidOverWhite(format)) }
        if format == .ppm {
            if profile != nil { notices.append(.profileLeftOut(format)) }
            if hasBelongings { notices.append(.metadataLeftOut(format)) }
            return notices
        }
        if hasLocation, !options.keepsLocation { notices.append(.locationLeftOut) }
        if format == .jpeg, let xmp = xmp?.cleaned(keepingLocation: options.keepsLocation),
            xmp.text.utf8.count > JPEGSegments.longest - JPEGSegments.xmpMark.count
        {
            notices.append(.packetLeftOut(bytes: xmp.text.utf8.count))
        }
        return notices
    }
}
