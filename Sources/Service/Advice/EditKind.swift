/// What an edit asks for, as far as the words of two texts tell.
public enum EditKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// One thing becomes another.
    case replace
    /// Something comes.
    case add
    /// Something goes.
    case remove
    /// The colour changes, and nothing else.
    case colour
    /// What a thing is covered with changes: stripes, dots, metal.
    case surface
    /// What was done to a thing changes: bitten, lit, broken.
    case state
    /// A thing goes to another place or becomes larger or smaller.
    case move
    /// A thing faces another way.
    case turn
    /// What things stand on changes.
    case table
    /// What is behind them changes.
    case wall
    /// The whole picture's style changes.
    case style
    /// Several things change at once.
    case several
    /// A command without a text of the picture.
    case instruction
    /// Places have texts of their own.
    case regions

    /// The kind of edit between two texts; nil where they are equal or one is missing.
    ///
    /// The words that one text has and the other has not, little words aside, in this order: words of style, of moving and
    /// turning, of what is behind and below, of colour alone, of surfaces and states, then whether words only came or only
    /// went; changes in two places or more, with equal words between, are several.
    public init?(from source: String?, to target: String, hasRegions: Bool = false) {
        if hasRegions {
            self = .regions
            return
        }
        let new = Self.words(target)
        guard let source, !Self.words(source).isEmpty else {
            guard let first = new.first, Self.verbs.contains(first) else { return nil }
            self = .instruction
            return
        }
        let old = Self.words(source)
        let changes = new.difference(from: old)
        let came = changes.insertions.compactMap(Self.content)
        let went = changes.removals.compactMap(Self.content)
        let both = Set(came + went)
        guard !both.isEmpty else { return nil }
        func holds(_ words: Set<String>) -> Bool { !both.isDisjoint(with: words) }
        if holds(Self.styles) {
            self = .style
        } else if holds(Self.turns) {
            self = .turn
        } else if holds(Self.moves) {
            self = .move
        } else if Self.places(came: came, went: went, old: old, new: new) > 1 {
            self = .several
        } else if holds(Self.walls) {
            self = .wall
        } else if holds(Self.tables) {
            self = .table
        } else if both.isSubset(of: Self.colours) {
            self = .colour
        } else if both.isSubset(of: Self.surfaces.union(Self.colours)) {
            self = .surface
        } else if both.isSubset(of: Self.states) {
            self = .state
        } else if went.isEmpty {
            self = .add
        } else if came.isEmpty {
            self = .remove
        } else {
            self = .replace
        }
    }

    /// How many separate places of the new text, or of the old one where nothing came, are changed.
    private static func places(came: [String], went: [String], old: [String], new: [String]) -> Int {
        let (text, other) = came.isEmpty ? (old, new) : (new, old)
        let kept = Set(other).subtracting(little)
        var (places, isInside) = (0, false)
        for word in text where !little.contains(word) {
            let isChanged = !kept.contains(word)
            if isChanged, !isInside { places += 1 }
            isInside = isChanged
        }
        return places
    }

    private static func content(_ change: CollectionDifference<String>.Change) -> String? {
        switch change {
        case .insert(_, let word, _), .remove(_, let word, _): little.contains(word) ? nil : word
        }
    }

    private static func words(_ text: String) -> [String] {
        text.lowercased().split { !$0.isLetter && $0 != "'" }.map(String.init)
    }

    static let little: Set<String> = [
        "a", "an", "the", "and", "with", "without", "of", "on", "in", "at", "to", "its", "it", "is", "are",
        "no", "as",
        "this", "that", "there", "front", "some",
    ]
    private static let styles: Set<String> = [
        "painting", "sketch", "pencil", "drawing", "watercolour", "watercolor", "cartoon", "pixel", "art",
        "style",
        "photo", "photograph", "oil", "render", "comic", "toon", "film",
    ]
    private static let turns: Set<String> = ["turned", "facing", "faces", "mirrored", "rotated", "upside"]
    private static let moves: Set<String> = [
        "left", "right", "higher", "lower", "closer", "larger", "smaller", "bigger", "moved",
    ]
    private static let tables: Set<String> = [
        "table", "cloth", "wooden", "wood", "marble", "slate", "floor", "grass", "checkered",
    ]
    private static let walls: Set<String> = ["wall", "background", "sky", "brick", "wallpaper", "behind"]
    private static let surfaces: Set<String> = [
        "striped", "dotted", "metallic", "plain", "shiny", "golden", "wooden", "checkered",
    ]
    private static let states: Set<String> = [
        "bitten", "sliced", "cut", "lit", "burning", "broken", "cracked", "open", "closed", "half", "whole",
        "full",
        "empty", "peeled",
    ]
    private static let verbs: Set<String> = [
        "make", "turn", "add", "remove", "replace", "change", "put", "move", "swap", "delete", "paint",
        "give", "take",
    ]
    private static let colours: Set<String> = [
        "red", "orange", "yellow", "green", "blue", "purple", "violet", "pink", "brown", "black", "white",
        "grey",
        "gray", "turquoise", "cyan", "magenta", "beige", "cream", "silver", "dark", "light", "pale", "bright",
    ]
}
