public import Benchmarks
import Editing
import ImageMetrics
import Imaging
public import StillLife

/// Sixty-one pairs of region lists over still lifes: 25 additions, 24 removals and 12 changes of an attribute.
///
/// As many of each as the published benchmark of multi-region editing has (MRGD), but scenes, boxes and prompts are made
/// here, and every pair has its true answer. Scenes are drawn from seeds of 2⁶³ and above, as those of `StillLifeEdits`
/// are, and have nothing to do with training.
public struct RegionPairs: BenchmarkItems {
    /// What everything follows from.
    public var seed: UInt64
    /// Pixels a side.
    public var size: Int

    /// Pairs of a seed.
    public init(seed: UInt64 = 1, size: Int = 64) {
        precondition(size >= 32, "pairs of regions have 32 pixels a side at least")
        self.seed = seed
        self.size = size
    }

    /// How many pairs of each kind there are.
    public static let counts = [("addition", 25), ("removal", 24), ("attribute", 12)]
    /// How many pairs there are.
    public static var count: Int { counts.reduce(0) { $0 + $1.1 } }
    /// The kinds of change that attribute edits take in turn.
    private static let attributes: [EditKind] = [.colour, .surface, .state]
    /// The largest share of a box that the edit's may cover.
    private static let mostOverlap = 0.1

    /// The three kinds.
    public var kindNames: [String] { Self.counts.map(\.0) }
    /// None.
    public var kindApart: String? { nil }

    /// How many of each kind, how large, from which seed.
    public func introduction(count: Int) -> String {
        let kinds = Self.order.prefix(count)
        let parts = Self.counts.map { kind in "\(kinds.count { $0.kind == kind.0 }) of kind \(kind.0)" }
        return "\(count) pairs of region lists over still lifes of \(size)×\(size) pixels (seed \(seed)): "
            + parts.joined(separator: ", ")
    }

    /// Which pairs have several answers.
    public var answersNote: String {
        "Where words admit several pictures (additions), the nearest of up to \(StillLifeEdits.answers) counts."
    }

    /// The kinds in the order of the pairs, so mixed that any first part has its share of each; and the number of each
    /// pair within its kind, from 0.
    static let order: [(kind: String, number: Int)] = counts.flatMap { kind, count in
        (0..<count).map { (kind: kind, number: $0, place: (Double($0) + 0.5) / Double(count)) }
    }.sorted { ($0.place, $0.kind) < ($1.place, $1.kind) }.map { ($0.kind, $0.number) }

    /// The pair of an index in 0..<61; it does not depend on the others.
    /// - Throws: `EditError.noCandidate` where no scene allows it.
    public func pair(_ index: Int) throws -> RegionPair {
        let (kind, number) = Self.order[index]
        let edits: EditKind =
            switch kind {
            case "addition": .add
            case "removal": .remove
            default: Self.attributes[number % Self.attributes.count]
            }
        let objects = kind == "addition" ? 1...2 : (kind == "removal" ? 2...3 : 2...2)
        let choices = SceneChoices(objects: objects, styles: [.photo])
        var seeds = SeededGenerator(seed: seed)
        for _ in 0..<index { _ = seeds.next() }
        var generator = SeededGenerator(seed: seeds.next())
        let tries = 2000
        for _ in 0..<tries {
            let sceneSeed = generator.next() | StillLifeEdits.heldOut
            let (editSeed, answerSeed, noiseSeed) = (generator.next(), generator.next(), generator.next())
            let scene = Scene.random(seed: sceneSeed, from: choices)
            guard let edit = Edit.random(of: edits, in: scene, seed: editSeed),
                let boxes = try boxes(of: edit, in: scene)
            else { continue }
            let answers = try edit.admissible(in: scene, count: StillLifeEdits.answers, seed: answerSeed)
                .map { try EditedPair(source: scene, edit: $0, size: size) }
            let digits = String(number + 1)
            return RegionPair(
                id: "\(kind.prefix(3))-\(digits.count < 2 ? "0" : "")\(digits)", scene: "\(sceneSeed)",
                answers: answers, file: file(of: answers[0], boxes, seed: noiseSeed >> 32),
                changed: boxes.changed, inherent: boxes.inherent.map(\.box), seed: noiseSeed >> 32)
        }
        throw EditError.noCandidate(edits, tries: tries)
    }

    private typealias Boxes = (changed: Box, inherent: [(object: Int, box: Box)])

    /// The boxes of what changes and of what stays, a thirty-second of the side wider than what shows; nil where they
    /// overlap too much or something cannot be seen.
    private func boxes(of edit: Edit, in scene: Scene) throws -> Boxes? {
        let (before, target) = (scene.rendering(size: size), try scene.applying(edit))
        let touched = edit.touchedObjects
        let own: [Box?]
        switch edit {
        case .add: own = [target.rendering(size: size).box(of: scene.objects.count)]
        case .remove(let index): own = [before.box(of: index)]
        default:
            let after = target.rendering(size: size)
            own = touched.flatMap { [before.box(of: $0), after.box(of: $0)] }
        }
        let margin = size / 32
        let shown = own.compactMap(\.self)
        guard shown.count == own.count, let first = shown.first else { return nil }
        let changed = shown.dropFirst().reduce(first) { $0.union($1) }.widened(by: margin, within: size)
        var inherent: [(object: Int, box: Box)] = []
        for index in scene.objects.indices where !touched.contains(index) {
            guard let box = before.box(of: index)?.widened(by: margin, within: size),
                box.overlap(with: changed) <= Self.mostOverlap
            else { return nil }
            inherent.append((index, box))
        }
        return (changed, inherent)
    }

    private func file(of pair: EditedPair, _ boxes: Boxes, seed: UInt64) -> RegionFile {
        let scene = pair.source
        func record(
            _ id: String, _ box: Box, _ object: SceneObject, _ role: RegionRecord.Role,
            target: SceneObject? = nil, place: UInt64
        ) -> RegionRecord {
            RegionRecord(
                id: id, box: box.shares(of: size), prompt: object.phrase, target: target?.phrase, role: role,
                words: (target ?? object).keyWords, feather: 0.2, seed: seed + place)
        }
        var records = [
            RegionRecord(
                id: "background", box: [0, 0, 1, 1], prompt: scene.wall.phrases[0], role: .background,
                words: [], feather: 0.2, seed: seed)
        ]
        for (place, inherent) in boxes.inherent.enumerated() {
            let object = scene.objects[inherent.object]
            records.append(
                record(object.kind.rawValue, inherent.box, object, .inherent, place: UInt64(place) + 1))
        }
        let last = UInt64(boxes.inherent.count) + 1
        switch pair.edit {
        case .add(let object):
            records.append(record(object.kind.rawValue, boxes.changed, object, .added, place: last))
        case .remove(let index):
            let object = scene.objects[index]
            records.append(record(object.kind.rawValue, boxes.changed, object, .removed, place: last))
        default:
            for index in pair.edit.touchedObjects {
                let object = scene.objects[index]
                records.append(
                    record(
                        object.kind.rawValue, boxes.changed, object, .edited,
                        target: pair.target.objects[index], place: last))
            }
        }
        return RegionFile(prompt: scene.table.phrases[0], regions: records)
    }
}

extension RegionPairs {
    /// The pair of an index as methods are asked: on the render, by regions.
    ///
    /// Methods that edit source and target side by side get all regions. MultiDiffusion paints one picture: it gets the
    /// box of the edit alone, with what that is to show in the words of captions, and keeps the photo elsewhere.
    public func item(_ index: Int) throws -> BenchmarkItem {
        let pair = try pair(index)
        let surroundings =
            "\(pair.pair.source.table.phrases[0]) in front of \(pair.pair.source.wall.phrases[0])"
        let request = EditRequest(
            image: pair.pair.sourceImage, prompt: pair.file.prompt, source: pair.file.prompt,
            regions: try pair.file.asked
        ) { $0.seed = pair.seed }
        var edit = ComparedEdit(
            id: pair.id, request: request,
            truths: pair.answers.map { answer in
                ComparedEdit.Truth(
                    image: answer.targetImage,
                    changed: ImageArea(answer.effect, width: pair.size, height: pair.size))
            })
        edit.captions = .init(before: pair.pair.sourcePrompt, after: pair.pair.targetPrompt)
        let shown = pair.file.regions.last.flatMap { $0.role == .removed ? nil : $0.target ?? $0.prompt }
        let box = pair.changed.shares(of: pair.size)
        edit.ownRegions["multidiffusion"] = [
            Region(
                .box(.init(x: box[0], y: box[1], width: box[2], height: box[3])),
                prompt: shown.map { "\($0) on \(surroundings)" } ?? surroundings)
        ]
        return BenchmarkItem(
            edit: edit,
            facts: ItemFacts(
                kind: Self.order[index].kind, scene: pair.scene, isDetermined: pair.pair.isDetermined,
                area: Double(pair.pair.effect.area)))
    }
}
