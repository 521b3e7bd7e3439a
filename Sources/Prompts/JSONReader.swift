import Support

/// Reads strict JSON (RFC 8259) from bytes, one piece at a time.
///
/// A vocabulary of 49,408 entries is read in milliseconds because its caller walks the members itself and no tree is
/// built. Anything that is not JSON is refused with the byte where it went wrong.
struct JSONReader {
    let bytes: [UInt8]
    let path: String
    var position = 0

    /// How deep values may nest, so that a hostile file cannot exhaust the stack.
    private static let deepest = 64

    /// - Throws: when the bytes are evidently another kind of file, or not UTF-8.
    init(bytes: [UInt8], path: String) throws(TokenizerError) {
        self.bytes = bytes
        self.path = path
        if let other = Self.otherKind(of: bytes) { throw .notTheFile(path: path, found: other) }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .notTheFile(path: path, found: "not UTF-8 text")
        }
    }

    /// What a file really is, where that can be told from its first bytes: an empty file, a web page, a pointer.
    static func otherKind(of bytes: [UInt8]) -> String? {
        let head = bytes.prefix(256).drop { isSpace($0) }
        if head.isEmpty, bytes.count < 256 { return "empty" }
        if head.first == UInt8(ascii: "<") { return "a web page" }
        if head.starts(with: Array("version https://git-lfs".utf8)) { return "a git-lfs pointer" }
        if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return "a zip archive" }
        if head.starts(with: [0x1F, 0x8B]) { return "a gzip archive" }
        return nil
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    func malformed(_ reason: String) -> TokenizerError {
        .malformed(path: path, byte: position, reason: reason)
    }

    private mutating func skipSpace() {
        while position < bytes.count, Self.isSpace(bytes[position]) { position += 1 }
    }

    /// The next byte that is not white space, left in place.
    mutating func peek() throws(TokenizerError) -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw malformed("the file ends early") }
        return bytes[position]
    }

    /// Steps over one punctuation byte.
    mutating func expect(_ character: Unicode.Scalar) throws(TokenizerError) {
        guard try peek() == UInt8(ascii: character) else { throw malformed("expected \"\(character)\"") }
        position += 1
    }

    /// Makes sure that nothing but white space is left.
    mutating func expectEnd() throws(TokenizerError) {
        skipSpace()
        guard position == bytes.count else { throw malformed("text after the end of the value") }
    }

    /// Reads `{ "key": … }`, handing over each key; the body reads the value.
    mutating func readObject(
        _ body: (inout JSONReader, _ key: [UInt8]) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        try expect("{")
        if try peek() == UInt8(ascii: "}") {
            position += 1
            return
        }
        var key: [UInt8] = []
        while true {
            try readString(into: &key)
            try expect(":")
            try body(&self, key)
            if try peek() == UInt8(ascii: "}") { break }
            try expect(",")
        }
        position += 1
    }

    /// Reads `[ … ]`; the body reads one item.
    mutating func readArray(
        _ body: (inout JSONReader) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        try expect("[")
        if try peek() == UInt8(ascii: "]") {
            position += 1
            return
        }
        while true {
            try body(&self)
            if try peek() == UInt8(ascii: "]") { break }
            try expect(",")
        }
        position += 1
    }

    /// Reads a whole number that is not negative and below 2³¹.
    mutating func readIndex() throws(TokenizerError) -> Int {
        _ = try peek()
        let start = position
        var value = 0
        while position < bytes.count, case 0x30...0x39 = bytes[position] {
            value = value * 10 + Int(bytes[position] - 0x30)
            guard value <= Int(Int32.max) else { throw malformed("an id above 2147483647") }
            position += 1
        }
        let digits = position - start
        guard digits > 0, digits == 1 || bytes[start] != 0x30 else {
            throw malformed("expected a whole number that is not negative")
        }
        if position < bytes.count, [0x2E, 0x65, 0x45].contains(bytes[position]) {
            throw malformed("expected a whole number")
        }
        return value
    }

    /// Reads any value as a tree.
    mutating func readValue(depth: Int = 0) throws(TokenizerError) -> JSONValue {
        guard depth < Self.deepest else { throw malformed("nested deeper than \(Self.deepest) levels") }
        switch try peek() {
        case UInt8(ascii: "{"):
            var members: [String: JSONValue] = [:]
            try readObject { (reader, key) throws(TokenizerError) in
                members[String(decoding: key, as: UTF8.self)] = try reader.readValue(depth: depth + 1)
            }
            return .object(members)
        case UInt8(ascii: "["):
            var items: [JSONValue] = []
            try readArray { (reader) throws(TokenizerError) in
                items.append(try reader.readValue(depth: depth + 1))
            }
            return .list(items)
        case UInt8(ascii: "\""):
            var text: [UInt8] = []
            try readString(into: &text)
            return .text(String(decoding: text, as: UTF8.self))
        case UInt8(ascii: "t"): return try readWord("true", .flag(true))
        case UInt8(ascii: "f"): return try readWord("false", .flag(false))
        case UInt8(ascii: "n"): return try readWord("null", .null)
        default: return .number(try readNumber())
        }
    }

    private mutating func readWord(_ word: String, _ value: JSONValue) throws(TokenizerError) -> JSONValue {
        guard bytes[position...].starts(with: word.utf8) else { throw malformed("expected \(word)") }
        position += word.utf8.count
        return value
    }

    private mutating func readNumber() throws(TokenizerError) -> Double {
        let start = position
        while position < bytes.count, "+-.eE0123456789".utf8.contains(bytes[position]) { position += 1 }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let first = text.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "."),
            let value = Double(text), value.isFinite
        else {
            position = start
            throw malformed("expected a value")
        }
        return value
    }
}
