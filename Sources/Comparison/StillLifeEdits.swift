public import Editing
import Imaging
import Metrics
public import StillLife

/// Still-life edits to compare methods on, every kind in its turn; all of it follows from a seed.
///
/// Scenes are drawn from seeds of 2⁶³ and above. Training draws them from the numbers that follow its own first seed (a
/// million in the configurations here), so no scene of a study was trained on.
public struct StillLifeEdits: Sendable, Hashable, Codable {
    /// What everything follows from.
    public var seed: UInt64
    /// Pixels a side.
    public var size: Int
    /// The families of edits, which take turns.
    public var kinds: [EditKind]
    /// What the scenes are made of.
    public var choices: SceneChoices

    /// Edits of a seed.
    public init(seed: UInt64, size: Int, kinds: [EditKind] = EditKind.allCases, choices: SceneChoices) {
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

    /// The edit of an index; it does not depend on how many there are.
    /// - Throws: `EditError.noCandidate` where no scene of the choices allows the kind.
    public func item(_ index: Int) throws -> StillLifeItem {
        var seeds = SeededGenerator(seed: seed)
        for _ in 0..<index { _ = seeds.next() }
        var generator = SeededGenerator(seed: seeds.next())
        let kind = kinds[index % kinds.count]
        let tries = 400
        for _ in 0..<tries {
            let sceneSeed = generator.next() | Self.heldOut
            let scene = Scene.random(seed: sceneSeed, from: choices)
            let (editSeed, answerSeed, noiseSeed) = (generator.next(), generator.next(), generator.next())
            guard let edit = Edit.random(of: kind, in: scene, seed: editSeed) else { continue }
            let pairs = try edit.admissible(in: scene, count: Self.answers, seed: answerSeed)
                .map { try EditedPair(source: scene, edit: $0, size: size) }
            let digits = String(index)
            let id = String(repeating: "0", count: max(0, 3 - digits.count)) + digits
            return StillLifeItem(
                id: "\(id)-\(kind.rawValue)", sceneSeed: sceneSeed, noiseSeed: noiseSeed >> 32, pairs: pairs)
        }
        throw EditError.noCandidate(kind, tries: tries)
    }
}

/// One still-life edit with its right answers.
public struct StillLifeItem: Sendable {
    /// What it is called: number and kind.
    public let id: String
    /// What its scene follows from.
    public let sceneSeed: UInt64
    /// What the noise of all methods follows from.
    public let noiseSeed: UInt64
    /// The edit, then others that its prompt admits.
    let pairs: [EditedPair]

    /// The edit.
    public var pair: EditedPair { pairs[0] }

    /// What methods are asked, by a request that holds steps and the like.
    ///
    /// - `givesMask`: whether they are told where the true edit changes the image.
    public func compared(asking template: EditRequest, givesMask: Bool = false) -> ComparedEdit {
        var request = template
        request.image = pair.sourceImage
        request.prompt = pair.targetPrompt
        request.source = pair.sourcePrompt
        request.seed = noiseSeed
        request.mask = givesMask && pair.effect.area > 0 ? pair.effect : nil
        let truths = pairs.map { pair in
            let (width, height) = (pair.effect.width, pair.effect.height)
            return ComparedEdit.Truth(
                image: pair.targetImage, changed: ImageArea(pair.effect, width: width, height: height))
        }
        return ComparedEdit(id: id, request: request, truths: truths)
    }

    /// What reports are split by.
    public var facts: Row.StillLifeFacts {
        Row.StillLifeFacts(
            kind: pair.edit.kind.rawValue, scene: "\(sceneSeed)", isDetermined: pair.isDetermined,
            area: Double(pair.effect.area))
    }
}
