import CVips

/// Something about a file that its reader should know, though the picture could be read.
public enum PictureNotice: Sendable, Hashable, CustomStringConvertible {
    /// The file holds several frames or pages and the first was taken.
    case firstFrameOnly(frames: Int)
    /// More than 8 bits a sample were cut to 8.
    case reducedToEightBits
    /// The colours (of print, or of grey with a profile) were moved to sRGB, and that is how they are saved.
    case convertedToSRGB
    /// The embedded colour profile does not fit the picture and was passed over.
    case profileIgnored

    /// One line for the user.
    public var description: String {
        switch self {
        case .firstFrameOnly(let frames): "the file holds \(frames) frames; the first is used"
        case .reducedToEightBits: "more than 8 bits a sample; reduced to 8"
        case .convertedToSRGB: "the colours were converted to sRGB"
        case .profileIgnored: "the embedded colour profile does not fit the picture and is ignored"
        }
    }
}

/// A picture read from a file: as sRGB to work on, and in its own colours to paste into and save.
///
/// Both are upright, 8-bit RGB, with transparency laid over white. They differ only where the file embeds an
/// ICC profile that is not sRGB; then a pixel that is not edited keeps the bytes of the file's own encoding.
public struct Photo: Sendable, Hashable {
    /// The picture in sRGB.
    public let picture: Picture
    /// The same picture in the file's own colour profile.
    public let original: Picture
    /// What happened on the way.
    public let notices: [PictureNotice]

    /// Reads a picture file.
    ///
    /// PNG, JPEG, WebP, GIF, TIFF, AVIF and HEIC through libvips; binary PPM without it.
    /// - Throws: `ImagingError`; a header with more than `pixelLimit` pixels is refused before decoding.
    public init(contentsOf path: String, pixelLimit: Int = Picture.defaultPixelLimit) throws {
        let (bytes, format) = try Files.readPicture(path)
        try self.init(bytes: bytes, format: format, name: path, pixelLimit: pixelLimit)
    }

    /// Decodes a picture file held in memory; `name` is used in errors.
    /// - Throws: `ImagingError`, as reading a file does.
    public init(
        bytes: [UInt8], name: String = "picture", pixelLimit: Int = Picture.defaultPixelLimit
    ) throws {
        guard !bytes.isEmpty else { throw ImagingError.emptyFile(path: name) }
        guard let format = PictureFormat(sniffing: bytes) else {
            throw ImagingError.notAPicture(path: name, resembling: PictureFormat.resemblance(of: bytes))
        }
        try self.init(bytes: bytes, format: format, name: name, pixelLimit: pixelLimit)
    }

    private init(bytes: [UInt8], format: PictureFormat, name: String, pixelLimit: Int) throws {
        if format == .ppm {
            picture = try PortablePixmap.decode(bytes, path: name, pixelLimit: pixelLimit)
            original = picture
            notices = []
            return
        }
        let samples = try Codec.decode(bytes, path: name, format: format, pixelLimit: pixelLimit)
        var notices: [PictureNotice] = []
        if samples.header.pages > 1 { notices.append(.firstFrameOnly(frames: Int(samples.header.pages))) }
        if samples.header.deep != 0 { notices.append(.reducedToEightBits) }
        if samples.converted { notices.append(.convertedToSRGB) }
        let orientation = Orientation(rawValue: Int(samples.header.orientation)) ?? .upright
        let plain = Picture(
            width: samples.width, height: samples.height,
            pixels: Self.overWhite(samples.values, bands: samples.bands)
        ).turned(orientation)
        guard !samples.converted, samples.bands >= 3, let profile = samples.profile else {
            picture = plain
            original = plain
            self.notices = notices
            return
        }
        var own = plain
        own.profile = profile
        switch try Self.kind(of: profile) {
        case .unusable:
            picture = plain
            original = plain
            notices.append(.profileIgnored)
        case .likeSRGB:
            // Converting would move colours by rounding alone.
            picture = plain
            original = own
        case .other:
            picture = try Codec.transform(own, to: nil)
            original = own
        }
        self.notices = notices
    }

    /// The photo with a layer (sRGB) laid over it, in the photo's own size and profile.
    ///
    /// - Parameter plain: what the layer makes of `picture`, if that is known already.
    public func pasting(_ layer: PasteLayer, plain: Picture? = nil) throws -> Picture {
        guard original.pixels != picture.pixels, let profile = original.profile else {
            var result = plain ?? layer.pasted(into: picture)
            result.profile = original.profile
            return result
        }
        var suited = layer
        suited.edit = try Codec.transform(layer.edit, to: profile)
        if case .difference(let base, let guide, let radius) = layer.content {
            suited.content = .difference(
                base: try Codec.transform(base, to: profile), guide: try Codec.transform(guide, to: profile),
                radius: radius)
        }
        return suited.pasted(into: original)
    }

    private enum ProfileKind { case likeSRGB, other, unusable }

    /// Sends a few colours through a profile to see whether it is sRGB but for rounding.
    private static func kind(of profile: [UInt8]) throws -> ProfileKind {
        // Bytes 16 to 19 of an ICC profile name its colour space.
        guard profile.count >= 128, profile[16..<20].elementsEqual(Array("RGB ".utf8)) else {
            return .unusable
        }
        var colours: [UInt8] = []
        let levels: [UInt8] = [0, 48, 112, 176, 255]
        for red in levels { for green in levels { for blue in levels { colours += [red, green, blue] } } }
        for grey in stride(from: UInt8(4), through: 252, by: 8) { colours += [grey, grey, grey] }
        let probe = Picture(width: colours.count / 3, height: 1, pixels: colours, profile: profile)
        guard let seen = try? Codec.transform(probe, to: nil) else { return .unusable }
        let apart = zip(seen.pixels, colours).map { abs(Int($0) - Int($1)) }.max() ?? 0
        return apart <= 2 ? .likeSRGB : .other
    }

    /// Grey or RGB samples, with or without alpha, as RGB over a white ground.
    private static func overWhite(_ values: [UInt8], bands: Int) -> [UInt8] {
        if bands == 3 { return values }
        let count = values.count / bands
        let alphaBand = bands == 2 ? 1 : bands == 4 ? 3 : -1
        return [UInt8](unsafeUninitializedCapacity: count * 3) { room, filled in
            values.withUnsafeBufferPointer { samples in
                for pixel in 0..<count {
                    let alpha = alphaBand < 0 ? 255 : Int(samples[pixel * bands + alphaBand])
                    for channel in 0..<3 {
                        let value = Int(samples[pixel * bands + (bands < 3 ? 0 : channel)])
                        room[pixel * 3 + channel] = UInt8((value * alpha + 255 * (255 - alpha) + 127) / 255)
                    }
                }
            }
            filled = count * 3
        }
    }
}

extension Picture {
    /// The most pixels a file may promise unless the caller allows more: 90 million, about Pillow's limit.
    public static let defaultPixelLimit = 90_000_000

    /// Reads a picture file as upright sRGB; `notify` gets what the user should know about it.
    /// - Throws: `ImagingError`; see `Photo`, which also keeps the file's own colour profile.
    public init(
        contentsOf path: String, pixelLimit: Int = Picture.defaultPixelLimit,
        notify: (PictureNotice) -> Void = { _ in }
    ) throws {
        let photo = try Photo(contentsOf: path, pixelLimit: pixelLimit)
        photo.notices.forEach(notify)
        self = photo.picture
    }
}
