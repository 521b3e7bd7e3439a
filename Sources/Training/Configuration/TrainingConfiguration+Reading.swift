public import Foundation

extension TrainingConfiguration {
    /// Reads a JSON file over the defaults and checks every value.
    /// - Throws: `TrainingError` for a missing file, what is not JSON, an unknown key or a value out of bounds.
    public init(contentsOf path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TrainingError.missing(path: path)
        }
        try self.init(json: data, named: path)
    }

    /// Reads JSON over the defaults and checks every value.
    ///
    /// - `name`: what messages call the text.
    public init(json data: Data, named name: String) throws {
        let given: Any
        do {
            given = try JSONSerialization.jsonObject(with: data)
        } catch {
            throw TrainingError.unreadableConfiguration(
                path: name, reason: "it is not JSON (\(error.localizedDescription))")
        }
        guard let given = given as? [String: Any] else {
            throw TrainingError.unreadableConfiguration(path: name, reason: "it is not a JSON object")
        }
        let defaults = try JSONSerialization.jsonObject(with: JSONEncoder().encode(TrainingConfiguration()))
        let merged = try Self.merge(given, over: defaults as? [String: Any] ?? [:], at: "", of: name)
        do {
            let bytes = try JSONSerialization.data(withJSONObject: merged)
            self = try JSONDecoder().decode(TrainingConfiguration.self, from: bytes)
        } catch let error as DecodingError {
            throw TrainingError.unreadableConfiguration(path: name, reason: Self.reason(of: error))
        }
        try validate()
    }

    /// The configuration as JSON with sorted keys.
    public var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return try encoder.encode(self)
        }
    }

    private static func merge(
        _ given: [String: Any], over defaults: [String: Any], at place: String, of name: String
    ) throws -> [String: Any] {
        var merged = defaults
        for (key, value) in given {
            let path = place.isEmpty ? key : "\(place).\(key)"
            guard let usual = defaults[key] else {
                throw TrainingError.unknownKey(path: name, key: path, known: defaults.keys.sorted())
            }
            if let section = usual as? [String: Any] {
                guard let inner = value as? [String: Any] else {
                    throw TrainingError.unreadableConfiguration(
                        path: name, reason: "\(path) is not an object")
                }
                merged[key] = try merge(inner, over: section, at: path, of: name)
            } else if let names = choices[path], let text = value as? String, !names.contains(text) {
                throw TrainingError.invalidValue(
                    key: path, value: text, reason: "one of \(names.joined(separator: ", "))")
            } else {
                merged[key] = value
            }
        }
        return merged
    }

    /// A type for people.
    private static func words(for type: Any.Type) -> String {
        switch type {
        case is any FixedWidthInteger.Type: "a whole number"
        case is Double.Type: "a number"
        case is Bool.Type: "true or false"
        case is [Any].Type: "a list"
        case is [String: Any].Type: "an object"
        default: "a text"
        }
    }

    private static func reason(of error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        return switch error {
        case .typeMismatch(let type, let context): "\(place(context)) is not \(words(for: type))"
        case .valueNotFound(let type, let context):
            "\(place(context)) is null where \(words(for: type)) is needed"
        case .keyNotFound(let key, let context): "\(place(context)) lacks \(key.stringValue)"
        case .dataCorrupted(let context): "\(place(context)): \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }
}
