import Diffusion
import Foundation
public import Imaging

/// Held-out photos with what is known of them, and recolourings whose true results are known, as `Scripts/flowers`
/// writes them.
///
/// `photos-held-out.jsonl` describes a photo a line, `colour-edits.jsonl` an edit a line; files are named as they lie in
/// the folder. Lists are read at once, images when they are asked for.
public struct PhotoSet: Sendable, Hashable {
    /// A photo and what is known of it.
    public struct Photo: Sendable, Hashable, Decodable {
        /// How near the things are that it shows.
        public enum Scale: String, Sendable, Decodable {
            /// One of them fills much of the image.
            case close
            /// A few can be told apart.
            case mid
            /// They are many.
            case many
        }

        /// Its file in the folder.
        public var file: String
        /// What it shows, such as `rose`.
        public var kind: String
        /// Its colour.
        public var colour: String
        /// How near it is.
        public var scale: Scale

        /// What it shows, in the words of the captions that models of such photos were trained on.
        public var caption: String { PhotoCaption(kind: kind, colour: colour, isOne: scale == .close).text }
    }

    /// A recolouring of a photo, with its true result.
    public struct ColourEdit: Sendable, Hashable, Decodable {
        /// The photo's file in the folder.
        public var file: String
        /// The file of the mask of what changes its colour.
        public var mask: String
        /// The file of the true result, of the photo's size.
        public var truth: String
        /// What the photo shows.
        public var kind: String
        /// The prompt of the photo.
        public var source: String
        /// The prompt of the edit.
        public var prompt: String
        /// The colour that it asks for.
        public var colour: String
    }

    /// Which photos: those that are measured, or those that are set aside to choose settings on.
    public enum Part: String, Sendable, Hashable, Codable, CaseIterable {
        /// Seven of eight photos.
        case measured
        /// Every eighth photo of the list, from the first on.
        case tuning

        /// Whether a photo is of this part, by its place in the list.
        func holds(_ place: Int) -> Bool { (place % 8 == 0) == (self == .tuning) }
    }

    /// The folder.
    public let folder: String
    /// What the lists hold, as a short hash.
    public let fingerprint: String
    /// The photos, in the order of their list.
    public let photos: [Photo]
    /// The recolourings, in the order of their list.
    public let colourEdits: [ColourEdit]
    /// The photos' places in their list, by file.
    private let places: [String: Int]

    /// The list of photos.
    static let photoList = "photos-held-out.jsonl"
    /// The list of recolourings.
    static let editList = "colour-edits.jsonl"

    /// Reads the lists of a folder.
    /// - Throws: `PhotoSetError`.
    public init(folder: String) throws(PhotoSetError) {
        self.folder = folder
        guard FileManager.default.fileExists(atPath: folder) else { throw .missing(folder) }
        var digest = Digest()
        let photos: [Photo] = try Self.lines(of: "\(folder)/\(Self.photoList)", into: &digest)
        var places: [String: Int] = [:]
        for (index, photo) in photos.enumerated() {
            guard places.updateValue(index, forKey: photo.file) == nil else {
                throw .badLine(
                    path: "\(folder)/\(Self.photoList)", line: index + 1,
                    reason: "names \(photo.file), as a line before does")
            }
        }
        let edits: [ColourEdit] = try Self.lines(of: "\(folder)/\(Self.editList)", into: &digest)
        for (index, edit) in edits.enumerated() where places[edit.file] == nil {
            throw .badLine(
                path: "\(folder)/\(Self.editList)", line: index + 1,
                reason: "names \(edit.file), which \(Self.photoList) does not")
        }
        (self.photos, self.places, colourEdits) = (photos, places, edits)
        fingerprint = digest.hexadecimal(bytes: 5)
    }

    /// The photos of a part.
    public func photos(of part: Part) -> [Photo] {
        photos.enumerated().filter { part.holds($0.offset) }.map(\.element)
    }

    /// The recolourings of a part's photos.
    public func colourEdits(of part: Part) -> [ColourEdit] {
        colourEdits.filter { edit in places[edit.file].map(part.holds) ?? false }
    }

    /// The kinds in the colours that so many photos have at least, in the order of their names.
    func subjects(atLeast least: Int) -> [PhotoCaption] {
        let counts = photos.reduce(into: [:]) { $0["\($1.kind) \($1.colour)", default: [Photo]()].append($1) }
        return counts.sorted { $0.key < $1.key }.filter { $0.value.count >= least }
            .compactMap(\.value.first).map { PhotoCaption(kind: $0.kind, colour: $0.colour, isOne: true) }
    }

    /// An image of the folder.
    /// - Throws: `ImagingError`.
    public func image(_ file: String) throws -> Image {
        let image = try Image(contentsOf: "\(folder)/\(file)")
        // All of them are compared in sRGB.
        return Image(width: image.width, height: image.height, pixels: image.pixels)
    }

    /// The true result of a recolouring and the pixels that change their colour: those that the mask mostly holds.
    /// - Throws: `PhotoSetError.badImage`, `ImagingError`, `MaskError`.
    public func truth(of edit: ColourEdit, for photo: Image) throws -> (image: Image, changed: Mask) {
        let truth = try image(edit.truth)
        guard truth.width == photo.width, truth.height == photo.height else {
            throw PhotoSetError.badImage(
                path: "\(folder)/\(edit.truth)",
                reason:
                    "has \(truth.width)×\(truth.height) pixels and its photo \(photo.width)×\(photo.height)")
        }
        let mask = try Mask(contentsOf: "\(folder)/\(edit.mask)")
        return (
            truth,
            Mask(width: mask.width, height: mask.height, values: mask.values.map { $0 >= 0.5 ? 1 : 0 })
        )
    }

    /// The lines of a list, each as JSON says it; lines without anything in them are none.
    private static func lines<Line: Decodable>(
        of path: String, into digest: inout Digest
    ) throws(PhotoSetError) -> [Line] {
        guard let data = FileManager.default.contents(atPath: path) else { throw .missing(path) }
        digest.add(data)
        var found: [Line] = []
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .enumerated() where !line.isEmpty
        {
            do {
                found.append(try JSONDecoder().decode(Line.self, from: Data(line)))
            } catch {
                throw .badLine(path: path, line: index + 1, reason: reason(error))
            }
        }
        return found
    }

    /// What is wrong with a line.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "has no \"\(key.stringValue)\""
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
            DecodingError.dataCorrupted(let context):
            context.codingPath.last.map { "has a \"\($0.stringValue)\" that cannot be used" }
                ?? "is no JSON object"
        default: "cannot be read"
        }
    }
}

/// The folder and what its lists held; reading it again refuses lists that are others now.
extension PhotoSet: Codable {
    private enum CodingKeys: String, CodingKey {
        case folder, fingerprint
    }

    /// Reads the folder again.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(folder: values.decode(String.self, forKey: .folder))
        guard try values.decode(String.self, forKey: .fingerprint) == fingerprint else {
            throw PhotoSetError.changed(folder)
        }
    }

    /// The folder and the lists' hash.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(folder, forKey: .folder)
        try values.encode(fingerprint, forKey: .fingerprint)
    }
}
