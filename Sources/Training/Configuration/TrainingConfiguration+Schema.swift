import Diffusion
public import Foundation

extension TrainingConfiguration {
    /// The JSON schema of configuration files: every key with its type, its default and what may be chosen.
    public static var schema: Data {
        get throws {
            var schema = Shape(of: TrainingConfiguration()).schema
            schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
            schema["title"] = "A configuration for pentimento train"
            return try JSONSerialization.data(
                withJSONObject: schema, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        }
    }

    /// What may be chosen, by key such as `data.source`.
    static let choices: [String: [String]] = Shape(of: TrainingConfiguration()).choices(at: "")
}

/// What a value of a configuration looks like, told from the type of its default.
indirect enum Shape {
    case section([(key: String, shape: Shape)])
    case choice([String], standard: String)
    /// A single value: the schema's name of its type, and its default.
    case value(String, standard: Any)
    case list(String, standard: [Any])
    /// A number for each of some names.
    case numbers([String: Double])

    /// The shape of a value.
    /// - Precondition: the value is made of what JSON has, of choices by name and of such structures.
    init(of value: Any) {
        switch value {
        case let value as Bool: self = .value("boolean", standard: value)
        case let value as String: self = .value("string", standard: value)
        case let value as any FixedWidthInteger: self = .value("integer", standard: value)
        case let value as Double: self = .value("number", standard: value)
        case let value as [Bool]: self = .list("boolean", standard: value)
        case let value as [String]: self = .list("string", standard: value)
        case let value as [Int]: self = .list("integer", standard: value)
        case let value as [Double]: self = .list("number", standard: value)
        case let value as [String: Double]: self = .numbers(value)
        case let value as any Choice: self = value.shape
        default:
            let children = Mirror(reflecting: value).children
            precondition(!children.isEmpty, "\(type(of: value)) has no place in a configuration")
            self = .section(children.compactMap { child in child.label.map { ($0, Shape(of: child.value)) } })
        }
    }

    /// As a JSON schema.
    var schema: [String: Any] {
        switch self {
        case .section(let parts):
            let properties = Dictionary(uniqueKeysWithValues: parts.map { ($0.key, $0.shape.schema as Any) })
            return ["type": "object", "properties": properties, "additionalProperties": false]
        case .choice(let names, let standard): return ["type": "string", "enum": names, "default": standard]
        case .value(let type, let standard): return ["type": type, "default": standard]
        case .list(let type, let standard):
            return ["type": "array", "items": ["type": type], "default": standard]
        case .numbers(let standard):
            return [
                "type": "object", "properties": standard.mapValues { _ in ["type": "number"] },
                "additionalProperties": false, "default": standard,
            ]
        }
    }

    /// All choices below a place.
    func choices(at place: String) -> [String: [String]] {
        switch self {
        case .section(let parts):
            parts.reduce(into: [:]) { found, part in
                found.merge(part.shape.choices(at: place.isEmpty ? part.key : "\(place).\(part.key)")) { $1 }
            }
        case .choice(let names, _): [place: names]
        default: [:]
        }
    }
}

/// One of a few names.
protocol Choice: CaseIterable, RawRepresentable where RawValue == String {}

extension Choice {
    fileprivate var shape: Shape { .choice(Self.allCases.map(\.rawValue), standard: rawValue) }
}

extension TrainingConfiguration.Kind: Choice {}
extension TrainingConfiguration.Precision: Choice {}
extension DataSection.Source: Choice {}
extension AutoencoderSection.Loss: Choice {}
extension Prediction: Choice {}
