/// The prompts that an edit needs besides the one that was given.
extension PromptPhrases {
    /// Words that put one thing beside another.
    private static let relations: [[String]] = [
        ["to", "the", "left", "of"], ["to", "the", "right", "of"], ["left", "of"], ["right", "of"],
        ["next", "to"],
        ["beside"], ["near"], ["with"],
    ]

    /// The prompt without some phrases, its lists and relations repaired.
    ///
    /// "a red apple and a blue mug on a table" without the apple is "a blue mug on a table"; without both it is "a
    /// table". Of a relation the words between go too, and a prompt that would begin with where the thing was ("on the
    /// left side of a table") begins with the ground.
    func without(_ gone: [Phrase]) -> String {
        var kept = tokens.map(Optional.some)
        // From the back, so that lists are repaired one at a time.
        for phrase in gone.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
            Self.remove(phrase.range, from: &kept)
        }
        var words = kept.compactMap(\.self)
        while let first = words.first, ["and", ","].contains(first) { words.removeFirst() }
        return Self.text(words)
    }

    /// Takes a range out and, around it, the words that joined it to others.
    private static func remove(_ range: Range<Int>, from tokens: inout [String?]) {
        for index in range { tokens[index] = nil }
        let left = tokens[..<range.lowerBound].indices.filter { tokens[$0] != nil }
        let right = tokens[range.upperBound...].indices.filter { tokens[$0] != nil }
        func relation(_ places: [Int], fromEnd: Bool) -> [Int]? {
            for words in relations {
                let part = fromEnd ? places.suffix(words.count) : places.prefix(words.count)
                if part.map({ tokens[$0] }) == words.map(Optional.some) { return Array(part) }
            }
            return nil
        }
        func clear(_ places: [Int]) { for place in places { tokens[place] = nil } }
        let (before, after) = (left.last.flatMap { tokens[$0] }, right.first.flatMap { tokens[$0] })
        if let between = relation(left, fromEnd: true) { return clear(between) }
        if left.isEmpty || before == "of" || before == "," || before == "and",
            let between = relation(right, fromEnd: false)
        {
            return clear(between)
        }
        switch (before, after) {
        case ("and", _):
            clear([left[left.count - 1]])
            // "a, b and c" without c is "a and b".
            if let comma = left.dropLast().last(where: { tokens[$0] == "," }),
                !left.dropLast().contains(where: { $0 > comma && tokens[$0] == "and" }), after != ","
            {
                tokens[comma] = "and"
            }
        case (_, "and"):
            clear([before == "," ? left[left.count - 1] : right[0]])
        case (_, ","):
            clear([right[0]])
            if right.count > 1, tokens[right[1]] == "and", before != "," { clear([right[1]]) }
        case (",", _): clear([left[left.count - 1]])
        default: clear(placing(right, tokens))
        }
    }

    /// The places of words that said where a lone thing stood: "on", "on the left side of", "in the middle of".
    private static func placing(_ places: [Int], _ tokens: [String?]) -> [Int] {
        guard let first = places.first, let word = tokens[first], grounds(word) else { return [] }
        let words = places.map { tokens[$0] ?? "" }
        if words.count > 3, words[1] == "the", let of = words.prefix(6).firstIndex(of: "of") {
            return Array(places[...of])
        }
        if words.count > 2, words[1] == "front", words[2] == "of" { return Array(places[...2]) }
        return [first]
    }

    private static func grounds(_ word: String) -> Bool {
        ["on", "in", "at", "against", "before", "behind", "under"].contains(word)
    }

    /// The tokens as a text, commas without a space before them.
    private static func text(_ words: [String]) -> String {
        words.joined(separator: " ").replacing(" ,", with: ",")
    }

    /// The prompt with left and right exchanged in some of its tokens.
    func exchangingSides(in range: Range<Int>) -> String {
        Self.text(
            tokens.enumerated().map { index, word in
                guard range.contains(index) else { return word }
                return word == "left" ? "right" : word == "right" ? "left" : word
            })
    }

    /// The side that the words after a phrase's noun say it shows; nil where they say none.
    func side(of phrase: Phrase) -> LiftInstruction.Side? {
        guard phrase.range.upperBound > phrase.nounIndex + 1 else { return nil }
        return LiftInstruction.Side(rawValue: tokens[phrase.range.upperBound - 1])
    }

    /// The tokens between two phrases where they say that one is beside the other; nil where they do not.
    func relation(between one: Phrase, and other: Phrase) -> (range: Range<Int>, side: LiftInstruction.Side)?
    {
        let range = one.range.upperBound..<max(other.range.lowerBound, one.range.upperBound)
        let words = Array(tokens[range])
        guard words.last == "of", let side = words.compactMap(LiftInstruction.Side.init).first,
            words.count <= 4
        else { return nil }
        return (range, side)
    }

    /// Where the prompt says that a lone thing stands: the tokens of "the left side of", and which; nil where it does
    /// not.
    func standing(of phrase: Phrase) -> (range: Range<Int>, word: String)? {
        let rest = Array(tokens[phrase.range.upperBound...].prefix(5))
        guard rest.count > 3, ["on", "in"].contains(rest[0]), rest[1] == "the" else { return nil }
        let start = phrase.range.upperBound + 1
        if rest[2] == "middle", rest[3] == "of" { return (start..<(start + 3), "middle") }
        guard rest.count > 4, LiftInstruction.Side(rawValue: rest[2]) != nil, rest[3] == "side",
            rest[4] == "of"
        else {
            return nil
        }
        return (start..<(start + 4), rest[2])
    }

    /// The prompt with some tokens replaced by words.
    func replacing(_ range: Range<Int>, with words: [String]) -> String {
        Self.text(Array(tokens[..<range.lowerBound]) + words + Array(tokens[range.upperBound...]))
    }
}

/// What the image shows afterwards, in words.
extension PromptPhrases {
    /// The source prompt with its words for sides as they are after a step.
    ///
    /// - `middle`: where the middle of the first thing came to be, as a share of the width; for others
    ///   where they are.
    func after(
        _ step: LiftInstruction.Step, _ phrases: [Phrase], middle: Double,
        others: [(phrase: Phrase, middle: Double)]
    ) -> String {
        let text = exchangingSides(in: 0..<0)
        guard let phrase = phrases.first else { return text }
        switch step {
        case .turn, .mirror: return exchangingSides(in: phrase.range)
        case .swap:
            guard phrases.count > 1 else { return text }
            let (one, other) = (phrases[0], phrases[1])
            let first = one.range.lowerBound < other.range.lowerBound
            return relation(between: first ? one : other, and: first ? other : one).map {
                exchangingSides(in: $0.range)
            } ?? text
        case .move, .beside, .place:
            for other in others {
                let first = phrase.range.lowerBound < other.phrase.range.lowerBound
                guard
                    let told = relation(
                        between: first ? phrase : other.phrase, and: first ? other.phrase : phrase)
                else { continue }
                let isLeft = first ? middle < other.middle : other.middle < middle
                return isLeft == (told.side == .left) ? text : exchangingSides(in: told.range)
            }
            guard let told = standing(of: phrase) else { return text }
            let word = middle < 0.42 ? "left" : middle > 0.58 ? "right" : "middle"
            guard word != told.word else { return text }
            return replacing(
                told.range, with: word == "middle" ? ["the", "middle", "of"] : ["the", word, "side", "of"])
        case .scale: return text
        }
    }
}
