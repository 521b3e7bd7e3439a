public import Benchmarks
import Editing
import ImageMetrics
import Imaging
public import StillLife

/// Still-life edits to compare methods on, every kind in its turn; all of it follows from a seed.
///
/// Scenes are drawn from seeds of 2⁶³ and above. Training draws them from the numbers that follow its own first seed (a
/// million in the configurations here), so no scene of a study was trained on.
public struct StillLifeEdits: BenchmarkItems {
    /// What everything follows from.
    public var seed: UInt64
    /// Pixels a side.
    public var size: Int
    /// The families of edits, which take turns.
    public var kinds: [EditKind]
    /// What the scenes are made of.
    public var choices: SceneChoices

    /// Edits of a seed.
    public init(seed: UInt64, size: Int, kinds: [EditKind] = EditKind.usual, choices: SceneChoices) {
        precondition(size >= 8 && !kinds.isEmpty, "still lifes have 8 pixels and one kind of edit at least")
        self.seed = seed
        self.size = size
        self.kinds = kinds
        self.choices = choices
    }

    /// The bit that sets the seeds of these scenes apart.
    static let heldOut: UInt64 = 1 << 63
    /// How many right answers an edit is scored against where its prompt leaves room for several.
    static let answers = 8

    /// The families' names.
    public var kindNames: [String] { kinds.map(\.rawValue) }

    /// Edits of style change every pixel.
    public var kindApart: String? { EditKind.style.rawValue }

    /// How many, how large, from which seed.
    public func introduction(count: Int) -> String {
        "\(count) still-life edits of \(size)×\(size) pixels (seed \(seed)), whose scenes the model was not trained on"
    }

    /// Which edits have several answers.
    public var answersNote: String {
        "Where a prompt admits several pictures (add, move, turn), the nearest of up to \(Self.answers) counts."
    }

    /// Which of the edits have a command.
    public var commands: CommandUse {
        if kinds.allSatisfy(EditKind.told.contains) { return .only }
        if kinds.allSatisfy(EditKind.commanded.contains) { return .all }
        return kinds.contains(where: EditKind.commanded.contains) ? .some : .none
    }

    /// The edit of an index; it does not depend on how many there are.
    /// - Throws: `EditError.noCandidate` where no scene of the choices allows the kind.
    public func item(_ index: Int) throws -> BenchmarkItem {
        var seeds = SeededGenerator(seed: seed)
        for _ in 0..<index { _ = seeds.next() }
        var generator = SeededGenerator(seed: seeds.next())
        let kind = kinds[index % kinds.count]
        let tries = 400
        for _ in 0..<tries {
            let sceneSeed = generator.next() | Self.heldOut
            let scene = Scene.random(seed: sceneSeed, from: choices, for: kind)
            guard kind != .twins || scene.isComposed else { continue }
            let (editSeed, answerSeed, noiseSeed) = (generator.next(), generator.next(), generator.next())
            guard let edit = Edit.random(of: kind, in: scene, seed: editSeed) else { continue }
            let pairs = try edit.admissible(in: scene, count: Self.answers, seed: answerSeed)
                .map { try EditedPair(source: scene, edit: $0, size: size) }
            let digits = String(index)
            let id = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
            return Self.item(
                "\(id)-\(kind.rawValue)", sceneSeed: sceneSeed, noiseSeed: noiseSeed >> 32, pairs: pairs)
        }
        throw EditError.noCandidate(kind, tries: tries)
    }

    /// An edit, the first of some pairs, with the others that its prompt admits.
    private static func item(
        _ id: String, sceneSeed: UInt64, noiseSeed: UInt64, pairs: [EditedPair]
    ) -> BenchmarkItem {
        let pair = pairs[0]
        let request = EditRequest(
            image: pair.sourceImage, prompt: pair.targetPrompt, source: pair.sourcePrompt,
            mask: pair.effect.area > 0 ? pair.effect : nil
        ) { $0.seed = noiseSeed }
        let truths = pairs.map { pair in
            let (width, height) = (pair.effect.width, pair.effect.height)
            return ComparedEdit.Truth(
                image: pair.targetImage, changed: ImageArea(pair.effect, width: width, height: height))
        }
        var edit = ComparedEdit(id: id, request: request, truths: truths)
        edit.command = pair.command
        edit.isTold = EditKind.told.contains(pair.edit.kind)
        edit.thing = pair.objectBefore
        return BenchmarkItem(
            edit: edit,
            facts: ItemFacts(
                kind: pair.edit.kind.rawValue, scene: "\(sceneSeed)", isDetermined: pair.isDetermined,
                area: Double(pair.effect.area)))
    }
}
