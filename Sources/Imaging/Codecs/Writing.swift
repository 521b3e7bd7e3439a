extension Image {
    /// Writes the image to a file, whole or not at all; the ending says the kind (.png, .jpg, .webp, .tif, .ppm).
    ///
    /// A name without an ending becomes PNG. `metadata` goes into PNG as international text chunks, into the others as
    /// EXIF (`parameters` as the user comment), and is dropped for PPM. `record` is what the photo's file said beside
    /// its pixels; see `PhotoRecord.notices(writing:options:)` for what a kind cannot hold. The image's profile, if
    /// any, is embedded (for PPM the colours are moved to sRGB); its transparency is kept, except in JPEG and PPM,
    /// which show it over white. `-` is standard output. Where a file is there and `replacing` is off,
    /// `ImagingError.taken` says so.
    /// - Throws: `ImagingError`.
    public func write(
        to path: String, metadata: [String: String] = [:], record: PhotoRecord? = nil,
        options: WritingOptions = WritingOptions(), replacing: Bool = true
    ) throws {
        guard let format = ImageFormat(writing: path) else {
            throw ImagingError.unknownExtension(path: path)
        }
        let bytes = try encoded(as: format, metadata: metadata, record: record, options: options, name: path)
        try Files.write(bytes, to: path, replacing: replacing)
    }

    /// The bytes of a PNG, JPEG, WebP, TIFF or PPM file.
    ///
    /// `name` is used in errors; the rest is as in `write(to:metadata:record:options:)`.
    /// - Throws: `ImagingError`.
    public func encoded(
        as format: ImageFormat, metadata: [String: String] = [:], record: PhotoRecord? = nil,
        options: WritingOptions = WritingOptions(), name: String = "picture"
    ) throws -> [UInt8] {
        try options.check(writing: format, path: name)
        let suited = format.holdsTransparency ? self : laidOverWhite()
        if format == .ppm { return PortablePixmap.encode(try Codec.transform(suited, to: nil)) }
        let bare = try Codec.encode(
            suited, as: format, quality: options.effectiveQuality(for: format, record: record),
            lossless: options.isExact(for: format, record: record), path: name)
        let belongings = Belongings(
            of: self, metadata: ImageMetadata(entries: metadata), record: record ?? PhotoRecord(),
            keepsLocation: options.keepsLocation)
        return try belongings.inserted(into: bare, format: format, path: name)
    }
}
