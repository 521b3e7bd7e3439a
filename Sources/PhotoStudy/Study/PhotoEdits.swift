public import Benchmarks
import Editing
import ImageMetrics
import Imaging

/// Edits of held-out photos: recolourings whose true results are known, and kinds of things that become others.
///
/// All of it follows from the folder's lists and a seed. Families take turns. Of the recolourings no photo has a second
/// one before every photo had one; the kinds of things that become others take turns too, and none of their photos is
/// taken twice.
public struct PhotoEdits: BenchmarkItems {
    /// What is asked of a photo.
    public enum Family: String, Sendable, Hashable, Codable, CaseIterable {
        /// Another colour; the true result is known.
        case colour
        /// Another kind of thing; a judge has to say whether it is there.
        case kind
    }

    /// What everything that is drawn follows from.
    public let seed: UInt64
    /// The photos.
    public let photos: PhotoSet
    /// Which of them.
    public let part: PhotoSet.Part
    /// What is asked, in turns.
    public let families: [Family]

    /// Edits of a seed.
    public init(
        seed: UInt64, photos: PhotoSet, part: PhotoSet.Part = .measured,
        families: [Family] = Family.allCases
    ) {
        precondition(!families.isEmpty, "edits of photos are of one family at least")
        (self.seed, self.photos, self.part, self.families) = (seed, photos, part, families)
    }

    /// What may become what.
    ///
    /// A thing keeps its colour where things of the other kind have it; else it takes theirs.
    static let targets: [String: [(kind: String, colours: [String])]] = {
        let cultivated = ["red", "pink", "white", "yellow", "orange", "purple"]
        return [
            "daisy": [("sunflower", ["yellow"])],
            "dandelion": [("sunflower", ["yellow"]), ("daisy", ["white"])],
            "rose": [("tulip", cultivated)],
            "sunflower": [("daisy", ["white"])],
            "tulip": [("rose", cultivated)],
        ]
    }()

    /// The names of the kinds of edits: the colours that are asked for, and what becomes what.
    public var kindNames: [String] {
        families.flatMap { family in
            switch family {
            case .colour: Self.sorted(photos.colourEdits.map { Self.name(of: $0) })
            case .kind:
                Self.targets.sorted { $0.key < $1.key }.flatMap { source, targets in
                    targets.map { Self.name(from: source, to: $0.kind) }
                }
            }
        }
    }

    /// None: all gains are of one size.
    public var kindApart: String? { nil }

    /// How many, of which photos, from which seed.
    public func introduction(count: Int) -> String {
        let which =
            part == .measured ? "none of them used to choose settings" : "set aside to choose settings"
        return "\(count) edits of held-out photos (lists \(photos.fingerprint), seed \(seed)), \(which)"
    }

    /// Which edits have no true result.
    public var answersNote: String {
        families.contains(.kind)
            ? "Where a thing becomes another kind of thing, no true picture is known and gain is not told."
            : ""
    }

    /// The edit of an index; it does not depend on how many there are.
    /// - Throws: `PhotoSetError.tooFew` behind the last, `ImagingError`, `MaskError`.
    public func item(_ index: Int) throws -> BenchmarkItem {
        let family = families[index % families.count]
        return try item(family, index / families.count, number: index)
    }

    /// The edit of an index within its family.
    func item(_ family: Family, _ index: Int, number: Int) throws -> BenchmarkItem {
        let digits = String(number)
        let id = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
        switch family {
        case .colour: return try colourItem(id, index)
        case .kind: return try kindItem(id, index)
        }
    }

    private func colourItem(_ id: String, _ index: Int) throws -> BenchmarkItem {
        var draws = PCG32(seed: seed, stream: 1)
        // One edit of each photo after the other, then a second one of each.
        let edits = Self.inTurns(photos.colourEdits(of: part), by: \.file, &draws)
        let edit = try element(index, of: edits, .colour)
        let image = try photos.image(edit.file)
        let (truth, changed) = try photos.truth(of: edit, for: image)
        let area = ImageArea(changed, width: image.width, height: image.height)
        let request = EditRequest(image: image, prompt: edit.prompt, source: edit.source, mask: changed) {
            $0.seed = noiseSeed(.colour, index)
        }
        return BenchmarkItem(
            edit: ComparedEdit(
                id: "\(id)-\(edit.colour)", request: request, truths: [.init(image: truth, changed: area)]),
            facts: ItemFacts(
                kind: Self.name(of: edit), scene: edit.file, isDetermined: true, area: area.share))
    }

    private func kindItem(_ id: String, _ index: Int) throws -> BenchmarkItem {
        var draws = PCG32(seed: seed, stream: 2)
        let fitting = photos.photos(of: part).filter { $0.scale != .many && Self.targets[$0.kind] != nil }
        let ordered = Self.inTurns(fitting, by: \.kind, &draws)
        let photo = try element(index, of: ordered, .kind)
        var choice = PCG32(seed: noiseSeed(.kind, index))
        guard let targets = Self.targets[photo.kind] else { preconditionFailure("only these were taken") }
        let target = targets[choice.below(targets.count)]
        let colour = target.colours.contains(photo.colour) ? photo.colour : target.colours[0]
        let prompt = PhotoCaption(kind: target.kind, colour: colour, isOne: photo.scale == .close).text
        let request = EditRequest(
            image: try photos.image(photo.file), prompt: prompt, source: photo.caption
        ) { $0.seed = noiseSeed(.kind, index) }
        return BenchmarkItem(
            edit: ComparedEdit(id: "\(id)-\(target.kind)", request: request),
            facts: ItemFacts(
                kind: Self.name(from: photo.kind, to: target.kind), scene: photo.file, isDetermined: false,
                area: 0))
    }

    private func element<Element>(_ index: Int, of all: [Element], _ family: Family) throws -> Element {
        guard index < all.count else {
            throw PhotoSetError.tooFew(
                folder: photos.folder, family: family.rawValue, count: all.count, wanted: index + 1)
        }
        return all[index]
    }

    /// The seed of an edit's noise.
    private func noiseSeed(_ family: Family, _ index: Int) -> UInt64 {
        var draws = PCG32(seed: seed &+ UInt64(index), stream: family == .colour ? 3 : 4)
        return UInt64(draws.next())
    }

    static func name(of edit: PhotoSet.ColourEdit) -> String { "to \(edit.colour)" }
    static func name(from kind: String, to other: String) -> String { "\(kind) to \(other)" }

    private static func sorted(_ names: [String]) -> [String] { Set(names).sorted() }

    /// All elements in an order by chance in which groups take turns, those that still have any.
    static func inTurns<Element>(
        _ elements: [Element], by group: (Element) -> String, _ draws: inout PCG32
    ) -> [Element] {
        var groups: [String: [Element]] = [:]
        for element in elements { groups[group(element), default: []].append(element) }
        // Groups in an order by chance, then each group's own elements.
        let shuffled = shuffled(groups.sorted { $0.key < $1.key }.map(\.value), &draws)
            .map { Self.shuffled($0, &draws) }
        let rounds = shuffled.map(\.count).max() ?? 0
        return (0..<rounds).flatMap { round in shuffled.compactMap { round < $0.count ? $0[round] : nil } }
    }

    /// Elements in an order by chance.
    private static func shuffled<Element>(_ elements: [Element], _ draws: inout PCG32) -> [Element] {
        var elements = elements
        for place in elements.indices.dropFirst().reversed() {
            elements.swapAt(place, draws.below(place + 1))
        }
        return elements
    }
}
