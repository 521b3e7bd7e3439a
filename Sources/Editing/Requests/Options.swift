/// The value of a method's option.
public enum OptionValue: Sendable, Hashable, CustomStringConvertible {
    case integer(Int)
    case number(Double)
    case text(String)
    case flag(Bool)

    /// As it is written on a command line.
    public var description: String {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
        case .text(let value): value
        case .flag(let value): "\(value)"
        }
    }
}

extension OptionValue: Codable {
    /// A JSON number, string or truth value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int.self) {
            self = .integer(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// A JSON number, string or truth value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .integer(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        }
    }
}

/// Which defaults a request starts from.
public enum Preset: String, Sendable, Codable, CaseIterable {
    /// The algorithm of the paper, corrected where its code is known to be wrong.
    case paper
    /// What the published (or, where none was, the most used) code does, quirks included.
    case official
    /// Fewer steps, for a first look.
    case fast
    /// What the authors of Prompt-to-Prompt published for photos, as google/prompt-to-prompt has it.
    case google
    /// How cure-lab/PnPInversion runs Prompt-to-Prompt in its comparison.
    case pnpInversion = "pnp-inversion"

    /// The preset whose values count where this one has none: code that is named by its owner is published code.
    var wider: Preset {
        switch self {
        case .paper, .official, .fast: self
        case .google, .pnpInversion: .official
        }
    }
}

/// As a key of JSON objects by its name.
extension Preset: CodingKeyRepresentable {}

/// One option of a method: what it may be, what it is by default, what the paper calls it.
public struct OptionDescription: Sendable, Hashable, Codable {
    /// What values an option takes.
    public enum Kind: Sendable, Hashable {
        case integer(ClosedRange<Int>)
        case number(ClosedRange<Double>)
        case choice([String])
        /// Free words, which mean what the option's help says; empty for none.
        case text
        case flag
    }

    /// The name on a command line.
    public var name: String
    /// What values it takes.
    public var kind: Kind
    /// The value with `--preset paper`, which is the default.
    public var standard: OptionValue
    /// Values of other presets where they differ.
    public var presets: [Preset: OptionValue]
    /// The paper's symbol, if it has one.
    public var symbol: String?
    /// What it does, in one line.
    public var help: String

    /// A description.
    public init(
        _ name: String, _ kind: Kind, _ standard: OptionValue, presets: [Preset: OptionValue] = [:],
        symbol: String? = nil, help: String
    ) {
        self.name = name
        self.kind = kind
        self.standard = standard
        self.presets = presets
        self.symbol = symbol
        self.help = help
    }

    /// The value under a preset.
    public func value(in preset: Preset) -> OptionValue {
        presets[preset] ?? presets[preset.wider] ?? standard
    }

    /// What a value must be, in words.
    public var expectation: String {
        switch kind {
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            "a number from \(OptionValue.number(range.lowerBound)) to \(OptionValue.number(range.upperBound))"
        case .choice(let names): "one of " + names.joined(separator: ", ")
        case .text: "a text"
        case .flag: "true or false"
        }
    }

    /// The value that a text means.
    /// - Throws: `EditingError.badValue` with what is allowed; not-a-number never is.
    func value(of text: String) throws(EditingError) -> OptionValue {
        switch kind {
        case .integer(let range):
            if let value = Int(text), range.contains(value) { return .integer(value) }
        case .number(let range):
            if let value = Double(text), range.contains(value) { return .number(value) }
        case .choice(let names):
            if names.contains(text) { return .text(text) }
        case .text: return .text(text)
        case .flag:
            if let value = [
                "true": true, "yes": true, "on": true, "false": false, "no": false, "off": false,
            ][
                text.lowercased()]
            {
                return .flag(value)
            }
        }
        throw .badValue(name: "option \(name)", value: text, expected: expectation)
    }
}

extension OptionDescription.Kind: Codable {
    private enum Keys: String, CodingKey { case type, minimum, maximum, values }
    private enum Name: String, Codable { case integer, number, choice, text, flag }

    /// Reads `{"type": "number", "minimum": 0, "maximum": 1}`, `{"type": "choice", "values": […]}` and the like.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        func range<Bound: Comparable & Decodable>(_: Bound.Type) throws -> ClosedRange<Bound> {
            let (least, most) = (
                try container.decode(Bound.self, forKey: .minimum),
                try container.decode(Bound.self, forKey: .maximum)
            )
            guard least <= most else {
                throw DecodingError.dataCorruptedError(
                    forKey: .maximum, in: container, debugDescription: "the maximum is below the minimum")
            }
            return least...most
        }
        switch try container.decode(Name.self, forKey: .type) {
        case .integer: self = .integer(try range(Int.self))
        case .number: self = .number(try range(Double.self))
        case .choice: self = .choice(try container.decode([String].self, forKey: .values))
        case .text: self = .text
        case .flag: self = .flag
        }
    }

    /// Writes the type's name, and the least and greatest value or the values that may be chosen.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        func encode(_ name: Name, _ least: some Encodable, _ most: some Encodable) throws {
            try container.encode(name, forKey: .type)
            try container.encode(least, forKey: .minimum)
            try container.encode(most, forKey: .maximum)
        }
        switch self {
        case .integer(let range): try encode(.integer, range.lowerBound, range.upperBound)
        case .number(let range): try encode(.number, range.lowerBound, range.upperBound)
        case .choice(let values):
            try container.encode(Name.choice, forKey: .type)
            try container.encode(values, forKey: .values)
        case .text: try container.encode(Name.text, forKey: .type)
        case .flag: try container.encode(Name.flag, forKey: .type)
        }
    }
}

/// The options of one run of a method: all of them, checked.
public struct Options: Sendable, Hashable {
    /// Values by name.
    public let values: [String: OptionValue]

    /// A method's defaults under a preset, with some options given as texts.
    /// - Throws: `EditingError`: an unknown name (with the nearest right one), a value out of range, or a preset that
    ///   is another method's.
    public init(
        _ given: [String: String], of method: MethodDescription, preset: Preset = .paper
    ) throws(EditingError) {
        guard method.presetNames.contains(preset) else {
            throw .badValue(
                name: "preset", value: preset.rawValue,
                expected:
                    "one of \(method.presetNames.map(\.rawValue).joined(separator: ", ")) for \(method.name)")
        }
        try self.init(given, of: method.options, owner: method.name, preset: preset)
    }

    /// The defaults of whatever has such options under a preset, with some given as texts.
    /// - Parameter owner: whose options they are, for the message.
    /// - Throws: `EditingError`: an unknown name (with the nearest right one) or a value out of range.
    init(
        _ given: [String: String], of options: [OptionDescription], owner: String, preset: Preset
    ) throws(EditingError) {
        var values = Self.defaults(of: options, preset: preset)
        for (name, text) in given.sorted(by: { $0.key < $1.key }) {
            guard let option = options.first(where: { $0.name == name }) else {
                throw .unknownOption(name: name, method: owner, known: options.map(\.name))
            }
            values[name] = try option.value(of: text)
        }
        self.values = values
    }

    /// The defaults alone, which need no check.
    init(defaultsOf options: [OptionDescription], preset: Preset = .paper) {
        values = Self.defaults(of: options, preset: preset)
    }

    private static func defaults(of options: [OptionDescription], preset: Preset) -> [String: OptionValue] {
        var values: [String: OptionValue] = [:]
        for option in options { values[option.name] = option.value(in: preset) }
        return values
    }

    /// Options as written on a command line, `name=value` each; the last of a name counts.
    /// - Throws: `EditingError.malformedOption`.
    public static func parse(_ texts: [String]) throws(EditingError) -> [String: String] {
        var given: [String: String] = [:]
        for text in texts {
            guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
                throw .malformedOption(text: text)
            }
            given[String(text[..<sign])] = String(text[text.index(after: sign)...])
        }
        return given
    }
}
