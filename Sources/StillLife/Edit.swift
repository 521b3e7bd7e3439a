public import Support

/// The families of edits, which reports are split by.
public enum EditKind: String, Sendable, Codable, Hashable, CaseIterable {
    case replace, add, remove, colour, surface, state, move, turn, table, wall, style, several, nothing
    case shift, twins, resize

    /// The kinds that two captions can tell; those of sets and studies where none are named.
    public static let usual = allCases.filter { !told.contains($0) }

    /// The kinds that only a command tells, because distances and sizes are in no caption.
    public static let told: [EditKind] = [.shift, .twins, .resize]

    /// The kinds that a command tells (`EditedPair.command`), whether captions do or not.
    public static let commanded: [EditKind] = [.move, .turn] + told
}

/// One change of a scene; objects are named by their index in the source scene.
public indirect enum Edit: Sendable, Codable, Hashable {
    /// Another object in the place of one.
    case replace(object: Int, with: SceneObject)
    /// One more object, which becomes the last.
    case add(SceneObject)
    /// One object fewer.
    case remove(object: Int)
    /// Another colour.
    case colour(object: Int, to: ObjectColour)
    /// Another material or pattern.
    case surface(object: Int, to: Surface)
    /// Another state: lit, open, bitten and back.
    case state(object: Int, to: ObjectState)
    /// Another place on the table.
    case move(object: Int, x: Float, z: Float)
    /// So far to the left or right: another place on the table whose distance is told.
    case shift(object: Int, x: Float)
    /// The same of one of two objects of a kind.
    case shiftTwin(object: Int, x: Float)
    /// So many times as large.
    case resize(object: Int, by: Float)
    /// Two objects change places.
    case swap(object: Int, with: Int)
    /// A turn by so many degrees, anticlockwise from above.
    case turn(object: Int, by: Float)
    /// Another table.
    case table(to: Table)
    /// Another wall.
    case wall(to: Wall)
    /// The same scene made in another way.
    case style(to: Style)
    /// Several edits, one after the other; none but the last may add or remove an object.
    case several([Edit])
    /// No change at all: the prompt is the same.
    case nothing

    /// The family the edit belongs to.
    public var kind: EditKind {
        switch self {
        case .replace: .replace
        case .add: .add
        case .remove: .remove
        case .colour: .colour
        case .surface: .surface
        case .state: .state
        case .move, .swap: .move
        case .shift: .shift
        case .shiftTwin: .twins
        case .resize: .resize
        case .turn: .turn
        case .table: .table
        case .wall: .wall
        case .style: .style
        case .several: .several
        case .nothing: .nothing
        }
    }

    /// Whether the prompt leaves only one answer.
    ///
    /// Places and turns are told in words that many images satisfy: those edits are set-valued.
    public var isDetermined: Bool {
        switch self {
        case .add, .move, .swap, .turn: false
        case .several(let edits): edits.allSatisfy(\.isDetermined)
        default: true
        }
    }

    /// The objects the edit touches, as indices in the source scene.
    public var touchedObjects: Set<Int> {
        switch self {
        case .replace(let object, _), .remove(let object), .colour(let object, _), .surface(let object, _),
            .state(let object, _), .move(let object, _, _), .turn(let object, _), .shift(let object, _),
            .shiftTwin(let object, _), .resize(let object, _):
            [object]
        case .swap(let object, let other): [object, other]
        case .several(let edits): edits.reduce(into: []) { $0.formUnion($1.touchedObjects) }
        case .add, .table, .wall, .style, .nothing: []
        }
    }

    /// The objects the edit has touched or made, as indices in the target of a scene with `count` objects.
    func touchedAfterwards(count: Int) -> Set<Int> {
        switch self {
        case .add: return [count]
        case .remove: return []
        case .several(let edits):
            guard let last = edits.last else { return [] }
            let touched = touchedObjects
            switch last {
            case .add: return touched.union([count])
            case .remove(let gone): return Set(touched.filter { $0 != gone }.map { $0 > gone ? $0 - 1 : $0 })
            default: return touched
            }
        default: return touchedObjects
        }
    }

    /// Whether the edit adds or removes an object.
    var changesCount: Bool {
        switch self {
        case .add, .remove: true
        case .several(let edits): edits.contains(where: \.changesCount)
        default: false
        }
    }

    /// What the prompts have to say for the edit to be told.
    var mention: Mention {
        switch self {
        case .state: .states
        case .turn: .sides
        case .move, .shift: .position
        case .swap: .relation
        case .wall: .wall
        case .style: .photo
        case .several(let edits): edits.reduce(into: []) { $0.formUnion($1.mention) }
        case .replace, .add, .remove, .colour, .surface, .table, .nothing, .shiftTwin, .resize: []
        }
    }
}

/// Why an edit cannot be made.
public enum EditError: UserError, Equatable {
    /// The edit names an object that the scene does not have.
    case noSuchObject(index: Int, count: Int)
    /// The object's kind does not have the state.
    case noSuchState(ObjectState, of: ObjectKind)
    /// The scene would have no object, or more than three.
    case objectCount(Int)
    /// Of several edits one before the last adds or removes an object, or one is itself a list.
    case indicesShift
    /// No scene among the choices that were drawn allows an edit of the kind.
    case noCandidate(EditKind, tries: Int)

    /// All are about what was asked for.
    public var kind: UserErrorKind { .request }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .noSuchObject(let index, let count):
            "The edit names object \(index), but the scene has \(count) (counted from 0)."
        case .noSuchState(let state, let kind):
            "A \(kind.rawValue) cannot be \(state.rawValue); it can be "
                + kind.states.map(\.rawValue).joined(separator: " or ") + "."
        case .objectCount(let count):
            "The edit would leave \(count) objects on the table; a scene holds 1 to 3."
        case .indicesShift:
            "Only the last of several edits may add or remove an object, and none may be a list itself."
        case .noCandidate(let kind, let tries):
            "None of \(tries) scenes allowed an edit of the kind '\(kind.rawValue)'; widen the choices."
        }
    }
}

extension Scene {
    /// The scene after an edit.
    public func applying(_ edit: Edit) throws(EditError) -> Scene {
        for index in edit.touchedObjects where !objects.indices.contains(index) {
            throw .noSuchObject(index: index, count: objects.count)
        }
        var scene = self
        switch edit {
        case .replace(let index, let object): scene.objects[index] = object
        case .add(let object): scene.objects.append(object)
        case .remove(let index): scene.objects.remove(at: index)
        case .colour(let index, let colour): scene.objects[index].colour = colour
        case .surface(let index, let surface): scene.objects[index].surface = surface
        case .state(let index, let state): scene.objects[index].state = state
        case .move(let index, let x, let z):
            scene.objects[index].x = x
            scene.objects[index].z = z
        case .shift(let index, let x), .shiftTwin(let index, let x): scene.objects[index].x = x
        case .resize(let index, let factor): scene.objects[index].size *= factor
        case .swap(let index, let other):
            scene.objects[index].x = objects[other].x
            scene.objects[index].z = objects[other].z
            scene.objects[other].x = objects[index].x
            scene.objects[other].z = objects[index].z
        case .turn(let index, let degrees): scene.objects[index].turn += degrees
        case .table(let table): scene.table = table
        case .wall(let wall): scene.wall = wall
        case .style(let style): scene.style = style
        case .several(let edits):
            for (place, edit) in edits.enumerated() {
                guard edit.kind != .several, !edit.changesCount || place == edits.count - 1 else {
                    throw .indicesShift
                }
                scene = try scene.applying(edit)
            }
        case .nothing: break
        }
        guard (1...3).contains(scene.objects.count) else { throw .objectCount(scene.objects.count) }
        for object in scene.objects where !object.kind.states.contains(object.state) {
            throw .noSuchState(object.state, of: object.kind)
        }
        return scene
    }
}
