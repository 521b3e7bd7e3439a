import Foundation
import Support

/// The files of a tokenizer folder, read one by one with errors that name them.
struct TokenizerFolder {
    let path: String

    static let vocabulary = "vocab.json"
    static let merges = "merges.txt"
    static let whole = "tokenizer.json"
    static let settings = "tokenizer_config.json"
    static let specialTokens = "special_tokens_map.json"
    static let addedTokens = "added_tokens.json"

    /// No tokenizer of this kind comes near this size; a mistaken file is refused before it fills the memory.
    private static let largest = 64 << 20

    /// Finds the tokenizer in its own folder, or in the model folder around it.
    init(_ folder: String) throws(TokenizerError) {
        let candidates = [folder, folder + "/tokenizer"]
        for path in candidates {
            let names = [Self.whole, Self.vocabulary, Self.merges]
            if names.contains(where: { FileManager.default.fileExists(atPath: path + "/" + $0) }) {
                self.path = path
                return
            }
        }
        throw .filesMissing(folder: folder, missing: [Self.vocabulary, Self.merges])
    }

    func path(of name: String) -> String { path + "/" + name }

    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(of: name)) }

    private func bytes(of name: String) throws(TokenizerError) -> [UInt8] {
        let path = path(of: name)
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            if let size = attributes[.size] as? Int, size > Self.largest {
                throw TokenizerError.unreachable(
                    path: path, reason: "\(size) bytes is too large for a tokenizer")
            }
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .unreachable(path: path, reason: error.localizedDescription)
        }
    }

    func reader(of name: String) throws(TokenizerError) -> JSONReader {
        try JSONReader(bytes: bytes(of: name), path: path(of: name))
    }

    /// The members of a JSON file; none where the file does not exist.
    func members(of name: String) throws(TokenizerError) -> [String: JSONValue] {
        guard has(name) else { return [:] }
        var reader = try reader(of: name)
        guard let members = try reader.readValue().object else {
            throw .malformed(path: path(of: name), byte: 0, reason: "expected an object")
        }
        try reader.expectEnd()
        return members
    }

    /// Reads `vocab.json`: one flat object of token to id.
    func vocabularyTable() throws(TokenizerError) -> ByteTable {
        var reader = try reader(of: Self.vocabulary)
        let table = try reader.readVocabulary()
        try reader.expectEnd()
        return table
    }

    /// Reads `merges.txt`: a version line, then two symbols a line.
    func mergeList() throws(TokenizerError) -> MergeList {
        let bytes = try bytes(of: Self.merges)
        let path = path(of: Self.merges)
        if let other = JSONReader.otherKind(of: bytes), other != "empty" {
            throw .notTheFile(path: path, found: other)
        }
        var merges = MergeList()
        let version = Array("#version".utf8)
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            var line = bytes[start..<end]
            if line.last == 0x0D { line = line.dropLast() }
            if !line.starts(with: version) {
                guard let space = line.firstIndex(of: 0x20), space > line.startIndex,
                    space + 1 < line.endIndex, !line[(space + 1)...].contains(0x20)
                else { throw .malformed(path: path, byte: start, reason: "expected two symbols in a line") }
                merges.append(left: line[..<space], right: line[(space + 1)...])
            }
            start = end + 1
        }
        return merges
    }

    /// What `tokenizer.json` holds of use: vocabulary, merges and added tokens.
    struct Whole {
        var table: ByteTable
        var merges: MergeList
        var added: [JSONValue]
    }

    /// Reads `tokenizer.json`, the file of Hugging Face's tokenizers library.
    func wholeFile() throws(TokenizerError) -> Whole {
        var reader = try reader(of: Self.whole)
        var table: ByteTable?
        var merges: MergeList?
        var added: [JSONValue] = []
        try reader.readObject { (reader, key) throws(TokenizerError) in
            switch String(decoding: key, as: UTF8.self) {
            case "model":
                try reader.readObject { (reader, key) throws(TokenizerError) in
                    switch String(decoding: key, as: UTF8.self) {
                    case "vocab": table = try reader.readVocabulary()
                    case "merges": merges = try reader.readMerges()
                    default: _ = try reader.readValue()
                    }
                }
            case "added_tokens": added = try reader.readValue().list ?? []
            default: _ = try reader.readValue()
            }
        }
        try reader.expectEnd()
        guard let table else { throw .missingEntry(path: path(of: Self.whole), token: "model.vocab") }
        guard let merges else { throw .missingEntry(path: path(of: Self.whole), token: "model.merges") }
        return Whole(table: table, merges: merges, added: added)
    }
}

extension JSONReader {
    /// Reads a flat object of token to id.
    fileprivate mutating func readVocabulary() throws(TokenizerError) -> ByteTable {
        // An entry takes at least ten bytes or so; the table grows where that guess is wrong.
        var table = ByteTable(capacity: max(64, min(bytes.count / 16, 1 << 17)))
        try readObject { (reader, key) throws(TokenizerError) in
            let id = try reader.readIndex()
            guard table.insert(key, value: id) else {
                let token = String(decoding: key, as: UTF8.self)
                throw .duplicate(path: reader.path, what: "the token \"\(token)\"")
            }
        }
        return table
    }

    /// Reads merges as pairs, or as two symbols with a space between.
    fileprivate mutating func readMerges() throws(TokenizerError) -> MergeList {
        var merges = MergeList()
        var left: [UInt8] = []
        var right: [UInt8] = []
        try readArray { (reader) throws(TokenizerError) in
            if try reader.peek() == UInt8(ascii: "[") {
                try reader.expect("[")
                try reader.readString(into: &left)
                try reader.expect(",")
                try reader.readString(into: &right)
                try reader.expect("]")
            } else {
                var line: [UInt8] = []
                try reader.readString(into: &line)
                let parts = line.split(separator: 0x20, omittingEmptySubsequences: false)
                guard parts.count == 2 else { throw reader.malformed("expected two symbols in a merge") }
                (left, right) = (Array(parts[0]), Array(parts[1]))
            }
            merges.append(left: left, right: right)
        }
        return merges
    }
}
