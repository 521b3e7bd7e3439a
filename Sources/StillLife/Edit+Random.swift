extension Edit {
    /// A random edit of a kind that a scene allows; nil where it allows none (nothing to open, no room to add).
    public static func random(of kind: EditKind, in scene: Scene, seed: UInt64) -> Edit? {
        var generator = SeededGenerator(seed: seed)
        return random(of: kind, in: scene, with: &generator)
    }

    static func random(of kind: EditKind, in scene: Scene, with generator: inout SeededGenerator) -> Edit? {
        let index = generator.below(scene.objects.count)
        let object = scene.objects[index]
        switch kind {
        case .replace: return replacement(of: index, in: scene, with: &generator)
        case .add: return addition(to: scene, with: &generator)
        case .remove: return scene.objects.count > 1 ? .remove(object: index) : nil
        case .colour: return .colour(object: index, to: generator.pick(scene.freeColours))
        case .surface:
            return .surface(
                object: index, to: generator.pick(Surface.allCases.filter { $0 != object.surface }))
        case .state:
            let able = scene.objects.indices.filter { scene.objects[$0].kind.states.count > 1 }
            guard !able.isEmpty else { return nil }
            let index = generator.pick(able)
            let others = scene.objects[index].kind.states.filter { $0 != scene.objects[index].state }
            return composed(.state(object: index, to: generator.pick(others)), in: scene)
        case .move: return move(of: index, in: scene, with: &generator)
        case .turn:
            let able = scene.objects.indices.filter { scene.objects[$0].side != nil }
            guard !able.isEmpty else { return nil }
            return composed(.turn(object: generator.pick(able), by: 180), in: scene)
        case .table: return .table(to: generator.pick(Table.allCases.filter { $0 != scene.table }))
        case .wall: return .wall(to: generator.pick(Wall.allCases.filter { $0 != scene.wall }))
        case .style: return .style(to: generator.pick(Style.allCases.filter { $0 != scene.style }))
        case .several: return several(in: scene, with: &generator)
        case .nothing: return .nothing
        case .shift:
            return shift(of: index, in: scene, by: 0.15...0.4, with: &generator).map {
                .shift(object: index, x: $0)
            }
        case .twins:
            guard scene.objects.count == 2, scene.objects[0].kind == scene.objects[1].kind else { return nil }
            return shift(of: index, in: scene, by: 0.08...0.3, with: &generator).map {
                .shiftTwin(object: index, x: $0)
            }
        case .resize:
            return composed(.resize(object: index, by: generator.pick([1.3, 0.7])), in: scene)
        }
    }

    /// Other edits that satisfy the same target prompt; of a determined edit there is only itself.
    ///
    /// A set-valued edit is scored against the best of these.
    ///
    /// - `count`: how many are wanted, the edit itself included; fewer come back where room is short.
    public func admissible(in scene: Scene, count: Int, seed: UInt64) -> [Edit] {
        var generator = SeededGenerator(seed: seed)
        var edits = [self]
        guard !isDetermined, let prompt = try? scene.applying(self).caption(mentioning: mention) else {
            return edits
        }
        for _ in 0..<(count * 12) where edits.count < count {
            let edit = varied(in: scene, with: &generator)
            if let target = try? scene.applying(edit), target.isComposed,
                target.caption(mentioning: mention) == prompt, !edits.contains(edit)
            {
                edits.append(edit)
            }
        }
        return edits
    }

    private func varied(in scene: Scene, with generator: inout SeededGenerator) -> Edit {
        switch self {
        case .add(var object):
            object.x += generator.between(-0.3, 0.3)
            object.z += generator.between(-0.25, 0.25)
            object.size *= generator.between(0.9, 1.1)
            object.detail.seed = UInt32(truncatingIfNeeded: generator.next())
            return .add(object)
        case .move(let index, let x, let z):
            return .move(
                object: index, x: x + generator.between(-0.25, 0.25), z: z + generator.between(-0.2, 0.2))
        case .turn(let index, let degrees):
            return .turn(object: index, by: degrees + generator.between(-35, 35))
        case .several(let edits):
            return .several(
                edits.flatMap { edit -> [Edit] in
                    let varied = edit.varied(in: scene, with: &generator)
                    if case .several(let parts) = varied { return parts }
                    return [varied]
                })
        case .swap(let index, let other):
            let places = [(index, scene.objects[other]), (other, scene.objects[index])]
            return .several(
                places.map { object, place in
                    .move(
                        object: object, x: place.x + generator.between(-0.12, 0.12),
                        z: place.z + generator.between(-0.15, 0.15))
                })
        default: return self
        }
    }

    /// The edit if all objects still fit in the frame after it.
    private static func composed(_ edit: Edit, in scene: Scene) -> Edit? {
        guard let target = try? scene.applying(edit), target.isComposed else { return nil }
        return edit
    }

    private static func replacement(
        of index: Int, in scene: Scene, with generator: inout SeededGenerator
    ) -> Edit? {
        var object = scene.objects[index]
        let taken = scene.objects.map(\.kind)
        object.kind = generator.pick(ObjectKind.allCases.filter { !taken.contains($0) })
        object.state = object.kind.states[0]
        object.turn = Scene.usualTurn(of: object.kind, with: &generator)
        if generator.chance(0.35) { object.colour = generator.pick(scene.freeColours) }
        for _ in 0..<6 {
            if let edit = composed(.replace(object: index, with: object), in: scene) { return edit }
            object.size *= 0.93
        }
        return nil
    }

    private static func addition(to scene: Scene, with generator: inout SeededGenerator) -> Edit? {
        guard scene.objects.count < 3 else { return nil }
        let taken = scene.objects.map(\.kind)
        let kind = generator.pick(ObjectKind.allCases.filter { !taken.contains($0) })
        var object = SceneObject(
            kind: kind, colour: generator.pick(scene.freeColours),
            turn: Scene.usualTurn(of: kind, with: &generator),
            detail: Detail(
                marks: generator.pick(Detail.Marks.allCases),
                seed: UInt32(truncatingIfNeeded: generator.next())))
        for attempt in 0..<48 {
            object.size = 0.9 - 0.006 * Float(attempt)
            object.x = generator.between(-1.2, 1.2)
            object.z = generator.between(-0.5, 0.25)
            if let edit = composed(.add(object), in: scene) { return edit }
        }
        return nil
    }

    private static func move(of index: Int, in scene: Scene, with generator: inout SeededGenerator) -> Edit? {
        if scene.objects.count > 1 {
            let other = generator.pick(scene.objects.indices.filter { $0 != index })
            return composed(.swap(object: index, with: other), in: scene)
        }
        for _ in 0..<24 {
            let edit = Edit.move(
                object: index, x: generator.between(-0.95, 0.95), z: scene.objects[index].z)
            guard let target = try? scene.applying(edit), target.isComposed else { continue }
            if target.loneSide != scene.loneSide, abs(target.objects[index].x - scene.objects[index].x) > 0.35
            {
                return edit
            }
        }
        return nil
    }

    /// Where an object stands whose image moves by a share of the width that is drawn from a range; nil where there is
    /// no room.
    private static func shift(
        of index: Int, in scene: Scene, by shares: ClosedRange<Float>, with generator: inout SeededGenerator
    ) -> Float? {
        let sign: Float = generator.chance(0.5) ? 1 : -1
        let share = generator.between(shares.lowerBound, shares.upperBound)
        var (near, far) = (Float(0), Float(3))
        for _ in 0..<30 {
            let middle = (near + far) / 2
            var moved = scene
            moved.objects[index].x += sign * middle
            if abs(moved.middle(of: index) - scene.middle(of: index)) < share {
                near = middle
            } else {
                far = middle
            }
        }
        let x = scene.objects[index].x + sign * near
        return composed(.shift(object: index, x: x), in: scene).map { _ in x }
    }

    /// Two or three edits of different kinds, each of its own object or of the surroundings.
    private static func several(in scene: Scene, with generator: inout SeededGenerator) -> Edit? {
        var kinds: [EditKind] = [.replace, .colour, .surface, .state, .turn, .table, .wall, .style]
        let wanted = 2 + generator.below(2)
        var edits: [Edit] = []
        var current = scene
        var touched: Set<Int> = []
        while edits.count < wanted, !kinds.isEmpty {
            let kind = kinds.remove(at: generator.below(kinds.count))
            guard let edit = random(of: kind, in: current, with: &generator),
                touched.isDisjoint(with: edit.touchedObjects), let next = try? current.applying(edit)
            else { continue }
            edits.append(edit)
            touched.formUnion(edit.touchedObjects)
            current = next
        }
        return edits.count > 1 ? .several(edits) : nil
    }
}

extension Scene {
    /// Where the middle of an object is seen, as a share of the image's width.
    func middle(of index: Int) -> Float {
        let span = spans()[index]
        return (span.low.x + span.high.x + 2) / 4
    }

    /// A random scene that an edit of a kind is drawn in: for twins two objects of one kind.
    ///
    /// Where one of several objects is to move they are smaller than usual, so that there is room for it.
    public static func random(seed: UInt64, from choices: SceneChoices, for kind: EditKind) -> Scene {
        var choices = choices
        let areTwins = kind == .twins && min(choices.colours.count, choices.kinds.count) > 1
        if areTwins { choices.objects = 2...2 }
        var scene = random(seed: seed, from: choices)
        guard areTwins || (kind == .shift && scene.objects.count > 1) else { return scene }
        let first = scene.objects[0]
        for index in scene.objects.indices {
            scene.objects[index].size *= 0.8
            guard areTwins else { continue }
            (scene.objects[index].kind, scene.objects[index].state) = (first.kind, first.state)
            scene.objects[index].size = min(scene.objects[index].size, first.size * 0.8)
        }
        return scene
    }

    /// The colours that no object of the scene has.
    var freeColours: [ObjectColour] {
        let taken = objects.map(\.colour)
        return ObjectColour.allCases.filter { !taken.contains($0) }
    }
}
