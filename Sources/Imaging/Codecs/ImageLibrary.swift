import CVips

/// What is known of the image library that this process opened.
package enum ImageLibrary {
    /// Opens libvips if nobody did before, and answers its version.
    /// - Throws: `ImagingError.codecMissing`.
    package static func version() throws -> String {
        try Codec.start()
        let version = cvips_version()
        return "\(version / 10000).\(version / 100 % 100).\(version % 100)"
    }

    /// The kinds of file that it reads, by the names of their loaders; none before `version()`.
    package static var readable: [String] {
        kinds(["png", "jpeg", "webp", "gif", "tiff", "heif"], "load_buffer")
    }

    /// The kinds of file that it writes.
    package static var writable: [String] { kinds(["png", "jpeg", "webp"], "save_buffer") }

    private static func kinds(_ names: [String], _ ending: String) -> [String] {
        names.filter { cvips_has($0 + ending) != 0 }
    }
}
