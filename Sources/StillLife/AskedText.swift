public import Imaging

/// A text about a still life, and what of its image shows what the text says.
public struct AskedText: Sendable, Hashable {
    /// What is asked for: "a red apple", "the table".
    public var text: String
    /// The objects that show it, as indices in the scene; empty with both others false where nothing does.
    public var objects: Set<Int>
    /// Whether the table shows it.
    public var showsTable: Bool
    /// Whether the wall shows it.
    public var showsWall: Bool

    /// A text from its parts; nothing shows it where no more is said.
    public init(_ text: String, objects: Set<Int> = [], showsTable: Bool = false, showsWall: Bool = false) {
        self.text = text
        self.objects = objects
        self.showsTable = showsTable
        self.showsWall = showsWall
    }

    /// Whether a pixel of a `Rendering`'s `identities` shows it.
    public func isShown(by identity: Int8) -> Bool {
        switch identity {
        case -1: showsTable
        case -2: showsWall
        default: objects.contains(Int(identity))
        }
    }

    /// The pixels that show it: 1 there, 0 elsewhere.
    public func mask(in rendering: Rendering) -> Mask {
        Mask(
            width: rendering.image.width, height: rendering.image.height,
            values: rendering.identities.map { isShown(by: $0) ? 1 : 0 })
    }
}

extension SceneObject {
    /// What one may call the object, the shortest first: its kind, its colour and kind, all that captions say of it.
    public var names: [String] {
        let (noun, all) = (kind.rawValue, adjectives)
        var words = [[noun], [colour.rawValue, noun]]
        for adjectives in [all, Array(all.dropLast())] where adjectives.count > 0 {
            words.append(adjectives + [noun])
        }
        return words.flatMap { Self.forms(of: $0) } + ["\(noun), \(colour.rawValue)"]
    }

    /// A noun and its adjectives without an article and with either.
    static func forms(of words: [String]) -> [String] {
        let bare = words.joined(separator: " ")
        return [bare, "\(Self.article(before: words[0])) \(bare)", "the \(bare)"]
    }

    static func article(before word: String) -> String {
        word.first.map { "aeiou".contains($0) } == true ? "an" : "a"
    }
}

extension Scene {
    /// A random text about the scene, often of something that is there and sometimes of what is not.
    public func askedText(with generator: inout SeededGenerator) -> AskedText {
        let kind = generator.unit()
        switch kind {
        case ..<0.48: return presentObject(with: &generator)
        case ..<0.59:
            let phrases = table.phrases.flatMap { [$0, String($0.dropFirst(2))] }
            return AskedText(generator.pick(["table", "the table", "tabletop"] + phrases), showsTable: true)
        case ..<0.68:
            return AskedText(generator.pick(["wall", "the wall"] + wall.phrases), showsWall: true)
        case ..<0.72: return AskedText("the background", showsTable: true, showsWall: true)
        default: return absentThing(with: &generator)
        }
    }

    /// A name of one of the objects, half of the time its bare kind, which is harder to learn than colours are.
    public func presentObject(with generator: inout SeededGenerator) -> AskedText {
        let index = generator.below(objects.count)
        let object = objects[index]
        let names = generator.chance(0.5) ? SceneObject.forms(of: [object.kind.rawValue]) : object.names
        return AskedText(generator.pick(names), objects: [index])
    }

    /// A name of something like what is there, but not there.
    public func absentThing(with generator: inout SeededGenerator) -> AskedText {
        let object = generator.pick(objects)
        let otherKinds = ObjectKind.allCases.filter { kind in !objects.contains { $0.kind == kind } }
        func named(_ words: [String]) -> AskedText {
            AskedText(generator.pick(SceneObject.forms(of: words)))
        }
        switch generator.unit() {
        case ..<0.42: return named([generator.pick(otherKinds).rawValue])
        case ..<0.64: return named([object.colour.rawValue, generator.pick(otherKinds).rawValue])
        case ..<0.86:
            let others = ObjectColour.allCases.filter { $0 != object.colour }
            return named([generator.pick(others).rawValue, object.kind.rawValue])
        case ..<0.92:
            let others = Surface.allCases.filter { $0 != object.surface && $0 != .plain }
            return named([generator.pick(others).rawValue, object.kind.rawValue])
        case ..<0.96:
            return AskedText(generator.pick(generator.pick(Table.allCases.filter { $0 != table }).phrases))
        default:
            return AskedText(generator.pick(generator.pick(Wall.allCases.filter { $0 != wall }).phrases))
        }
    }
}
