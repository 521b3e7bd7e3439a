public import Imaging

/// A scene before and after an edit: both prompts, both images, and which pixels the edit concerns.
public struct EditedPair: Sendable, Hashable {
    /// The scene before.
    public let source: Scene
    /// The scene after.
    public let target: Scene
    /// What was changed.
    public let edit: Edit
    /// The caption before, worded so that the edit can be told from the two prompts.
    public let sourcePrompt: String
    /// The caption after, worded alike.
    public let targetPrompt: String
    /// The image before.
    public let sourceImage: Image
    /// The true image after; outside `effect` it equals the source bit by bit.
    public let targetImage: Image
    /// The visible pixels of what the edit touches, before: objects, the table, the wall or (style) everything.
    public let objectBefore: Mask
    /// The visible pixels of what the edit touched, after.
    public let objectAfter: Mask
    /// Where any channel differs by more than two of 255 steps, widened by 4 pixels at a size of 128.
    public let effect: Mask

    /// Whether the prompt leaves only one answer (`Edit.isDetermined`).
    public var isDetermined: Bool { edit.isDetermined }

    /// Renders a scene before and after an edit.
    ///
    /// Differences of at most `Mask.tolerance` outside the effect mask (the last traces of soft light) are taken back
    /// to the source, so that what counts as preserved is preserved exactly.
    ///
    /// - `size`: pixels a side of both images.
    public init(source: Scene, edit: Edit, size: Int) throws(EditError) {
        self.source = source
        self.edit = edit
        target = try source.applying(edit)
        sourcePrompt = source.caption(mentioning: edit.mention)
        targetPrompt = target.caption(mentioning: edit.mention)
        let before = source.rendering(size: size)
        let after = target == source ? before : target.rendering(size: size)
        sourceImage = before.image
        effect = Mask(changedFrom: before.image, to: after.image)
        var kept = after.image
        for (pixel, changes) in effect.values.enumerated() where changes == 0 {
            for channel in 0..<3 {
                kept.pixels[pixel * 3 + channel] = before.image.pixels[pixel * 3 + channel]
            }
        }
        targetImage = kept
        objectBefore = Self.mask(of: edit, objects: edit.touchedObjects, in: before)
        objectAfter = Self.mask(
            of: edit, objects: edit.touchedAfterwards(count: source.objects.count), in: after)
    }

    /// A random pair of a kind: the scene is drawn until it allows such an edit.
    public static func random(
        of kind: EditKind, seed: UInt64, size: Int, from choices: SceneChoices = SceneChoices()
    ) throws(EditError) -> EditedPair {
        var generator = SeededGenerator(seed: seed)
        let tries = 400
        for _ in 0..<tries {
            let scene = Scene.random(seed: generator.next(), from: choices, for: kind)
            guard kind != .twins || scene.isComposed else { continue }
            guard let edit = Edit.random(of: kind, in: scene, seed: generator.next()) else { continue }
            return try EditedPair(source: scene, edit: edit, size: size)
        }
        throw .noCandidate(kind, tries: tries)
    }

    /// The edit as a sentence that says what to do, distances and sizes included; nil for edits that are no moves.
    ///
    /// "move the apple to the left by 23.4 %", "swap the apple and the mug", "turn the duck to the left", "make the mug
    /// 30 % larger".
    public var command: String? {
        func name(_ index: Int) -> String { source.objects[index].kind.rawValue }
        func move(_ index: Int, _ name: String) -> String {
            let share = target.middle(of: index) - source.middle(of: index)
            let percent = (abs(share) * 1000).rounded() / 10
            return "move the \(name) to the \(share < 0 ? "left" : "right") by \(percent) %"
        }
        switch edit {
        case .move(let index, _, _), .shift(let index, _): return move(index, name(index))
        case .shiftTwin(let index, _):
            let isLeft = source.objects.allSatisfy { $0.x >= source.objects[index].x }
            return move(index, "\(isLeft ? "left" : "right") \(name(index))")
        case .swap(let index, let other): return "swap the \(name(index)) and the \(name(other))"
        case .turn(let index, _):
            return target.objects[index].side.map { "turn the \(name(index)) to the \($0)" }
        case .resize(let index, let factor):
            let percent = (abs(factor - 1) * 100).rounded()
            return "make the \(name(index)) \(Int(percent)) % \(factor > 1 ? "larger" : "smaller")"
        default: return nil
        }
    }

    private static func mask(of edit: Edit, objects: Set<Int>, in rendering: Rendering) -> Mask {
        var shown = Set(objects.map(Int8.init))
        var everything = false
        let parts: [Edit] = if case .several(let edits) = edit { edits } else { [edit] }
        for part in parts {
            switch part {
            case .table: shown.insert(-1)
            case .wall: shown.insert(-2)
            case .style: everything = true
            default: break
            }
        }
        let values = rendering.identities.map { everything || shown.contains($0) ? Float(1) : 0 }
        return Mask(width: rendering.image.width, height: rendering.image.height, values: values)
    }
}
