/// Which captions a model may learn from.
public enum CaptionSplit: String, Sendable, Codable, Hashable, CaseIterable {
    /// The families of phrasings used in training.
    case training
    /// A family of its own that is never used in training, to measure whether words or templates were learned.
    case heldOut
}

/// What a phrase says beyond surface, colour and kind.
struct Mention: OptionSet, Sendable {
    let rawValue: Int
    /// Ordinary states too: "an unlit red candle".
    static let states = Mention(rawValue: 1)
    /// Which side shows: "a red duck facing left".
    static let sides = Mention(rawValue: 2)
    /// Where in the image a lone object stands: "on the left side of a wooden table".
    static let position = Mention(rawValue: 4)
    /// The wall: "in front of a blue wall".
    static let wall = Mention(rawValue: 8)
    /// The style even of a photo: "a photo of".
    static let photo = Mention(rawValue: 16)
    /// How two objects stand to each other: "a red apple to the left of a blue mug".
    static let relation = Mention(rawValue: 32)
}

extension SceneObject {
    /// The object in words with its article: "a red apple", "an open striped blue book".
    public var phrase: String { phrase(mentioning: []) }

    /// The words before the noun: state where it is out of the ordinary, surface, colour.
    public var adjectives: [String] { adjectives(mentioning: []) }

    /// The side the object shows, "left" or "right"; nil for kinds whose captions tell none.
    public var side: String? {
        guard kind.sideWords != nil else { return nil }
        return cosineAndSine(degrees: turn).cosine > 0 ? "right" : "left"
    }

    func adjectives(mentioning mention: Mention) -> [String] {
        var words: [String] = []
        if !state.isOrdinary || (mention.contains(.states) && kind.states.count > 1) {
            words.append(state.word)
        }
        if surface != .plain { words.append(surface.rawValue) }
        return words + [colour.rawValue]
    }

    func phrase(mentioning mention: Mention) -> String {
        var words = adjectives(mentioning: mention) + [kind.rawValue]
        if mention.contains(.sides), let sideWords = kind.sideWords, let side { words += [sideWords, side] }
        return Self.article(before: words[0]) + " " + words.joined(separator: " ")
    }
}

extension Scene {
    /// The common caption: "a red apple on a wooden table", with the style in front where it is not a photo.
    public var caption: String { caption(mentioning: []) }

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

    /// The objects as seen from left to right.
    public var leftToRight: [SceneObject] { objects.sorted { $0.x < $1.x } }

    /// Where a lone object stands in the image: "left", "right" or nil for the middle and for several objects.
    public var loneSide: String? {
        guard objects.count == 1, abs(objects[0].x - camera.side * 0.3) > 0.3 else { return nil }
        return objects[0].x < camera.side * 0.3 ? "left" : "right"
    }

    /// The caption of the common form that says so much more.
    func caption(mentioning mention: Mention) -> String {
        let row = leftToRight.map { $0.phrase(mentioning: mention) }
        var words = Self.list(row)
        if mention.contains(.relation), objects.count == 2 {
            // The first object comes first, so that an edit which swaps the two changes only the relation.
            words = objects.map { $0.phrase(mentioning: mention) }.joined(
                separator: objects[0].x < objects[1].x ? " to the left of " : " to the right of ")
        }
        words += " on "
        if mention.contains(.position), objects.count == 1 {
            words += loneSide.map { "the \($0) side of " } ?? "the middle of "
        }
        words += table.phrases[0]
        if mention.contains(.wall) { words += " in front of " + wall.phrases[0] }
        return mention.contains(.photo) ? style.phrase + " of " + words : styled(words)
    }

    static func list(_ phrases: [String]) -> String {
        guard let last = phrases.last else { return "nothing" }
        return phrases.count == 1 ? last : phrases.dropLast().joined(separator: ", ") + " and " + last
    }

    func styled(_ text: String) -> String { style == .photo ? text : style.phrase + " of " + text }

    /// The ways to name the objects: in a row, with states, with sides, with their relation.
    private var namings: [String] {
        let row = leftToRight
        let names = row.map(\.phrase)
        var namings = [Self.list(names)]
        for mention in [Mention.states, .sides, [.states, .sides]] {
            namings.append(Self.list(row.map { $0.phrase(mentioning: mention) }))
        }
        if names.count == 2 {
            namings.append("\(names[1]) and \(names[0])")
            namings.append("\(names[0]) to the left of \(names[1])")
            namings.append("\(names[1]) to the right of \(names[0])")
        } else if names.count == 3 {
            namings.append("\(names[1]) between \(names[0]) and \(names[2])")
        }
        return namings.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }

    private var trainingCaptions: [String] {
        let on = " on " + table.phrases[0], before = " in front of " + wall.phrases[0]
        var captions: [String] = []
        for objects in namings {
            for on in table.phrases.map({ " on " + $0 }) {
                captions.append(styled(objects + on))
                captions += wall.phrases.map { styled(objects + on + " in front of " + $0) }
            }
            captions += [styled(objects), styled(objects + before)]
            if style == .photo {
                captions += ["", on, on + before].map { "a photo of " + objects + $0 }
            }
        }
        if objects.count == 1 { captions.append(caption(mentioning: .position)) }
        return captions
    }

    /// The family that starts from the table instead of the objects, and puts the style last.
    private var heldOutCaptions: [String] {
        let named = Self.list(leftToRight.map(\.phrase))
        let made = style == .photo ? "" : ", as " + style.phrase
        let table = table.phrases[0], wall = wall.phrases[0]
        return [
            "\(table) with \(named) on it\(made)",
            "on \(table) there is \(named)\(made)",
            "still life: \(named), standing on \(table), \(wall) behind\(made)",
        ]
    }
}
