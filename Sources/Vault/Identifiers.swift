package import Foundation

/// Names of what is kept: of rows by the time they were made, of pictures by what they hold.
package enum Identifiers {
    /// What a row is, as its name begins.
    package enum Kind: Character, Sendable {
        case job = "j"
        case result = "r"
    }

    /// Crockford's base 32: no letters that are taken for digits or for one another.
    private static let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// A new name: 48 bits of milliseconds and 80 bits of chance, so that names sort by time.
    package static func new(_ kind: Kind, at date: Date = Date()) -> String {
        let milliseconds = UInt64(max(date.timeIntervalSince1970 * 1000, 0))
        var letters: [UInt8] = []
        for place in (0..<10).reversed() {
            letters.append(digits[Int(milliseconds >> UInt64(5 * place)) & 31])
        }
        for _ in 0..<16 { letters.append(digits[Int.random(in: 0..<32)]) }
        return "\(kind.rawValue)_" + String(decoding: letters, as: UTF8.self)
    }

    /// Whether a text can be the name of such a row.
    package static func isName(_ text: String, of kind: Kind) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.count == 28 && bytes[0] == kind.rawValue.asciiValue && bytes[1] == UInt8(ascii: "_")
            && bytes.dropFirst(2).allSatisfy(digits.contains)
    }

    /// Whether a text can be the name of a picture: its SHA-256 in lower-case hex.
    package static func isPicture(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
    }
}

extension Sequence<UInt8> {
    /// Bytes as lower-case hex.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
