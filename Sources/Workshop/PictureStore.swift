package import Foundation
package import Imaging
import Support
import Synchronization
package import Vault

/// Reads and writes pictures of the vault, a few at a time and never on the threads that tasks share.
package final class PictureStore: Sendable {
    /// The rows and files.
    package let vault: Vault
    /// The most pixels that a picture may have.
    package let pixelLimit: Int
    private let decoding = WorkPool(threads: 2, waiting: 8)
    /// What paints must not be refused because people look at pictures.
    private let painting = WorkPool(threads: 1)
    private let views = Mutex<[String: Task<String, any Error>]>([:])

    /// A store over a vault.
    package init(_ vault: Vault, pixelLimit: Int = 60_000_000) {
        self.vault = vault
        self.pixelLimit = pixelLimit
    }

    /// The sides that a view may have, as their names in addresses; nil is the picture's own.
    package static let sides: [String: Int?] = [
        "256": 256, "512": 512, "1024": 1024, "2048": 2048, "full": nil,
    ]

    /// Takes in an upload that has come whole: looks at what it is, and keeps it.
    /// - Returns: the picture, and whether it was unknown before.
    /// - Throws: `ImagingError` for what is no picture, or one with too many pixels.
    package func keep(_ file: Incoming, label: String?) async throws -> (PictureRow, isNew: Bool) {
        let limit = pixelLimit
        let row = try await decoding.run {
            let id = try file.seal()
            if file.size == 0 { throw ImagingError.emptyFile(path: "the picture") }
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path)))
            return try PictureRow(reading: bytes, id: id, label: label, pixelLimit: limit)
        }
        return try await vault.keep(file, as: row)
    }

    /// A picture, decoded.
    /// - Throws: `VaultError.unknown`, `gone`; `ImagingError`.
    package func photo(_ id: String) async throws -> Photo {
        let row = try await vault.presentPicture(id)
        let (path, limit) = (vault.path(of: row), pixelLimit)
        return try await painting.run { try Self.photo(at: path, of: id, pixelLimit: limit) }
    }

    private static func photo(at path: String, of id: String, pixelLimit: Int) throws -> Photo {
        try Photo(
            bytes: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))), name: "picture \(id.prefix(8))",
            pixelLimit: pixelLimit)
    }

    /// A mask, read as the command line reads one; `notify` gets what another reading was possible for.
    package func mask(_ id: String) async throws -> (mask: Mask, notices: [MaskNotice]) {
        let row = try await vault.presentPicture(id)
        let (path, limit) = (vault.path(of: row), pixelLimit)
        return try await painting.run {
            var notices: [MaskNotice] = []
            let mask = try Mask(contentsOf: path, pixelLimit: limit) { notices.append($0) }
            return (mask, notices)
        }
    }

    /// Does work on pixels.
    package func work<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await painting.run(body)
    }

    /// Codes an image as a lossless PNG without texts and gives it its place; the row is the caller's.
    ///
    /// Without texts, so that the same pixels are the same picture.
    package func place(_ image: Image, as origin: PictureRow.Origin) async throws -> PictureRow {
        let vault = vault
        let (file, row) = try await painting.run {
            let bytes = try image.encoded(as: .png)
            let file = try vault.incoming()
            try bytes.withUnsafeBytes { try file.append($0) }
            var row = PictureRow(
                id: try file.seal(), bytes: bytes.count, width: image.width, height: image.height,
                format: ImageFormat.png.rawValue, origin: origin)
            row.hasProfile = image.profile != nil
            return (file, row)
        }
        try await vault.place(file, as: row)
        return row
    }

    /// An upright sRGB view of a picture, made once and kept.
    /// - Parameter side: its longest side at most; the picture's own where nil.
    /// - Returns: where the file lies.
    package func view(of picture: PictureRow, side: Int?, format: ImageFormat) async throws -> String {
        let name = "\(picture.id)-\(side.map(String.init) ?? "full").\(format.rawValue)"
        let target = "\(vault.folder)/cache/views/\(name)"
        let task = views.withLock { views in
            if let task = views[name] { return task }
            let (source, limit, id, decoding) = (vault.path(of: picture), pixelLimit, picture.id, decoding)
            let task = Task {
                if access(target, R_OK) == 0 { return target }
                return try await decoding.run {
                    let image = try Self.photo(at: source, of: id, pixelLimit: limit).image.fitted(
                        within: side)
                    let options = WritingOptions(quality: format == .png ? nil : 90)
                    try WholeFile.write(try image.encoded(as: format, options: options), to: target)
                    return target
                }
            }
            views[name] = task
            return task
        }
        defer { _ = views.withLock { $0.removeValue(forKey: name) } }
        return try await task.value
    }

    /// Deletes the views that were not made anew for longest until the rest take at most so many bytes.
    package func trimViews(to limit: Int = 512 << 20) async {
        let folder = vault.folder + "/cache/views"
        try? await painting.run {
            let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            var files = names.compactMap { name -> (path: String, bytes: Int, used: Int)? in
                var facts = stat()
                guard stat("\(folder)/\(name)", &facts) == 0 else { return nil }
                return ("\(folder)/\(name)", Int(facts.st_size), facts.st_atim.tv_sec)
            }
            files.sort { $0.used > $1.used }
            var sum = 0
            for file in files {
                sum += file.bytes
                if sum > limit { unlink(file.path) }
            }
        }
    }
}

extension PictureRow {
    /// The most bytes of a text in a picture that is looked at.
    private static let mostText = 256 << 10

    /// What an upload is.
    init(reading bytes: [UInt8], id: String, label: String?, pixelLimit: Int) throws {
        let format = ImageFormat(sniffing: bytes)
        guard let format, format != .ppm else {
            throw ImagingError.notAnImage(
                path: "the picture", resembling: format?.name ?? ImageFormat.resemblance(of: bytes))
        }
        let photo = try Photo(bytes: bytes, name: "the picture", pixelLimit: pixelLimit)
        let texts = ImageMetadata(bytes: bytes, format: format).entries.filter {
            [ImageMetadata.ownKey, ImageMetadata.parametersKey].contains($0.key)
                && $0.value.utf8.count <= Self.mostText
        }
        var notices = photo.notices.map { Naming.fields.text(of: $0) }
        if photo.record.hasLocation {
            notices.append("the photo tells where it was taken; what is downloaded does not")
        }
        self.init(
            id: id, bytes: bytes.count, width: photo.image.width, height: photo.image.height,
            format: format.rawValue, orientation: photo.record.orientation,
            hasProfile: photo.original.profile != nil, label: label, notices: notices, texts: texts,
            origin: .upload)
    }
}

extension Naming {
    /// What a notice says.
    func text(of notice: ImageNotice) -> String { notice.message.text(self) }
}

extension Image {
    /// The image within a square of a side, never enlarged.
    func fitted(within side: Int?) -> Image {
        let long = max(width, height)
        guard let side, long > side else { return self }
        func scaled(_ length: Int) -> Int { max((2 * length * side + long) / (2 * long), 1) }
        return resized(width: scaled(width), height: scaled(height))
    }
}
