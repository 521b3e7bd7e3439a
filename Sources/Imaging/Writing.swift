extension Picture {
    /// Writes the picture to a file, whole or not at all; the ending says the kind (.png, .jpg, .webp, .ppm).
    ///
    /// A name without an ending becomes PNG. `metadata` goes into PNG as international text chunks, into JPEG
    /// and WebP as EXIF (`parameters` as the user comment), and is dropped for PPM. `quality` (1...100) is
    /// for JPEG and WebP, where 100 is lossless. The picture's profile, if any, is embedded (PPM cannot).
    /// `-` is standard output. Where a file is there and `replacing` is off, `ImagingError.taken` says so.
    /// - Throws: `ImagingError`.
    public func write(
        to path: String, metadata: [String: String] = [:], quality: Int = 95, replacing: Bool = true
    ) throws {
        guard let format = PictureFormat(writing: path) else {
            throw ImagingError.unknownExtension(path: path)
        }
        let bytes = try encoded(as: format, metadata: metadata, quality: quality, name: path)
        try Files.write(bytes, to: path, replacing: replacing)
    }

    /// The bytes of a PNG, JPEG, WebP or PPM file.
    ///
    /// `name` is used in errors; the rest is as in `write(to:metadata:quality:)`.
    /// - Throws: `ImagingError`.
    public func encoded(
        as format: PictureFormat, metadata: [String: String] = [:], quality: Int = 95,
        name: String = "picture"
    ) throws -> [UInt8] {
        if format == .ppm { return PortablePixmap.encode(self) }
        let bare = try Codec.encode(self, as: format, quality: quality, path: name)
        if metadata.isEmpty { return bare }
        return try PictureMetadata(entries: metadata).inserted(into: bare, format: format, path: name)
    }
}
