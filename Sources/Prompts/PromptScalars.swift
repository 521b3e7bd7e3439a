import Foundation

/// Text as scalars that remember which character of the prompt they come from.
struct PromptScalars {
    /// One scalar and its source.
    struct Item {
        var scalar: Unicode.Scalar
        /// The offset of the prompt's character that this scalar is part of.
        let character: Int
    }

    var items: [Item] = []

    /// A prompt as it was typed.
    init(_ text: String) {
        items.reserveCapacity(text.utf8.count)
        for (offset, character) in text.enumerated() {
            for scalar in character.unicodeScalars { items.append(Item(scalar: scalar, character: offset)) }
        }
    }

    private init(items: [Item]) { self.items = items }

    subscript(range: Range<Int>) -> PromptScalars { PromptScalars(items: Array(items[range])) }

    /// The range of the prompt's characters that a range of scalars comes from.
    func characters(of range: Range<Int>) -> Range<Int> {
        guard let first = items[range].first, let last = items[range].last else { return 0..<0 }
        return first.character..<(last.character + 1)
    }

    /// The scalars of a range as a string.
    func text(of range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: items[range].lazy.map(\.scalar))
        return String(view)
    }

    /// CLIP's clean-up: canonical composition (NFC), runs of white space to one space, lower case scalar by scalar.
    ///
    /// Composition never reaches across the bounds of a character, so each character is composed by itself and the
    /// sources stay known. Lower-casing knows no context: a final capital sigma becomes σ, as in the reference.
    func normalized() -> PromptScalars {
        var result = PromptScalars(items: [])
        result.items.reserveCapacity(items.count)
        var isAfterSpace = false
        func append(_ scalar: Unicode.Scalar, _ character: Int) {
            if scalar.properties.isWhitespace {
                if !isAfterSpace { result.items.append(Item(scalar: " ", character: character)) }
                isAfterSpace = true
                return
            }
            isAfterSpace = false
            if scalar.isASCII {
                let isUpper = (0x41...0x5A).contains(scalar.value)
                let lower = isUpper ? Unicode.Scalar(UInt8(scalar.value) + 0x20) : scalar
                result.items.append(Item(scalar: lower, character: character))
            } else if let last = result.items.last, last.character == character,
                let syllable = Self.syllable(last.scalar, scalar)
            {
                result.items[result.items.count - 1].scalar = syllable
            } else {
                for lower in scalar.properties.lowercaseMapping.unicodeScalars {
                    result.items.append(Item(scalar: lower, character: character))
                }
            }
        }
        var start = 0
        while start < items.count {
            let character = items[start].character
            var end = start + 1
            while end < items.count, items[end].character == character, !Self.standsAlone(items[end].scalar),
                !Self.standsAlone(items[end - 1].scalar)
            { end += 1 }
            // Below U+0300 nothing composes and nothing decomposes in NFC.
            if items[start..<end].allSatisfy({ $0.scalar.value < 0x300 }) {
                for item in items[start..<end] { append(item.scalar, character) }
            } else {
                for scalar in Self.composed(text(of: start..<end)) { append(scalar, character) }
            }
            start = end
        }
        return result
    }

    /// The newest Unicode version whose characters the reference can reorder or compose.
    ///
    /// Its tables (the crate unicode-normalization-alignments 0.1.12) are that old; to them a younger mark is a
    /// character of its own that nothing reaches across.
    private static let newestComposable = (major: 9, minor: 0)

    private static func standsAlone(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x300 else { return false }
        if (0x1100...0x11FF).contains(scalar.value) { return true }
        guard let age = scalar.properties.age else { return true }
        return age > newestComposable
    }

    /// The three vowel signs that count as starters although their parts are marks that take part in reordering.
    private static let splitVowels: [Unicode.Scalar: [Unicode.Scalar]] = [
        "\u{F73}": ["\u{F71}", "\u{F72}"], "\u{F75}": ["\u{F71}", "\u{F74}"],
        "\u{F81}": ["\u{F71}", "\u{F80}"],
    ]

    /// The scalars of a text in NFC.
    ///
    /// Foundation's composition falls short of it for the vowel signs above, and for Korean letters, which therefore
    /// never come here in company.
    private static func composed(_ text: String) -> [Unicode.Scalar] {
        var parts = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { parts.append(contentsOf: splitVowels[scalar] ?? [scalar]) }
        return Array(String(parts).precomposedStringWithCanonicalMapping.unicodeScalars)
    }

    /// The Korean syllable that two neighbours make, if they make one.
    ///
    /// Source: the Unicode Standard, section 3.12, "Hangul Syllable Composition".
    private static func syllable(_ left: Unicode.Scalar, _ right: Unicode.Scalar) -> Unicode.Scalar? {
        switch (left.value, right.value) {
        case (0x1100...0x1112, 0x1161...0x1175):
            return Unicode.Scalar(0xAC00 + ((left.value - 0x1100) * 21 + right.value - 0x1161) * 28)
        case (0xAC00...0xD7A3, 0x11A8...0x11C2) where (left.value - 0xAC00) % 28 == 0:
            return Unicode.Scalar(left.value + right.value - 0x11A7)
        default:
            return nil
        }
    }
}
