/// Which captions a model may learn from.
public enum CaptionSplit: String, Sendable, Codable, Hashable, CaseIterable {
    /// The families of phrasings used in training.
    case training
    /// A family of its own that is never used in training, to measure whether words or templates were learned.
    case heldOut
}

extension SceneObject {
    /// The object in words with its article: "a red apple", "an open striped blue book".
    public var phrase: String {
        let words = adjectives + [kind.rawValue]
        return Self.article(before: words[0]) + " " + words.joined(separator: " ")
    }

    /// The words before the noun: state, surface, colour.
    public var adjectives: [String] {
        [state.word, surface == .plain ? nil : surface.rawValue, colour.rawValue].compactMap { $0 }
    }

    static func article(before word: String) -> String {
        word.first.map { "aeiou".contains($0) } == true ? "an" : "a"
    }
}

extension Scene {
    /// The common caption: "a red apple on a wooden table", with the style in front where it is not a photo.
    public var caption: String { styled(named + " on " + table.phrases[0]) }

    /// All captions of a split, the common one first.
    public func captions(split: CaptionSplit) -> [String] {
        switch split {
        case .training: trainingCaptions
        case .heldOut: heldOutCaptions
        }
    }

    /// A training caption drawn at random; the common form is drawn most often.
    public func caption(random generator: inout SeededGenerator) -> String {
        if generator.chance(0.3) { return caption }
        return generator.pick(trainingCaptions)
    }

    /// The objects from left to right: "a red apple, a blue mug and a black ring".
    var named: String { Self.list(leftToRight.map(\.phrase)) }

    /// The objects as seen from left to right.
    public var leftToRight: [SceneObject] { objects.sorted { $0.x < $1.x } }

    static func list(_ phrases: [String]) -> String {
        guard let last = phrases.last else { return "nothing" }
        return phrases.count == 1 ? last : phrases.dropLast().joined(separator: ", ") + " and " + last
    }

    func styled(_ text: String) -> String { style == .photo ? text : style.phrase + " of " + text }

    private var trainingCaptions: [String] {
        var naming = [named]
        let row = leftToRight
        if row.count == 2 {
            naming.append("\(row[1].phrase) and \(row[0].phrase)")
            naming.append("\(row[0].phrase) to the left of \(row[1].phrase)")
            naming.append("\(row[1].phrase) to the right of \(row[0].phrase)")
        } else if row.count == 3 {
            naming.append("\(row[1].phrase) between \(row[0].phrase) and \(row[2].phrase)")
        }
        var captions: [String] = []
        for objects in naming {
            for on in table.phrases.map({ " on " + $0 }) {
                captions.append(styled(objects + on))
                for before in wall.phrases.map({ " in front of " + $0 }) {
                    captions.append(styled(objects + on + before))
                }
            }
            captions.append(styled(objects))
            captions.append(styled(objects + " in front of " + wall.phrases[0]))
            if style == .photo {
                captions.append("a photo of " + objects)
                captions.append("a photo of " + objects + " on " + table.phrases[0])
                captions.append(
                    "a photo of " + objects + " on " + table.phrases[0] + " in front of " + wall.phrases[0])
            }
        }
        return captions
    }

    private var heldOutCaptions: [String] {
        let made = style == .photo ? "" : ", as " + (style == .pixelArt ? "pixel art" : style.phrase)
        let table = table.phrases[0], wall = wall.phrases[0]
        return [
            "\(table) with \(named) on it\(made)",
            "on \(table) there is \(named)\(made)",
            "still life: \(named), standing on \(table), \(wall) behind\(made)",
        ]
    }
}
