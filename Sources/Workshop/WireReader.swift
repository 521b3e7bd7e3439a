import Editing
package import Support

/// Reads the fields of a JSON object and refuses what is of another kind, or unknown.
package struct WireReader {
    private let members: [String: JSONValue]
    private let place: String
    private var known: [String] = []

    /// Reads an object.
    /// - Parameter place: where it stands, for messages; empty at the top.
    /// - Throws: `Problem` where the value is no object.
    package init(_ value: JSONValue, at place: String = "") throws(Problem) {
        guard let members = value.object else {
            throw Problem(
                "bad-value", 422, "\(place.isEmpty ? "the request" : place) must be a JSON object",
                field: place.isEmpty ? nil : place, expected: "an object")
        }
        self.members = members
        self.place = place
    }

    /// What a field is called in messages.
    private func path(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

    private func refused(_ name: String, _ value: JSONValue, _ expected: String) -> Problem {
        Problem(
            "bad-value", 422, "\(path(name)) is \(value); it must be \(expected)", field: path(name),
            expected: expected)
    }

    /// A field as it stands; nil where it is not there or null.
    package mutating func value(_ name: String) -> JSONValue? {
        known.append(name)
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// A text of at most so many bytes.
    package mutating func text(_ name: String, most: Int = 8000) throws(Problem) -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.text else { throw refused(name, value, "a text") }
        guard text.utf8.count <= most else {
            throw Problem(
                "bad-value", 422, "\(path(name)) has \(text.utf8.count) bytes; at most \(most) are read",
                field: path(name), expected: "at most \(most) bytes")
        }
        return text
    }

    /// One of some names.
    package mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String, _: Value.Type = Value.self
    ) throws(Problem) -> Value? where Value.RawValue == String {
        guard let value = value(name) else { return nil }
        let names = Value.allCases.map(\.rawValue)
        guard let text = value.text, let found = Value(rawValue: text) else {
            throw Problem(
                "bad-value", 422,
                "\(path(name)) is \(value); it must be one of \(names.joined(separator: ", "))",
                field: path(name), expected: "one of \(names.joined(separator: ", "))",
                nearest: value.text.flatMap(names.nearest))
        }
        return found
    }

    /// A whole number within a range.
    package mutating func whole(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let value = value(name) else { return nil }
        guard case .whole(let number) = value, range.contains(number) else {
            throw refused(name, value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A finite number.
    package mutating func number(_ name: String) throws(Problem) -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.number else { throw refused(name, value, "a number") }
        return number
    }

    /// A truth value.
    package mutating func flag(_ name: String) throws(Problem) -> Bool? {
        guard let value = value(name) else { return nil }
        guard let flag = value.flag else { throw refused(name, value, "true or false") }
        return flag
    }

    /// An object.
    package mutating func object(_ name: String) throws(Problem) -> WireReader? {
        guard let value = value(name) else { return nil }
        return try WireReader(value, at: path(name))
    }

    /// The members of an object whose names are not known beforehand.
    package mutating func members(_ name: String, most: Int) throws(Problem) -> [String: JSONValue] {
        guard let value = value(name) else { return [:] }
        guard let members = value.object else { throw refused(name, value, "an object") }
        guard members.count <= most else { throw refused(name, value, "an object of at most \(most) fields") }
        return members
    }

    /// A list of at most so many entries.
    package mutating func list(_ name: String, most: Int) throws(Problem) -> [JSONValue]? {
        guard let value = value(name) else { return nil }
        guard let list = value.list else { throw refused(name, value, "a list") }
        guard list.count <= most else {
            throw Problem(
                "bad-value", 422, "\(path(name)) has \(list.count) entries; at most \(most) are taken",
                field: path(name), expected: "at most \(most) entries")
        }
        return list
    }

    /// A seed: a whole number below 2⁵³, or any below 2⁶⁴ as a text; nil for none or −1, which leave it to chance.
    package mutating func seed(_ name: String) throws(Problem) -> UInt64? {
        guard let value = value(name) else { return nil }
        switch value {
        case .whole(-1): return nil
        case .whole(let number) where (0...Self.mostExact).contains(number): return UInt64(number)
        case .text(let text):
            if let number = UInt64(text) { return number }
        default: break
        }
        throw refused(
            name, value, "a whole number from 0 to \(Self.mostExact), or one below 2^64 as a text of digits")
    }

    /// The largest whole number that scripts hold exactly.
    static let mostExact = (1 << 53) - 1

    /// Refuses fields that nobody asked for.
    package func finish() throws(Problem) {
        guard let name = members.keys.sorted().first(where: { !known.contains($0) }) else { return }
        let nearest = known.nearest(to: name)
        throw Problem(
            "unknown-field", 422,
            "there is no field \(path(name))" + (nearest.map { "; did you mean \(path($0))?" } ?? ""),
            field: path(name), nearest: nearest)
    }
}

extension JSONValue {
    /// The value as scripts can hold it: whole numbers above 2⁵³ as texts, numbers that are none as null.
    package var exact: JSONValue {
        switch self {
        case .whole(let number) where abs(number) > WireReader.mostExact: .text("\(number)")
        case .natural(let number): .text("\(number)")
        case .number(let number) where !number.isFinite: .null
        case .list(let entries): .list(entries.map(\.exact))
        case .object(let members): .object(members.mapValues(\.exact))
        default: self
        }
    }

    /// The value as JSON on one line.
    package var line: String { (try? jsonLine(exact, naming: .plain)) ?? "null" }
}
