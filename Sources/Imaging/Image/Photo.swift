import CVips

/// An image read from a file: as sRGB to work on, and in its own colours to paste into and save.
///
/// Both are upright, 8-bit RGB. They differ where the file's colours are not sRGB (by an ICC profile, or by numbers,
/// for which a profile is made): then a pixel that is not edited keeps the bytes of the file's own encoding. And they
/// differ where the photo is transparent: that is laid over white to work on, and kept in the original.
public struct Photo: Sendable, Hashable {
    /// The image in sRGB.
    public let image: Image
    /// The same image in the file's own colour profile, transparent where the file is.
    public let original: Image
    /// What the file says beside its pixels.
    public let record: PhotoRecord
    /// What happened on the way.
    public let notices: [ImageNotice]
    /// Whether the original's profile is another than sRGB.
    private let hasOwnColours: Bool

    /// Reads an image file.
    ///
    /// PNG, JPEG, WebP, GIF, TIFF, AVIF and HEIC through libvips; binary PPM without it. `-` is standard input.
    /// - Throws: `ImagingError`; a header with more than `pixelLimit` pixels is refused before decoding.
    public init(contentsOf path: String, pixelLimit: Int = Image.defaultPixelLimit) throws {
        let (bytes, format) = try Files.readImage(path)
        try self.init(bytes: bytes, format: format, name: Files.name(path), pixelLimit: pixelLimit)
    }

    /// Decodes an image file held in memory; `name` is used in errors.
    /// - Throws: `ImagingError`, as reading a file does.
    public init(
        bytes: [UInt8], name: String = "picture", pixelLimit: Int = Image.defaultPixelLimit
    ) throws {
        guard !bytes.isEmpty else { throw ImagingError.emptyFile(path: name) }
        guard let format = ImageFormat(sniffing: bytes) else {
            throw ImagingError.notAnImage(path: name, resembling: ImageFormat.resemblance(of: bytes))
        }
        try self.init(bytes: bytes, format: format, name: name, pixelLimit: pixelLimit)
    }

    private init(bytes: [UInt8], format: ImageFormat, name: String, pixelLimit: Int) throws {
        if format == .ppm {
            image = try PortablePixmap.decode(bytes, path: name, pixelLimit: pixelLimit)
            original = image
            record = PhotoRecord()
            notices = []
            hasOwnColours = false
            return
        }
        var notices: [ImageNotice] = []
        let ending = format == .jpeg ? JPEGFacts.ending(of: bytes) : .whole
        if ending == .lacksScans {
            throw ImagingError.damaged(path: name, reason: "its last scans are missing")
        }
        let samples = try Codec.decode(
            ending == .whole ? bytes : JPEGFacts.ended(bytes), path: name, format: format,
            pixelLimit: pixelLimit)
        if ending == .lacksEndMarker {
            // Every pixel is there if none depends on what stands in the place of what might be missing.
            for filler in JPEGFacts.fillers {
                let other = try? Codec.decode(
                    JPEGFacts.ended(bytes, after: filler), path: name, format: format, pixelLimit: pixelLimit)
                guard other?.values == samples.values else {
                    throw ImagingError.damaged(path: name, reason: "its coded data end too early")
                }
            }
            notices.append(.endMissing)
        }
        var record = PhotoRecord(bytes: bytes, format: format, samples: samples)
        let frames = format == .png ? PNGChunks.frames(in: bytes) : Int(samples.header.pages)
        if frames > 1 { notices.append(.firstFrameOnly(frames: frames)) }
        if samples.header.deep != 0 { notices.append(.reducedToEightBits) }
        if samples.converted { notices.append(.convertedToSRGB) }
        if record.hasGainMap { notices.append(.gainMapLeftOut) }
        let orientation = Orientation(rawValue: Int(samples.header.orientation)) ?? .upright
        var own = Image(samples: samples).turned(orientation)
        record.isTransparent = own.alpha != nil
        own.profile = try Self.profile(of: samples, bytes: bytes, format: format, record: record, path: name)
        var kind = ProfileKind.likeSRGB
        if let profile = own.profile { kind = try Self.kind(of: profile) }
        switch kind {
        case .unusable:
            own.profile = nil
            image = own.laidOverWhite()
            notices.append(.profileIgnored)
        case .likeSRGB:
            // Converting would move colours by rounding alone.
            var plain = own
            plain.profile = nil
            image = plain.laidOverWhite()
        case .other: image = try Codec.transform(own, to: nil).laidOverWhite()
        }
        hasOwnColours = kind == .other
        original = own
        record.profile = own.profile
        if samples.converted { record.colourChunks = [:] }
        self.record = record
        self.notices = notices
    }

    /// The profile of a file's samples: the one that counts of those that it names, or none for sRGB.
    private static func profile(
        of samples: Codec.Samples, bytes: [UInt8], format: ImageFormat, record: PhotoRecord, path: String
    ) throws -> [UInt8]? {
        if samples.converted { return nil }
        let embedded = samples.bands >= 3 ? samples.profile : nil
        let meaning: ColourCoding.Meaning
        switch format {
        case .png:
            meaning = PNGColours(chunks: PNGChunks.chunks(of: bytes), of: bytes)
                .meaning(hasProfile: embedded != nil)
        case _ where embedded != nil: meaning = .unspecified
        case .avif, .heic: meaning = MediaBoxes.colourCoding(in: bytes)?.meaning ?? .unspecified
        case .jpeg where record.exif.interoperability == "R03":
            meaning = RGBColours.adobe.profile.map { .profile($0) } ?? .unspecified
        default: meaning = .unspecified
        }
        switch meaning {
        case .unspecified: return embedded
        case .sRGB: return nil
        case .profile(let profile): return profile
        case .unsuitable(let reason): throw ImagingError.unsuitable(path: path, reason: reason)
        }
    }

    /// The photo with a layer (sRGB) laid over it, in the photo's own size and profile, transparent where the photo is.
    ///
    /// A pixel that takes nothing of the layer keeps the bytes of the photo.
    /// - Parameter plain: what the layer makes of `image`, if that is known already.
    public func pasting(_ layer: PasteLayer, plain: Image? = nil) throws -> Image {
        if original.alpha != nil { return try pastingTransparently(layer, plain: plain) }
        guard hasOwnColours, let profile = original.profile else {
            var result = plain ?? layer.pasted(into: image)
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

    /// Likewise, as the photo looks over white.
    private func pastingTransparently(_ layer: PasteLayer, plain: Image?) throws -> Image {
        var result = try suited(plain ?? layer.pasted(into: image))
        guard let coverage = layer.coverage else { return result }
        for pixel in coverage.values.indices where coverage.values[pixel] == 0 {
            for index in (pixel * 3)..<(pixel * 3 + 3) { result.pixels[index] = original.pixels[index] }
        }
        // The photo is opaque behind a hole's edge: a filling that faded there would leave a seam.
        let reached = Mask(
            width: coverage.width, height: coverage.height, values: coverage.values.map { $0 > 0 ? 1 : 0 })
        return result.fillingHole(
            in: original, with: try suited(layer.whole(over: image)), where: reached)
    }

    /// An edit of the photo (sRGB, any size) in the photo's own colours, transparent where the photo is.
    ///
    /// Where the photo is transparent at all, the edit is brought to its size.
    public func suited(_ edit: Image) throws -> Image {
        var suited = edit
        if let alpha = original.alpha {
            suited = edit.resized(width: original.width, height: original.height).liftedFromWhite(
                alpha: alpha)
        }
        if hasOwnColours, let profile = original.profile { return try Codec.transform(suited, to: profile) }
        suited.profile = original.profile
        return suited
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
        let probe = Image(width: colours.count / 3, height: 1, pixels: colours, profile: profile)
        guard let seen = try? Codec.transform(probe, to: nil) else { return .unusable }
        let apart = zip(seen.pixels, colours).map { abs(Int($0) - Int($1)) }.max() ?? 0
        return apart <= 2 ? .likeSRGB : .other
    }
}

extension Image {
    /// Grey or RGB samples, with or without alpha; alpha that is full everywhere is none.
    fileprivate init(samples: Codec.Samples) {
        let (values, bands) = (samples.values, samples.bands)
        let count = samples.width * samples.height
        var pixels = values
        var alpha: [UInt8]?
        if bands != 3 {
            pixels = [UInt8](unsafeUninitializedCapacity: count * 3) { room, filled in
                for pixel in 0..<count {
                    for channel in 0..<3 {
                        room[pixel * 3 + channel] = values[pixel * bands + (bands < 3 ? 0 : channel)]
                    }
                }
                filled = count * 3
            }
        }
        if bands == 2 || bands == 4 {
            let found = (0..<count).map { values[$0 * bands + bands - 1] }
            if found.contains(where: { $0 != 255 }) { alpha = found }
        }
        self.init(width: samples.width, height: samples.height, pixels: pixels, alpha: alpha)
    }
}

extension Image {
    /// The most pixels a file may promise unless the caller allows more: 90 million, about Pillow's limit.
    public static let defaultPixelLimit = 90_000_000

    /// Reads an image file as upright sRGB; `notify` gets what the user should know about it.
    /// - Throws: `ImagingError`; see `Photo`, which also keeps the file's own colour profile.
    public init(
        contentsOf path: String, pixelLimit: Int = Image.defaultPixelLimit,
        notify: (ImageNotice) -> Void = { _ in }
    ) throws {
        let photo = try Photo(contentsOf: path, pixelLimit: pixelLimit)
        photo.notices.forEach(notify)
        self = photo.image
    }
}
