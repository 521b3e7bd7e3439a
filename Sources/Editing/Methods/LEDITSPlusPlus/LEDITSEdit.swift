import Prompts

/// One thing that LEDITS++ adds to an image or takes from it.
///
/// Written as `phrase` or `-phrase`, with `,scale=7`, `,threshold=0.8`, `,warm-up=0.1` or `,cool-down=0.7` after it
/// where it differs from the rest; several are divided by semicolons.
struct LEDITSEdit: Equatable {
    /// What is meant, as a prompt of its own (e).
    var phrase: String
    /// Whether it is taken away.
    var isRemoval = false
    /// How strongly (s_e).
    var scale: Double
    /// Which share of the image stays as it is (λ).
    var threshold: Double
    /// Share of the steps at the beginning in which it does nothing.
    var warmUp: Double
    /// Share of the steps after which it does nothing.
    var coolDown: Double

    /// Whether it does something in a step, counted from the noisiest of so many.
    func acts(in step: Int, of steps: Int) -> Bool {
        warmUp <= coolDown && StepBounds(warmUp, coolDown).steps(of: steps).contains(step)
    }

    /// The edits that a text names; what it does not say is as in `usual`.
    /// - Throws: `EditingError.badValue` with what is wrong.
    static func parse(_ text: String, usual: LEDITSEdit) throws(EditingError) -> [LEDITSEdit] {
        var edits: [LEDITSEdit] = []
        for part in text.split(separator: ";") {
            let fields = part.split(separator: ",").map(\.trimmed)
            var edit = usual
            var words: [String] = []
            for field in fields {
                if let sign = field.firstIndex(of: "="), !words.isEmpty {
                    try edit.set(
                        String(field[..<sign]).trimmed, String(field[field.index(after: sign)...]).trimmed)
                } else {
                    words.append(field)
                }
            }
            edit.phrase = words.joined(separator: ", ")
            if let sign = edit.phrase.first, sign == "-" || sign == "+" {
                edit.isRemoval = sign == "-"
                edit.phrase = String(edit.phrase.dropFirst()).trimmed
            }
            guard !edit.phrase.isEmpty else {
                throw .badValue(
                    name: "option edits", value: "\"\(text)\"",
                    expected: "phrases divided by semicolons, each with a word at least")
            }
            edits.append(edit)
        }
        return edits
    }

    private mutating func set(_ name: String, _ value: String) throws(EditingError) {
        func number(_ range: ClosedRange<Double>) throws(EditingError) -> Double {
            guard let number = Double(value), range.contains(number) else {
                throw .badValue(
                    name: "option edits, \(name)", value: value,
                    expected: "a number from \(range.lowerBound) to \(range.upperBound)")
            }
            return number
        }
        switch name {
        case "scale": scale = try number(0...100)
        case "threshold": threshold = try number(0...1)
        case "warm-up": warmUp = try number(0...1)
        case "cool-down": coolDown = try number(0...1)
        default:
            throw .badValue(
                name: "option edits", value: name,
                expected: "scale, threshold, warm-up or cool-down before an equals sign")
        }
    }

    /// The edits that lead from one prompt to another: what came is added, and what went is removed.
    ///
    /// A word that came brings its whole phrase, "blue mug" where "mug" came: by itself a word says too little.
    static func between(_ source: String, _ target: String, usual: LEDITSEdit) -> [LEDITSEdit] {
        func edits(_ phrases: [String], areRemovals: Bool) -> [LEDITSEdit] {
            phrases.map {
                var edit = usual
                (edit.phrase, edit.isRemoval) = ($0, areRemovals)
                return edit
            }
        }
        return edits(phrases(of: target, lackedBy: source), areRemovals: false)
            + edits(phrases(of: source, lackedBy: target), areRemovals: true)
    }

    /// A text's phrases with a word in them that the longest common subsequence with another text leaves out.
    private static func phrases(of text: String, lackedBy other: String) -> [String] {
        let phrases = phrases(of: text)
        let words = phrases.flatMap(\.self)
        let lacked = Set(
            words.difference(from: Self.phrases(of: other).flatMap(\.self)).insertions.map { change in
                switch change {
                case .insert(let offset, _, _), .remove(let offset, _, _): offset
                }
            })
        var start = 0
        return phrases.compactMap { phrase in
            defer { start += phrase.count }
            return lacked.isDisjoint(with: start..<(start + phrase.count))
                ? nil : phrase.joined(separator: " ")
        }
    }

    /// The runs of words between punctuation and words that only join others.
    private static func phrases(of text: String) -> [[String]] {
        var phrases: [[String]] = [[]]
        for part in text.lowercased().split(whereSeparator: \.isWhitespace) {
            let word = String(part.drop { !$0.isWordly }.reversed().drop { !$0.isWordly }.reversed())
            let isLast = part.last.map { !$0.isWordly } ?? false
            if StopWords.all.contains(word) || word.isEmpty {
                phrases.append([])
            } else {
                phrases[phrases.count - 1].append(word)
                if isLast { phrases.append([]) }
            }
        }
        return phrases.filter { !$0.isEmpty }
    }
}

extension Character {
    /// Whether it can begin or end a word.
    fileprivate var isWordly: Bool { isLetter || isNumber }
}
