/// How byte-level vocabularies write a byte as one visible character.
///
/// Printable Latin-1 bytes stand for themselves; the others, in rising order, take the characters from U+0100 on.
/// Source: GPT-2's byte-level byte-pair encoding (Radford et al. 2019), which CLIP kept.
enum ByteSymbols {
    /// What marks the last symbol of a word.
    static let endOfWord = "</w>"

    /// Whether a byte stands for itself.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 33...126, 161...172, 174...255: true
        default: false
        }
    }

    /// The character of every byte, by byte.
    static let characters: [Unicode.Scalar] = {
        var next: UInt16 = 256
        return (UInt8.min...UInt8.max).map { byte in
            if isPlain(byte) { return Unicode.Scalar(byte) }
            defer { next += 1 }
            return Unicode.Scalar(next) ?? Unicode.Scalar(byte)
        }
    }()

    /// The bytes in the order in which CLIP's vocabulary lists them: plain ones first.
    static let vocabularyOrder: [UInt8] =
        (UInt8.min...UInt8.max).filter(isPlain) + (UInt8.min...UInt8.max).filter { !isPlain($0) }

    /// A byte's symbol as UTF-8, with or without the mark of a word's end.
    static func symbol(of byte: UInt8, endingWord: Bool) -> [UInt8] {
        Array(String(characters[Int(byte)]).utf8) + (endingWord ? Array(endOfWord.utf8) : [])
    }
}
