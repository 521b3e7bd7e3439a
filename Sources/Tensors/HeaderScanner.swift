/// Reads the little JSON that a safetensors header is made of, strictly.
///
/// Not a general parser on purpose: the header's grammar is fixed and flat, so nothing here recurses, keys that stand
/// twice are seen, and integers keep their digits until somebody judges them.
struct HeaderScanner {
    /// An integer as written, and its value where an `Int` holds it.
    struct Integer {
        let text: String
        let value: Int?
        var isNegative: Bool { text.hasPrefix("-") }
    }

    private let path: String
    private let bytes: UnsafeRawBufferPointer
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer, path: String) {
        self.bytes = bytes
        self.path = path
    }

    /// Reads `{ "key": …, … }`; `value` reads what stands behind a key.
    mutating func object(_ value: (inout HeaderScanner, _ key: String) throws -> Void) throws {
        try take(UInt8(ascii: "{"), "\"{\"")
        if skip(UInt8(ascii: "}")) { return }
        var seen: Set<String> = []
        repeat {
            let key = try string()
            guard seen.insert(key).inserted else { throw SafetensorsError.duplicateKey(path: path, key: key) }
            try take(UInt8(ascii: ":"), "\":\"")
            try value(&self, key)
        } while skip(UInt8(ascii: ","))
        try take(UInt8(ascii: "}"), "\",\" or \"}\"")
    }

    /// Reads `[1, 2, …]`.
    mutating func integers() throws -> [Integer] {
        try take(UInt8(ascii: "["), "a list of integers")
        if skip(UInt8(ascii: "]")) { return [] }
        var found: [Integer] = []
        repeat { found.append(try integer()) } while skip(UInt8(ascii: ","))
        try take(UInt8(ascii: "]"), "\",\" or \"]\"")
        return found
    }

    /// Reads a text in quotes.
    mutating func string() throws -> String {
        try take(UInt8(ascii: "\""), "a text in quotes")
        var text: [UInt8] = []
        while true {
            guard position < bytes.count else { throw expected("the end of a text") }
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): text.append(contentsOf: String(try escape()).utf8)
            case 0..<0x20:
                position -= 1
                throw expected("a text without control characters")
            default: text.append(byte)
            }
        }
    }

    /// Nothing but spaces may follow.
    mutating func end() throws {
        skipSpace()
        guard position == bytes.count else { throw expected("the end of the header") }
    }

    private mutating func integer() throws -> Integer {
        skipSpace()
        let start = position
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") { position += 1 }
        let digits = position
        while position < bytes.count, isDigit(bytes[position]) { position += 1 }
        let count = position - digits
        let fraction = position < bytes.count && [".", "e", "E"].contains(UnicodeScalar(bytes[position]))
        guard count > 0, count == 1 || bytes[digits] != UInt8(ascii: "0"), !fraction else {
            position = start
            throw expected("an integer")
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        return Integer(text: text, value: Int(text))
    }

    private mutating func escape() throws -> Unicode.Scalar {
        guard position < bytes.count else { throw expected("an escaped character") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try codeUnit()
            if let scalar = Unicode.Scalar(unit) { return scalar }
            // Half of a pair: the other half must follow.
            if (0xD800..<0xDC00).contains(unit), position + 1 < bytes.count,
                bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
            {
                position += 2
                let low = try codeUnit()
                if (0xDC00..<0xE000).contains(low),
                    let scalar = Unicode.Scalar(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00))
                {
                    return scalar
                }
            }
            throw expected("a whole surrogate pair")
        default:
            position -= 1
            throw expected("an escape that JSON knows")
        }
    }

    private mutating func codeUnit() throws -> UInt32 {
        guard position + 4 <= bytes.count else { throw expected("four hexadecimal digits") }
        var value: UInt32 = 0
        for byte in bytes[position..<(position + 4)] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw expected("four hexadecimal digits")
            }
            value = value << 4 + UInt32(digit)
        }
        position += 4
        return value
    }

    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private mutating func skipSpace() {
        while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func take(_ byte: UInt8, _ what: String) throws {
        guard skip(byte) else { throw expected(what) }
    }

    /// The failure at this place; offsets count from the start of the file.
    private func expected(_ what: String) -> SafetensorsError {
        .headerNotJSON(path: path, offset: position + SafetensorsHeader.lengthByteCount, expected: what)
    }
}
