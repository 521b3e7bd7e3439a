import Foundation
public import Support

/// A component's configuration, read so that nothing that changes the result is passed over.
///
/// A key that is absent takes its default. `null` is not the same: it is false where a flag is asked for, as in Python,
/// and refused by name elsewhere, unless the setting is one that `null` turns off.
package struct ConfigurationFile {
    /// Where it lies.
    package let path: String
    private let values: [String: JSONValue]

    /// - Throws: `ConfigurationError` where there is no readable JSON object.
    package init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { throw ConfigurationError.noFile(path) }
        guard let data = FileManager.default.contents(atPath: path), let object = JSONValue.object(of: data)
        else { throw ConfigurationError.unreadable(path) }
        self.init(path: path, object)
    }

    /// What a file at a path holds.
    package init(path: String, _ object: [String: JSONValue]) {
        self.path = path
        values = object
    }

    /// An object within the object, such as `text_config`; an empty one where it is absent.
    package func section(_ key: String) throws -> ConfigurationFile {
        switch values[key] {
        case nil, .null: return ConfigurationFile(path: path, [:])
        case .object(let object): return ConfigurationFile(path: path, object)
        case let value?: throw kindError(key, value, wanted: "an object")
        }
    }

    /// Keys that a copy of averaged weights leaves behind.
    static let averagingLeftovers: Set<String> = [
        "decay", "inv_gamma", "min_decay", "optimization_step", "power", "update_after_step",
        "use_ema_warmup",
    ]

    /// The value as it stands, nil where the key is absent.
    package subscript(_ key: String) -> JSONValue? { values[key] }

    /// A value, its default where it is absent, an error where it is of another kind.
    package func value<Value: ConfigurationValue>(_ key: String, _ fallback: Value) throws -> Value {
        guard let found = values[key] else { return fallback }
        guard let value = Value(found) else { throw kindError(key, found, wanted: Value.kind) }
        return value
    }

    /// A value that `null` turns off.
    package func optional<Value: ConfigurationValue>(_ key: String) throws -> Value? {
        guard let found = values[key], found != .null else { return nil }
        guard let value = Value(found) else { throw kindError(key, found, wanted: Value.kind) }
        return value
    }

    /// A positive number of channels, layers and the like.
    package func count(_ key: String, _ fallback: Int) throws -> Int {
        let value = try value(key, fallback)
        guard (1...1_048_576).contains(value) else {
            throw valueError(key, "\(value)", known: "a positive number")
        }
        return value
    }

    /// A list, or one number that stands for every entry.
    package func counts(_ key: String, _ fallback: Int, entries: Int) throws -> [Int] {
        let list: [Int]
        switch values[key] {
        case nil: list = Array(repeating: fallback, count: entries)
        case .whole(let number): list = Array(repeating: number, count: entries)
        case .list: list = try value(key, [Int]())
        case let value?: throw kindError(key, value, wanted: "a whole number or a list of them")
        }
        guard list.count == entries, list.allSatisfy({ (1...1_048_576).contains($0) }) else {
            throw valueError(key, "\(list)", known: "\(entries) positive numbers, one per stage")
        }
        return list
    }

    /// A number, which may also stand once per stage.
    package func sameCount(_ key: String, _ fallback: Int, entries: Int) throws -> Int {
        let list = try counts(key, fallback, entries: entries)
        guard list.allSatisfy({ $0 == list[0] }) else {
            throw valueError(key, "\(list)", known: "one number for all stages")
        }
        return list[0]
    }

    /// A number above zero that is added to variances or divided by.
    package func positive(_ key: String, _ fallback: Double) throws -> Double {
        let value = try value(key, fallback)
        guard value > 0 else { throw valueError(key, "\(value)", known: "a number above 0") }
        return value
    }

    /// The longer side of what a network was trained on: a number, or [height, width]; nil where it is not said.
    package func side(_ key: String) throws -> Int? {
        switch values[key] {
        case nil, .null: return nil
        case .list: return try counts(key, 1, entries: 2).max()
        case _?: return try count(key, 1)
        }
    }

    /// All keys, in the order of the alphabet.
    package var keys: [String] { values.keys.sorted() }

    /// A text, number or flag as it is written on a command line.
    package func plain(_ key: String) throws -> String {
        switch values[key] {
        case .text(let text)?: text
        case .flag(let flag)?: "\(flag)"
        case .whole(let number)?: "\(number)"
        case .number(let number)?: "\(number)"
        case let value: throw kindError(key, value ?? .null, wanted: "a text, a number, true or false")
        }
    }

    /// Refuses the first key that is none of those that mean something.
    package func refuseOthers(than known: [String]) throws {
        guard let key = keys.first(where: { !known.contains($0) }) else { return }
        throw ConfigurationError.noSuchKey(path: path, key: key, known: known)
    }

    /// Whether the key has a value.
    package func has(_ key: String) -> Bool { values[key].map { $0 != .null } ?? false }

    /// Whether the file was written by a version of diffusers older than a minor version of its zero.
    package func isOlder(than minor: Int) -> Bool {
        guard let version = values["_diffusers_version"]?.text else { return false }
        let numbers = version.split(separator: ".").prefix(2).map { Int($0) ?? .max }
        return numbers.count == 2 && numbers[0] == 0 && numbers[1] < minor
    }

    /// Refuses settings that this code does not have: each key may be absent or hold one of its neutral values.
    ///
    /// A key that is in no list is refused as well, unless it is off: newer files may ask for something new.
    package func allow(_ read: Set<String>, ignored: Set<String>, neutral: [String: [String]]) throws {
        for (key, value) in values.sorted(by: { $0.key < $1.key })
        where !key.hasPrefix("_") && !read.contains(key) && !ignored.contains(key) {
            // A whole number may be written with a fraction, and a flag for each stage.
            let text = value.isOff ? "false" : Self.plain(value)
            if let allowed = neutral[key] {
                guard allowed.contains(text) || (value == .null && allowed.contains("null")) else {
                    throw valueError(key, "\(value)", known: allowed.joined(separator: ", "))
                }
            } else if text != "false" {
                throw ConfigurationError.unknown(path: path, key: key, value: "\(value)")
            }
        }
    }

    private static func plain(_ value: JSONValue) -> String {
        guard case .list(let entries) = value, let first = entries.first,
            entries.allSatisfy({ $0 == first })
        else { return "\(value)" }
        return "\(first)"
    }

    /// The error of a setting that is not supported.
    package func valueError(_ key: String, _ value: String, known: String) -> ConfigurationError {
        .value(path: path, key: key, value: value, known: known)
    }

    private func kindError(_ key: String, _ value: JSONValue, wanted: String) -> ConfigurationError {
        .type(path: path, key: key, value: "\(value)", wanted: wanted)
    }
}

extension JSONValue {
    /// Whether Python takes it for false: a flag that is off, `null`, and lists of such.
    fileprivate var isOff: Bool {
        switch self {
        case .null, .flag(false): true
        case .list(let entries): entries.allSatisfy(\.isOff)
        default: false
        }
    }
}

/// Why a configuration cannot be used.
public enum ConfigurationError: UserError, Equatable {
    case noFile(String)
    case unreadable(String)
    case type(path: String, key: String, value: String, wanted: String)
    case value(path: String, key: String, value: String, known: String)
    case unknown(path: String, key: String, value: String)
    case noSuchKey(path: String, key: String, known: [String])

    /// Where the cause lies: in a file that is not there, or in what one says.
    public var kind: UserErrorKind {
        switch self {
        case .noFile: .missing
        case .value, .unknown: .unsupported
        case .unreadable, .type, .noSuchKey: .badInput
        }
    }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .noFile(let path): "there is no file \(path)"
        case .unreadable(let path): "\(path) is not a JSON object"
        case .type(let path, let key, let value, let wanted):
            "\(path): \(key) is \(value), where \(wanted) belongs"
        case .value(let path, let key, let value, let known):
            "\(path): \(key) is \(value), which is not supported; known here: \(known)"
        case .unknown(let path, let key, let value):
            "\(path): \(key) (\(value)) is not known here, and it may change the result"
        case .noSuchKey(let path, let key, let known):
            "\(path): there is no setting \"\(key)\"; there are \(known.joined(separator: ", "))"
        }
    }
}
