import Foundation

/// A text from an image's metadata: JSON where it is a JSON object or list, else itself.
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

    /// The value for people: `key: value` a line, what is nested indented below its key.
    var lines: String { written.joined(separator: "\n") }

    private var written: [String] {
        switch self {
        case .object(let object):
            object.sorted { $0.key < $1.key }.flatMap { $0.value.written(under: "\($0.key):") }
        case .list(let list): list.flatMap { $0.written(under: "-") }
        default: short.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// The value behind its key where it is one line, else below it.
    private func written(under key: String) -> [String] {
        if let line { return ["\(key) \(line)"] }
        return [key] + written.map { "  " + $0 }
    }

    /// Values that are read best on one line: plain ones without line breaks, and short lists of them.
    private var line: String? {
        switch self {
        case .object(let object): return object.isEmpty ? "none" : nil
        case .list(let list):
            let texts = list.map { value -> String? in
                switch value {
                case .object, .list: nil
                default: value.line
                }
            }
            guard list.isEmpty || texts.allSatisfy({ $0.map { $0.count <= 24 } ?? false }), list.count <= 16
            else {
                return nil
            }
            return list.isEmpty ? "none" : texts.compactMap(\.self).joined(separator: ", ")
        default: return short.contains("\n") ? nil : short
        }
    }

    private var short: String {
        switch self {
        case .null: return "none"
        case .flag(let flag): return flag ? "yes" : "no"
        case .string(let text): return text
        default: return (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
    }
}
