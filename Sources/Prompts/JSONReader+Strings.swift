extension JSONReader {
    /// Reads a quoted string as UTF-8 into a buffer that the caller keeps, so that nothing is allocated per string.
    mutating func readString(into text: inout [UInt8]) throws(TokenizerError) {
        try expect("\"")
        text.removeAll(keepingCapacity: true)
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return
            case UInt8(ascii: "\\"):
                position += 1
                try readEscape(into: &text)
            case 0..<0x20:
                throw malformed("a control character inside a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw malformed("a string without its closing quote")
    }

    private mutating func readEscape(into text: inout [UInt8]) throws(TokenizerError) {
        guard position < bytes.count else { throw malformed("the file ends early") }
        let byte = bytes[position]
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"): try readCodePoint(into: &text)
        default: throw malformed("an unknown escape in a string")
        }
    }

    private mutating func readCodePoint(into text: inout [UInt8]) throws(TokenizerError) {
        var code = try readHexadecimal()
        if case 0xD800...0xDBFF = code {
            guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
                bytes[position + 1] == UInt8(ascii: "u")
            else { throw malformed("half of a surrogate pair") }
            position += 2
            let low = try readHexadecimal()
            guard case 0xDC00...0xDFFF = low else { throw malformed("half of a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw malformed("half of a surrogate pair") }
        text.append(contentsOf: UTF8.encode(scalar) ?? .init())
    }

    private mutating func readHexadecimal() throws(TokenizerError) -> UInt32 {
        guard position + 4 <= bytes.count else { throw malformed("the file ends early") }
        var value: UInt32 = 0
        for _ in 0..<4 {
            let digit: UInt8
            switch bytes[position] {
            case let byte where byte >= 0x30 && byte <= 0x39: digit = byte - 0x30
            case let byte where byte >= 0x41 && byte <= 0x46: digit = byte - 0x41 + 10
            case let byte where byte >= 0x61 && byte <= 0x66: digit = byte - 0x61 + 10
            default: throw malformed("expected four hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
