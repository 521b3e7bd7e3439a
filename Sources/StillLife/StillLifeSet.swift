import Foundation
public import Imaging
public import Support

/// A folder of still lifes with captions, facts, true edits and masks.
///
/// ```
/// manifest.json            world version, seed, count, size
/// items.jsonl              one item a line: scene, captions, facts, edit, prompts, file names
/// source/00000.png         the image before the edit
/// target/00000.png         the true image after it
/// masks/00000-object0.png  the visible pixels of each object of the source
/// masks/00000-before.png   what the edit touches, before; -after.png after; -effect.png where anything
/// changes
/// ```
public enum StillLifeSet {
    /// Raised whenever the same seed gives another image or caption.
    public static let worldVersion = 1

    /// One line of `items.jsonl`.
    public struct Item: Sendable, Codable, Hashable {
        /// Its number, as in the file names.
        public var id: String
        /// The seed the item follows from.
        public var seed: UInt64
        /// The family of its edit.
        public var kind: EditKind
        /// Whether the prompt leaves only one answer.
        public var isDetermined: Bool
        /// The scene before.
        public var scene: Scene
        /// What is true of its image.
        public var facts: SceneFacts
        /// Captions for training and of the family held out of it.
        public var captions: [String: [String]]
        /// What was changed.
        public var edit: Edit
        /// The scene after.
        public var targetScene: Scene
        /// What is true of the image after the edit.
        public var targetFacts: SceneFacts
        /// The prompt before.
        public var sourcePrompt: String
        /// The prompt after.
        public var targetPrompt: String
        /// The share of the image that the edit changes.
        public var effectArea: Float
        /// The item's files by role, relative to the folder.
        public var files: [String: String]
    }

    private struct Manifest: Codable {
        var worldVersion: Int
        var seed: UInt64
        var count: Int
        var size: Int
        var kinds: [EditKind]
    }

    /// Writes a set; the folder appears whole, by rename, or not at all.
    ///
    /// Kinds of edits take turns, so that every kind has its share whatever the count.
    /// - Parameters:
    ///   - seed: what everything follows from.
    ///   - count: how many items.
    ///   - size: pixels a side.
    ///   - path: the folder to make; it must not exist, or be empty.
    ///   - kinds: which families of edits.
    ///   - choices: what the scenes are made of.
    ///   - encode: writes an image to a path, as PNG.
    public static func write(
        seed: UInt64, count: Int, size: Int, to path: String, kinds: [EditKind] = EditKind.usual,
        from choices: SceneChoices = SceneChoices(), encode: (Image, String) throws -> Void
    ) throws {
        guard count > 0, size >= 8, !kinds.isEmpty else {
            throw StillLifeSetError.request(count: count, size: size, kinds: kinds.count)
        }
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            let inside = try? FileManager.default.contentsOfDirectory(atPath: path)
            guard isFolder.boolValue, inside?.isEmpty == true else { throw StillLifeSetError.occupied(path) }
        }
        do {
            try WholeFolder.write(to: path) { draft in
                try write(
                    seed: seed, count: count, size: size, into: draft, kinds: kinds, from: choices,
                    encode: encode)
            }
        } catch let failure as WriteFailure {
            throw StillLifeSetError.cannotWrite("\(failure)", isFault: failure.isFault)
        }
    }

    private static func write(
        seed: UInt64, count: Int, size: Int, into draft: String, kinds: [EditKind],
        from choices: SceneChoices, encode: (Image, String) throws -> Void
    ) throws {
        for part in ["source", "target", "masks"] { try WholeFolder.make("\(draft)/\(part)") }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var generator = SeededGenerator(seed: seed)
        var lines = Data()
        for index in 0..<count {
            let itemSeed = generator.next()
            let kind = kinds[index % kinds.count]
            let pair = try EditedPair.random(of: kind, seed: itemSeed, size: size, from: choices)
            let digits = String(index)
            let id = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            let (item, images) = describe(pair, id: id, seed: itemSeed)
            for (name, image) in images { try encode(image, "\(draft)/\(name)") }
            lines += try encoder.encode(item) + Data("\n".utf8)
        }
        try WholeFile.write(lines, to: "\(draft)/items.jsonl")
        let manifest = Manifest(
            worldVersion: worldVersion, seed: seed, count: count, size: size, kinds: kinds)
        try WholeFile.write(encoder.encode(manifest), to: "\(draft)/manifest.json")
    }

    private static func describe(
        _ pair: EditedPair, id: String, seed: UInt64
    ) -> (item: Item, images: [(name: String, image: Image)]) {
        let size = pair.sourceImage.width
        let before = pair.source.rendering(size: size), after = pair.target.rendering(size: size)
        var named: [(role: String, name: String, image: Image)] = [
            ("source", "source/\(id).png", pair.sourceImage),
            ("target", "target/\(id).png", pair.targetImage),
            ("before", "masks/\(id)-before.png", image(of: pair.objectBefore)),
            ("after", "masks/\(id)-after.png", image(of: pair.objectAfter)),
            ("effect", "masks/\(id)-effect.png", image(of: pair.effect)),
        ]
        for object in pair.source.objects.indices {
            let mask = image(of: before.mask(of: object))
            named.append(("object\(object)", "masks/\(id)-object\(object).png", mask))
        }
        let item = Item(
            id: id, seed: seed, kind: pair.edit.kind, isDetermined: pair.isDetermined, scene: pair.source,
            facts: pair.source.facts(in: before),
            captions: Dictionary(
                uniqueKeysWithValues: CaptionSplit.allCases.map {
                    ($0.rawValue, pair.source.captions(split: $0))
                }),
            edit: pair.edit, targetScene: pair.target, targetFacts: pair.target.facts(in: after),
            sourcePrompt: pair.sourcePrompt, targetPrompt: pair.targetPrompt, effectArea: pair.effect.area,
            files: Dictionary(uniqueKeysWithValues: named.map { ($0.role, $0.name) }))
        return (item, named.map { ($0.name, $0.image) })
    }

    /// A mask as a black and white image.
    static func image(of mask: Mask) -> Image {
        let bytes = mask.values.flatMap { value in
            let byte = UInt8(min(max(value, 0), 1) * 255 + 0.5)
            return [byte, byte, byte]
        }
        return Image(width: mask.width, height: mask.height, pixels: bytes)
    }
}

/// Why a set cannot be written.
public enum StillLifeSetError: UserError, Equatable {
    /// The folder holds something already.
    case occupied(String)
    /// There is nothing to write, or the images would be too small.
    case request(count: Int, size: Int, kinds: Int)
    /// The folder or a file in it cannot be written, as the text says; `isFault` where the machine and not the place is
    /// why.
    case cannotWrite(String, isFault: Bool)

    /// Where the cause lies: in the numbers asked for, in the folder, or in the machine.
    public var kind: UserErrorKind {
        switch self {
        case .request: .request
        case .cannotWrite(_, isFault: true): .environment
        case .occupied, .cannotWrite: .badInput
        }
    }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .occupied(let path): "\(path) exists and is not an empty folder; name a new folder or remove it."
        case .request(let count, let size, let kinds):
            "Cannot write \(count) items of \(size) pixels with \(kinds) kinds of edit; "
                + "ask for at least 1 item, 8 pixels and 1 kind."
        case .cannotWrite(let reason, _): reason
        }
    }
}
