import Foundation

/// A component's `config.json`, read so that nothing that changes the result is passed over.
struct ConfigurationFile {
    let path: String
    private let values: [String: Any]

    /// - Throws: `ConfigurationError` where there is no readable JSON object.
    init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { throw ConfigurationError.noFile(path) }
        guard let data = FileManager.default.contents(atPath: path),
            let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
        else { throw ConfigurationError.unreadable(path) }
        self.init(path: path, object)
    }

    private init(path: String, _ object: [String: Any]) {
        self.path = path
        values = object.filter { !$0.key.hasPrefix("_") && !($0.value is NSNull) }
    }

    /// An object within the object, such as `text_config`; an empty one where it is absent.
    func section(_ key: String) throws -> ConfigurationFile {
        ConfigurationFile(path: path, try value(key, [:] as [String: Any]))
    }

    /// A value, its default where it is absent, an error where it has another type.
    func value<Value>(_ key: String, _ fallback: Value) throws -> Value {
        guard let found = values[key] else { return fallback }
        if let value = found as? Value, !isMistakenFlag(found, as: Value.self) { return value }
        throw ConfigurationError.type(path: path, key: key, value: "\(found)")
    }

    /// A positive number of channels, layers and the like.
    func count(_ key: String, _ fallback: Int) throws -> Int {
        let value = try value(key, fallback)
        guard (1...1_048_576).contains(value) else {
            throw ConfigurationError.value(
                path: path, key: key, value: "\(value)", known: "a positive number")
        }
        return value
    }

    /// A list, or one number that stands for every entry.
    func counts(_ key: String, _ fallback: Int, entries: Int) throws -> [Int] {
        let list: [Int]
        if let number = values[key] as? Int {
            list = Array(repeating: number, count: entries)
        } else {
            list = try value(key, Array(repeating: fallback, count: entries))
        }
        guard list.count == entries, list.allSatisfy({ $0 > 0 }) else {
            throw ConfigurationError.value(
                path: path, key: key, value: "\(list)", known: "\(entries) positive numbers, one per stage")
        }
        return list
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    /// Refuses settings that this code does not have: each key may be absent or hold one of its neutral values.
    ///
    /// A key that is in neither list is refused as well, unless it is off: newer files may ask for something new.
    func allow(_ read: Set<String>, ignored: Set<String>, neutral: [String: [String]]) throws {
        for (key, value) in values.sorted(by: { $0.key < $1.key })
        where !read.contains(key) && !ignored.contains(key) {
            let text = written(value)
            if let allowed = neutral[key] {
                guard allowed.contains(text) else {
                    throw ConfigurationError.value(
                        path: path, key: key, value: text, known: allowed.joined(separator: ", "))
                }
            } else if text != "false" {
                throw ConfigurationError.unknown(path: path, key: key, value: text)
            }
        }
    }
}

/// A value as a message shows it: `true`, `1` also for 1.0, text as it is.
private func written(_ value: Any) -> String {
    guard let number = value as? NSNumber else { return "\(value)" }
    if isFlag(number) { return number.boolValue ? "true" : "false" }
    return Int(exactly: number.doubleValue).map(String.init) ?? "\(number)"
}

/// JSON's true and false arrive as numbers of an own class.
private func isFlag(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

/// Whether `true` was given where a number belongs, or a number where a flag belongs.
private func isMistakenFlag<Value>(_ found: Any, as type: Value.Type) -> Bool {
    guard let number = found as? NSNumber else { return false }
    return isFlag(number) != (type == Bool.self)
}

/// Why a `config.json` cannot be used.
public enum ConfigurationError: Error, Equatable, CustomStringConvertible {
    case noFile(String)
    case unreadable(String)
    case type(path: String, key: String, value: String)
    case value(path: String, key: String, value: String, known: String)
    case unknown(path: String, key: String, value: String)

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .noFile(let path): "there is no file \(path)"
        case .unreadable(let path): "\(path) is not a JSON object"
        case .type(let path, let key, let value): "\(path): \(key) has a value of the wrong type: \(value)"
        case .value(let path, let key, let value, let known):
            "\(path): \(key) is \(value), which is not supported; known here: \(known)"
        case .unknown(let path, let key, let value):
            "\(path): \(key) (\(value)) is not known here, and it may change the result"
        }
    }
}
