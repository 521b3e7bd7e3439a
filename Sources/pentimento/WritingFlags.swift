import ArgumentParser
import Imaging
import Logging
import Support

/// How the image is coded, and what of the photo's own data goes along.
struct WritingFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How finely a JPEG or WebP is coded, 1 to 100; by default a JPEG photo's own, 90 at least, else 95.",
            valueName: "number"))
    var quality: Int?

    @Flag(help: "Code a WebP without loss, as a lossless WebP photo is by default.")
    var lossless = false

    @Flag(help: "Keep where the photo was taken (GPS, place names), which is left out otherwise.")
    var keepLocation = false

    var options: WritingOptions {
        WritingOptions(quality: quality, isLossless: lossless ? true : nil, keepsLocation: keepLocation)
    }

    func validate() throws {
        if let quality, !(1...100).contains(quality) {
            throw ValidationError("--quality is \(quality); it must lie in 1...100")
        }
        if quality != nil, lossless {
            throw ValidationError("--lossless has no --quality; leave one of them out")
        }
    }

    /// Refuses a file whose kind has no such choice.
    func check(_ path: String) throws {
        if let format = ImageFormat(writing: path) { try options.check(writing: format, path: path) }
    }

    /// Says what the kind of file cannot hold of the photo, before anything is computed.
    func warn(of photo: Photo, prompts: [String?], writing path: String, _ log: Logger) {
        guard let format = ImageFormat(writing: path) else { return }
        for notice in photo.record.notices(writing: format, options: options) {
            log.warning("\(path): \(notice.message.text(.flags))")
        }
        let length = prompts.reduce(0) { $0 + ($1?.utf16.count ?? 0) }
        if format == .jpeg, length > ImageMetadata.longestParameters {
            log.warning(
                """
                \(path): a JPEG's user comment takes 64 KB, and the prompts have \(length) characters: the comment is \
                shortened, while Pentimento's own account stays whole
                """)
        }
    }

    /// Says that pixels which an edit left alone are coded anew, where that is so.
    func warnOfLoss(_ photo: Photo, writing path: String, _ log: Logger) {
        guard let format = ImageFormat(writing: path),
            let loss = options.loss(writing: format, record: photo.record)
        else { return }
        log.warning(
            """
            \(path) is a \(loss): pixels outside the mask are re-encoded too, nearly but not exactly unchanged; \
            a .png, a .tif or a .webp with --lossless keeps them
            """)
    }
}
