import Foundation

/// A text from a picture's metadata: JSON where it is a JSON object or list, else itself.
struct MetadataText: Encodable {
    let value: JSONValue

    init(_ value: JSONValue) { self.value = value }

    init(_ text: String) {
        let begin = text.first { !$0.isWhitespace }
        if begin == "{" || begin == "[",
            let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
        {
            self.value = value
        } else {
            value = .string(text)
        }
    }

    func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

/// Any JSON.
enum JSONValue: Codable, Equatable {
    case null
    case flag(Bool)
    case integer(Int64)
    case natural(UInt64)
    case number(Double)
    case string(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let place = try decoder.singleValueContainer()
        if place.decodeNil() {
            self = .null
        } else if let flag = try? place.decode(Bool.self) {
            self = .flag(flag)
        } else if let integer = try? place.decode(Int64.self) {
            self = .integer(integer)
        } else if let natural = try? place.decode(UInt64.self) {
            self = .natural(natural)
        } else if let number = try? place.decode(Double.self) {
            self = .number(number)
        } else if let text = try? place.decode(String.self) {
            self = .string(text)
        } else if let list = try? place.decode([JSONValue].self) {
            self = .list(list)
        } else {
            self = .object(try place.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var place = encoder.singleValueContainer()
        switch self {
        case .null: try place.encodeNil()
        case .flag(let flag): try place.encode(flag)
        case .integer(let integer): try place.encode(integer)
        case .natural(let natural): try place.encode(natural)
        case .number(let number): try place.encode(number)
        case .string(let text): try place.encode(text)
        case .list(let list): try place.encode(list)
        case .object(let object): try place.encode(object)
        }
    }

    /// The value for people: `key: value` a line, nested values in JSON.
    var lines: String {
        guard case .object(let object) = self else { return short }
        return object.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.short)" }.joined(
            separator: "\n")
    }

    private var short: String {
        if case .string(let text) = self { return text }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
