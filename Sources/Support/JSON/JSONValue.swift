package import Foundation

/// A value of a JSON file as Python's `json` reads it: with `NaN`, `Infinity` and `-Infinity`, which diffusers writes.
package enum JSONValue: Sendable, Hashable, Codable {
    case null
    case flag(Bool)
    case whole(Int)
    /// A whole number above what `Int` holds, as seeds may be.
    case natural(UInt64)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    /// The object of a file's text; nil where the text is no JSON object.
    package static func object(of data: Data) -> [String: JSONValue]? {
        let decoder = JSONDecoder()
        // Strict JSON has no words for what is infinite or no number.
        decoder.allowsJSON5 = true
        guard case .object(let values)? = try? decoder.decode(JSONValue.self, from: data) else { return nil }
        return values
    }

    /// Anything that can be written as JSON.
    package init(encoding value: some Encodable) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    }

    /// Takes the first kind that fits; truth values are no numbers.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int.self) {
            self = .whole(value)
        } else if let value = try? container.decode(UInt64.self) {
            self = .natural(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    /// Writes the value as it is.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .whole(let value): try container.encode(value)
        case .natural(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }

    /// An object with more members, which take the place of those of the same names; anything else as it is.
    package func adding(_ members: [String: JSONValue]) -> JSONValue {
        guard case .object(let own) = self else { return self }
        return .object(own.merging(members) { _, new in new })
    }

    /// The text, where it is one.
    package var text: String? { if case .text(let text) = self { text } else { nil } }
    /// The truth value, where it is one.
    package var flag: Bool? { if case .flag(let flag) = self { flag } else { nil } }
    /// The number, where it is one.
    package var number: Double? { Double(self) }
    /// The members, where it is an object.
    package var object: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
    /// The entries, where it is a list.
    package var list: [JSONValue]? { if case .list(let entries) = self { entries } else { nil } }
}

extension JSONValue: CustomStringConvertible {
    /// As a message shows it: texts as they are, numbers as Python writes them, at most 80 characters.
    package var description: String {
        let text = written
        return text.count > 80 ? text.prefix(79) + "…" : text
    }

    private var written: String {
        switch self {
        case .null: "null"
        case .flag(let value): "\(value)"
        case .whole(let value): "\(value)"
        case .natural(let value): "\(value)"
        case .number(let value) where value.isNaN: "NaN"
        case .number(let value) where value.isInfinite: value < 0 ? "-Infinity" : "Infinity"
        case .number(let value): "\(value)"
        case .text(let text): text
        case .list(let entries): "[" + entries.map(\.written).joined(separator: ", ") + "]"
        case .object: "{…}"
        }
    }
}

/// What a key of a configuration can be asked for.
package protocol ConfigurationValue {
    /// The word for it in messages.
    static var kind: String { get }
    /// The value, or nil where the file holds another kind.
    init?(_ value: JSONValue)
}

extension Bool: ConfigurationValue {
    package static var kind: String { "true or false" }
    /// Python takes null for false wherever a flag is asked.
    package init?(_ value: JSONValue) {
        switch value {
        case .flag(let flag): self = flag
        case .null: self = false
        default: return nil
        }
    }
}

extension Int: ConfigurationValue {
    package static var kind: String { "a whole number" }
    package init?(_ value: JSONValue) {
        guard case .whole(let number) = value else { return nil }
        self = number
    }
}

extension Double: ConfigurationValue {
    package static var kind: String { "a number" }
    package init?(_ value: JSONValue) {
        switch value {
        case .whole(let number): self = Double(number)
        case .natural(let number): self = Double(number)
        case .number(let number) where number.isFinite: self = number
        default: return nil
        }
    }
}

extension String: ConfigurationValue {
    package static var kind: String { "a text" }
    package init?(_ value: JSONValue) {
        guard let text = value.text else { return nil }
        self = text
    }
}

extension Array: ConfigurationValue where Element: ConfigurationValue {
    package static var kind: String {
        switch Element.self {
        case is Bool.Type: "a list of true and false"
        case is Int.Type: "a list of whole numbers"
        case is Double.Type: "a list of numbers"
        default: "a list of texts"
        }
    }
    package init?(_ value: JSONValue) {
        guard let entries = value.list else { return nil }
        self = entries.compactMap { Element($0) }
        guard count == entries.count else { return nil }
    }
}
