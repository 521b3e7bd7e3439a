import Prompts

/// The grammar of instructions: words in, steps out; deterministic, no model asked.
struct LiftGrammar {
    typealias Thing = LiftInstruction.Thing
    typealias Step = LiftInstruction.Step

    /// The words of one clause, in lower case.
    private let words: [String]

    private init(_ words: [String]) { self.words = words }

    /// The steps of a sentence, or of several joined by ", then", "and then" or ";".
    /// - Throws: `LiftError`.
    static func steps(of text: String) throws(LiftError) -> [Step] {
        let clauses = text.lowercased().replacing(/;|(?:,|\band\b)?\s*\bthen\b/, with: "\n")
            .split(separator: "\n").map { words(in: String($0)) }.filter { !$0.isEmpty }
        guard !clauses.isEmpty else { throw .notUnderstood("") }
        var steps: [Step] = []
        for clause in clauses { steps.append(try LiftGrammar(clause).step()) }
        return steps
    }

    /// Words, numbers and units of a clause, without what ends a sentence or is said out of politeness.
    private static func words(in clause: String) -> [String] {
        let words = clause.matches(of: /[0-9]+(?:\.[0-9]+)?|%|[\p{L}'\-]+/).map { String($0.output) }
        return words.first == "please" ? Array(words.dropFirst()) : words
    }

    private func step() throws(LiftError) -> Step {
        guard let verb = words.first else { throw .notUnderstood("") }
        let found: Step? =
            switch verb {
            case "swap", "exchange", "switch": swap()
            case "put", "place", "set", "bring": placed() ?? beside()
            case "move": placed() ?? beside() ?? move()
            case "shift", "push", "slide", "nudge", "drag": move()
            case "make": try made()
            case "enlarge", "grow", "shrink", "double", "halve", "scale", "resize": try scaled(by: verb)
            case "turn", "face", "point": turn()
            case "flip", "mirror": thing(words.dropFirst()).map { .mirror($0) }
            default: nil
            }
        guard let found else { throw refusal() }
        for thing in found.named where Self.pronouns.contains(thing.name) { throw .pronoun(thing.name) }
        if case .swap(let one, let other) = found, one == other { throw .swapWithItself }
        if case .beside(let one, _, let other) = found, one == other { throw .besideItself }
        return found
    }

    /// Why a clause cannot be done: for its preposition, or because it is not understood.
    private func refusal() -> LiftError {
        guard ["put", "place", "set", "bring", "move"].contains(words[0]) else {
            return .notUnderstood(words.joined(separator: " "))
        }
        for relation in Self.refused {
            for start in words.indices.dropFirst(2) where words[start...].starts(with: relation) {
                if thing(words[1..<start]) != nil, start + relation.count < words.count {
                    return .depth(relation.joined(separator: " "))
                }
            }
        }
        return .notUnderstood(words.joined(separator: " "))
    }
}

/// The kinds of sentences.
extension LiftGrammar {
    private static let pronouns: Set<String> = [
        "it", "them", "everything", "all", "these", "those", "him", "her",
    ]
    private static let sides: [([String], LiftInstruction.Side?)] = [
        (["to", "the", "left", "of"], .left), (["to", "the", "right", "of"], .right),
        (["left", "of"], .left),
        (["right", "of"], .right), (["next", "to"], nil), (["beside"], nil),
    ]
    private static let refused = [
        ["in", "front", "of"], ["on", "top", "of"], ["behind"], ["onto"], ["on"], ["into"], ["inside"],
        ["in"],
        ["underneath"], ["beneath"], ["under"], ["below"], ["above"], ["over"], ["between"],
    ]
    private static let frames: Set<String> = ["picture", "image", "frame", "photo"]

    /// A thing from its name alone; nil for what is none.
    static func thing(named text: String) -> Thing? {
        let words = words(in: text.lowercased())
        return LiftGrammar(words).thing(words[...]).flatMap { pronouns.contains($0.noun) ? nil : $0 }
    }

    /// The words as a thing: an article, which one, adjectives, a noun.
    private func thing(_ words: ArraySlice<String>) -> Thing? {
        var words = Array(words)
        if let first = words.first, StopWords.articles.union(["my"]).contains(first), words.count > 1 {
            words.removeFirst()
        }
        var place: LiftInstruction.Place?
        if words.count > 1, let named = LiftInstruction.Place(rawValue: words[0]) {
            place = named
            words.removeFirst()
        }
        guard let noun = words.last, words.allSatisfy({ $0.first?.isLetter == true }),
            Self.pronouns.contains(noun) || !words.contains(where: StopWords.all.contains),
            LiftInstruction.Direction(rawValue: noun) == nil
        else { return nil }
        return Thing(noun, adjectives: words.dropLast(), place: place)
    }

    private func swap() -> Step? {
        for index in words.indices.dropFirst(2) where ["and", "with"].contains(words[index]) {
            if let one = thing(words[1..<index]), let other = thing(words[(index + 1)...]) {
                return .swap(one, other)
            }
        }
        return nil
    }

    private func placed() -> Step? {
        for index in words.indices.dropFirst(2) where ["in", "into", "to", "at", "on"].contains(words[index])
        {
            guard let thing = thing(words[1..<index]) else { continue }
            var rest = Array(words[(index + 1)...])
            if rest.first == "the" { rest.removeFirst() }
            if let last = rest.last, Self.frames.contains(last), rest.count > 1 {
                rest.removeLast()
                if rest.last == "the" { rest.removeLast() }
                guard rest.last == "of" else { continue }
                rest.removeLast()
                if rest.count == 1, let side = LiftInstruction.Side(rawValue: rest[0]) {
                    return .place(thing, .half(side))
                }
            }
            if rest.count == 1, ["middle", "center", "centre"].contains(rest[0]) {
                return .place(thing, .middle)
            }
            guard rest.count == 2, let side = LiftInstruction.Side(rawValue: rest[0]) else { continue }
            if rest[1] == "edge" { return .place(thing, .edge(side)) }
            if ["side", "half"].contains(rest[1]) { return .place(thing, .half(side)) }
        }
        return nil
    }

    private func beside() -> Step? {
        for index in words.indices.dropFirst(2) {
            guard let (relation, side) = Self.sides.first(where: { words[index...].starts(with: $0.0) }),
                let one = thing(words[1..<index]), let other = thing(words[(index + relation.count)...])
            else { continue }
            return .beside(one, side, other)
        }
        return nil
    }

    private func move() -> Step? {
        for index in words.indices.dropFirst(2) {
            guard let thing = thing(words[1..<index]), let (direction, amount) = way(words[index...]) else {
                continue
            }
            switch amount?.kind ?? .share(0.25) {
            case .share(let share): return .move(thing, direction, .share(LiftInstruction.rounded(share)))
            case .pixels(let count): return .move(thing, direction, .pixels(LiftInstruction.rounded(count)))
            }
        }
        return nil
    }

    /// `[amount] ["to" ["the"]] direction [amount]`.
    private func way(_ words: ArraySlice<String>) -> (LiftInstruction.Direction, LiftAmount?)? {
        for place in words.indices {
            let name = words[place].hasSuffix("wards") ? String(words[place].dropLast(5)) : words[place]
            guard let direction = LiftInstruction.Direction(rawValue: name) else { continue }
            var before = words[words.startIndex..<place]
            let after = words[(place + 1)...]
            if before.last == "the", ["to", "towards", "toward"].contains(before.dropLast().last) {
                before = before.dropLast(2)
            } else if ["to", "towards", "toward"].contains(before.last) {
                before = before.dropLast()
            }
            if before.isEmpty, after.isEmpty { return (direction, nil) }
            guard before.isEmpty || after.isEmpty,
                let amount = LiftAmount(before.isEmpty ? after : before, of: .distance)
            else { continue }
            return (direction, amount)
        }
        return nil
    }

    private func turn() -> Step? {
        guard let last = words.last, let side = LiftInstruction.Side(rawValue: last) else { return nil }
        var rest = words[1..<(words.count - 1)]
        if rest.last == "the" { rest = rest.dropLast() }
        if ["to", "towards", "toward"].contains(rest.last) { rest = rest.dropLast() }
        return thing(rest).map { .turn($0, side) }
    }
}

/// Sizes.
extension LiftGrammar {
    private static let wholes: [([String], Double)] = [
        (["twice", "as", "large"], 2), (["twice", "as", "big"], 2), (["half", "as", "large"], 0.5),
        (["half", "as", "big"], 0.5), (["twice", "its", "size"], 2), (["twice", "the", "size"], 2),
        (["double", "its", "size"], 2), (["double", "the", "size"], 2), (["half", "its", "size"], 0.5),
        (["half", "the", "size"], 0.5),
    ]

    private func made() throws(LiftError) -> Step? {
        for index in words.indices.dropFirst(2) {
            guard let thing = thing(words[1..<index]) else { continue }
            let rest = words[index...]
            if let whole = Self.wholes.first(where: { Array(rest) == $0.0 }) { return .scale(thing, whole.1) }
            for place in rest.indices where ["larger", "bigger", "smaller"].contains(words[place]) {
                let (before, after) = (rest[rest.startIndex..<place], rest[(place + 1)...])
                guard before.isEmpty || after.isEmpty else { continue }
                let words = before.isEmpty ? after : before
                let amount = words.isEmpty ? LiftAmount(.share(0.3)) : LiftAmount(words, of: .size)
                guard case .share(let share)? = amount?.kind else { continue }
                return try scaled(thing, self.words[place] == "smaller" ? 1 - share : 1 + share)
            }
        }
        return nil
    }

    private func scaled(by verb: String) throws(LiftError) -> Step? {
        let usual: [String: Double] = ["enlarge": 1.3, "grow": 1.3, "shrink": 0.7, "double": 2, "halve": 0.5]
        if let thing = thing(words.dropFirst()), let factor = usual[verb] { return .scale(thing, factor) }
        for index in words.indices.dropFirst(2) {
            guard let thing = thing(words[1..<index]) else { continue }
            let rest = Array(words[index...])
            if let amount = LiftAmount(rest[...], of: .size), rest[0] != "by", usual[verb] != nil {
                guard case .share(let share) = amount.kind else { continue }
                return try scaled(thing, verb == "shrink" || verb == "halve" ? 1 - share : 1 + share)
            }
            guard rest.count == 3, ["by", "to"].contains(rest[0]), let number = Double(rest[1]) else {
                continue
            }
            switch (rest[2], rest[0]) {
            case ("times", _), ("x", _): return try scaled(thing, number)
            case ("%", "to"), ("percent", "to"): return try scaled(thing, number / 100)
            case ("%", _), ("percent", _):
                let shrinks = ["shrink", "halve"].contains(verb)
                return try scaled(thing, shrinks ? 1 - number / 100 : 1 + number / 100)
            default: continue
            }
        }
        return nil
    }

    private func scaled(_ thing: Thing, _ factor: Double) throws(LiftError) -> Step {
        let factor = LiftInstruction.rounded(factor)
        guard LiftInstruction.factors.contains(factor) else {
            throw .badFactor(thing: thing.name, factor: factor)
        }
        return .scale(thing, factor)
    }
}

/// How much, in words or numbers.
struct LiftAmount {
    /// What the words are said of.
    enum Measure { case distance, size }
    /// What they come to.
    enum Kind { case share(Double), pixels(Double) }

    let kind: Kind

    init(_ kind: Kind) { self.kind = kind }

    /// The amount that some words say and nothing else; nil where they do not.
    init?(_ words: ArraySlice<String>, of measure: Measure) {
        var words = Array(words)
        if let known = Self.adverbs[words.joined(separator: " ")] {
            kind = .share(measure == .distance ? known.distance : known.size)
            return
        }
        if words.first == "by" { words.removeFirst() }
        if words.count > 2,
            ["picture", "image", "width", "height", "frame", "photo"].contains(words.last ?? "")
        {
            words.removeLast()
            if words.last == "the" { words.removeLast() }
            guard words.last == "of" else { return nil }
            words.removeLast()
        }
        if words.suffix(2) == ["per", "cent"] { words = words.dropLast(2) + ["%"] }
        if words.count == 2, let number = Double(words[0]) {
            switch words[1] {
            case "%", "percent": kind = .share(number / 100)
            case "px", "pixel",
                "pixels" where measure == .distance:
                kind = .pixels(number)
            default: return nil
            }
            return
        }
        if let first = words.first, ["a", "an", "one"].contains(first) { words.removeFirst() }
        guard let share = Self.fractions[words.joined(separator: " ")] else { return nil }
        kind = .share(share)
    }

    private static let fractions: [String: Double] = [
        "half": 0.5, "third": 1.0 / 3, "quarter": 0.25, "fifth": 0.2, "tenth": 0.1, "two thirds": 2.0 / 3,
        "three quarters": 0.75,
    ]
    private static let adverbs: [String: (distance: Double, size: Double)] = [
        "a little": (0.1, 0.15), "a bit": (0.1, 0.15), "a little bit": (0.1, 0.15), "slightly": (0.1, 0.15),
        "somewhat": (0.15, 0.15), "a lot": (0.4, 0.6), "much": (0.4, 0.6), "far": (0.4, 0.6),
        "way": (0.4, 0.6),
    ]
}
