extension PromptScalars {
    /// What the splitting rule tells apart.
    private enum Kind {
        case space, letter, number, other
    }

    /// The newest Unicode version whose letters and numbers the reference's regular expressions know.
    ///
    /// Younger characters count as symbols there (tokenizers 0.23, Oniguruma's tables), so they do here.
    private static let newestKnown = (major: 16, minor: 0)

    private static func kind(of scalar: Unicode.Scalar) -> Kind {
        if scalar.isASCII {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A: return .letter
            case 0x30...0x39: return .number
            case 0x09...0x0D, 0x20: return .space
            default: return .other
            }
        }
        let properties = scalar.properties
        if properties.isWhitespace { return .space }
        guard let age = properties.age, age <= newestKnown else { return .other }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return .letter
        case .decimalNumber, .letterNumber, .otherNumber:
            return .number
        default:
            return .other
        }
    }

    /// Endings that split off after an apostrophe, in the order in which they are tried.
    private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map {
        Array($0.unicodeScalars)
    }

    /// What CLIP's rule takes as a whole before it is cut into symbols and letters.
    private static let marks = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

    /// Whether scalars stand at a place.
    func matches(_ pattern: [Unicode.Scalar], at start: Int) -> Bool {
        guard start + pattern.count <= items.count else { return false }
        for offset in pattern.indices where items[start + offset].scalar != pattern[offset] { return false }
        return true
    }

    /// Cuts normalised text into words: contractions, runs of letters, single digits, runs of anything else.
    ///
    /// White space separates words and is part of none.
    func words() -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start = 0
        while start < items.count {
            if let mark = Self.marks.first(where: { matches($0, at: start) }) {
                // A mark typed in capitals ends up here; the byte-level step cuts off its brackets.
                words.append(start..<(start + 2))
                words.append((start + 2)..<(start + mark.count - 2))
                words.append((start + mark.count - 2)..<(start + mark.count))
                start += mark.count
                continue
            }
            if let ending = Self.contractions.first(where: { matches($0, at: start) }) {
                words.append(start..<(start + ending.count))
                start += ending.count
                continue
            }
            let kind = Self.kind(of: items[start].scalar)
            var end = start + 1
            if kind != .number {
                while end < items.count, Self.kind(of: items[end].scalar) == kind { end += 1 }
            }
            if kind != .space { words.append(start..<end) }
            start = end
        }
        return words
    }
}
