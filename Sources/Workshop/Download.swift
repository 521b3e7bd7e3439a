import Editing
package import Imaging
import Service
import Support
package import Vault

/// How a result is written into a file that leaves the service.
package struct Download: Sendable {
    /// What is written beside the pixels.
    package enum Texts: String, Sendable {
        /// The photo's camera data and author, and how the picture was made.
        case full
        /// How the picture was made.
        case settings
        /// Nothing.
        case none
    }

    /// The kind of file.
    package var format: ImageFormat
    /// 1 (small) to 100 (fine), where the kind has a quality.
    package var quality: Int?
    /// What is written beside the pixels.
    package var texts: Texts

    /// A way to write.
    package init(format: ImageFormat, quality: Int? = nil, texts: Texts = .full) {
        self.format = format
        self.quality = quality
        self.texts = texts
    }
}

extension PictureStore {
    /// The bytes of a file of a result.
    ///
    /// Where the photo was taken is never among them.
    package func file(of result: ResultRow, as download: Download) async throws -> [UInt8] {
        let picture = try await photo(result.picture)
        var photo: Photo?
        if download.texts == .full, let id = result.photo { photo = try? await self.photo(id) }
        let (stored, record) = (try result.stored, photo?.record)
        let quality = download.format == .png ? nil : download.quality
        return try await work {
            try picture.original.encoded(
                as: download.format,
                metadata: download.texts == .none ? [:] : try stored.metadata(of: picture.image),
                record: record,
                options: WritingOptions(quality: quality), name: "the result")
        }
    }
}

extension StoredAccount {
    /// The texts for a file.
    fileprivate func metadata(of image: Image) throws -> [String: String] {
        if let sampling { return try sampling.metadata() }
        guard let edit else { return [:] }
        return try EditReport(
            edit, photo: photo ?? "photo", output: stem, image: image, threads: threads,
            by: Producer(naming: .plain)
        ).metadata()
    }
}
