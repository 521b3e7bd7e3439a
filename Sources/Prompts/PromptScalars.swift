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
            while end < items.count, items[end].character == character { end += 1 }
            // Below U+0300 nothing composes and nothing decomposes in NFC.
            if items[start..<end].allSatisfy({ $0.scalar.value < 0x300 }) {
                for item in items[start..<end] { append(item.scalar, character) }
            } else {
                let composed = text(of: start..<end).precomposedStringWithCanonicalMapping
                for scalar in composed.unicodeScalars { append(scalar, character) }
            }
            start = end
        }
        return result
    }
}
