/// A type that options have values of.
public protocol OptionConvertible: Sendable {
    /// The value that an option's value stands for; nil for a value of another type.
    init?(optionValue: OptionValue)
    /// The value as an option's.
    var optionValue: OptionValue { get }
}

extension Int: OptionConvertible {
    /// The whole number that an option's value is.
    public init?(optionValue: OptionValue) {
        guard case .integer(let value) = optionValue else { return nil }
        self = value
    }

    /// A whole number as an option's value.
    public var optionValue: OptionValue { .integer(self) }
}

extension Double: OptionConvertible {
    /// The number that an option's value is.
    public init?(optionValue: OptionValue) {
        guard case .number(let value) = optionValue else { return nil }
        self = value
    }

    /// A number as an option's value.
    public var optionValue: OptionValue { .number(self) }
}

extension Bool: OptionConvertible {
    /// The truth value that an option's value is.
    public init?(optionValue: OptionValue) {
        guard case .flag(let value) = optionValue else { return nil }
        self = value
    }

    /// A truth value as an option's value.
    public var optionValue: OptionValue { .flag(self) }
}

extension String: OptionConvertible {
    /// The text that an option's value is.
    public init?(optionValue: OptionValue) {
        guard case .text(let value) = optionValue else { return nil }
        self = value
    }

    /// A text as an option's value.
    public var optionValue: OptionValue { .text(self) }
}

/// A few values with names, of which an option has one.
public protocol OptionChoice: OptionConvertible, CaseIterable, RawRepresentable where RawValue == String {}

extension OptionChoice {
    /// The choice that an option's value names.
    public init?(optionValue: OptionValue) {
        guard case .text(let name) = optionValue else { return nil }
        self.init(rawValue: name)
    }

    /// A choice as an option's value: its name.
    public var optionValue: OptionValue { .text(rawValue) }
}

/// An option of a method or an inversion, declared once: what it may be, and the type that its values are read as.
///
/// A method declares its options as static constants, lists what they are in its description, and reads them by
/// `options[Self.threshold]`.
public struct TypedOption<Value: OptionConvertible>: Sendable {
    /// What it may be, what it is by default, what the paper calls it.
    public let description: OptionDescription

    fileprivate init(
        _ name: String, _ kind: OptionDescription.Kind, _ standard: Value, presets: [Preset: Value],
        symbol: String?, help: String
    ) {
        description = OptionDescription(
            name, kind, standard.optionValue, presets: presets.mapValues(\.optionValue), symbol: symbol,
            help: help)
    }

    /// Its value where nothing is said.
    var standard: Value {
        guard let value = Value(optionValue: description.standard) else {
            preconditionFailure("option \(name) has a default of another type")
        }
        return value
    }
    /// The name on a command line.
    public var name: String { description.name }
    /// The option as something that a request may set.
    public var setting: Setting { description.setting }

    /// The circumstance that it has one of these values.
    public func `is`(_ values: Value...) -> Circumstance {
        .option(name, values.map(\.optionValue.description))
    }

    /// The circumstance that it has none of these values.
    public func isNot(_ values: Value...) -> Circumstance {
        .optionIsNot(name, values.map(\.optionValue.description))
    }
}

extension TypedOption where Value == Int {
    /// A whole number in a range.
    public init(
        _ name: String, in range: ClosedRange<Int>, _ standard: Int, presets: [Preset: Int] = [:],
        symbol: String? = nil, help: String
    ) {
        self.init(name, .integer(range), standard, presets: presets, symbol: symbol, help: help)
    }
}

extension TypedOption where Value == Double {
    /// A number in a range.
    public init(
        _ name: String, in range: ClosedRange<Double>, _ standard: Double, presets: [Preset: Double] = [:],
        symbol: String? = nil, help: String
    ) {
        self.init(name, .number(range), standard, presets: presets, symbol: symbol, help: help)
    }
}

extension TypedOption where Value == Bool {
    /// A truth value.
    public init(
        _ name: String, _ standard: Bool, presets: [Preset: Bool] = [:], symbol: String? = nil, help: String
    ) {
        self.init(name, .flag, standard, presets: presets, symbol: symbol, help: help)
    }
}

extension TypedOption where Value == String {
    /// A text, which means what the help says; empty for none.
    public init(
        _ name: String, _ standard: String = "", presets: [Preset: String] = [:], symbol: String? = nil,
        help: String
    ) {
        self.init(name, .text, standard, presets: presets, symbol: symbol, help: help)
    }
}

extension TypedOption where Value: OptionChoice {
    /// One of a few values with names.
    public init(
        _ name: String, _ standard: Value, presets: [Preset: Value] = [:], symbol: String? = nil, help: String
    ) {
        self.init(
            name, .choice(Value.allCases.map(\.rawValue)), standard, presets: presets, symbol: symbol,
            help: help)
    }
}

extension OptionDescription {
    /// The option as something that a request may set.
    public var setting: Setting { .option(name) }
}

extension Options {
    /// The value of an option; nil where the method or inversion has no such option.
    public func value<Value>(of option: TypedOption<Value>) -> Value? {
        values[option.name].flatMap { Value(optionValue: $0) }
    }

    /// The value of an option that the description of the method or inversion declares.
    public subscript<Value>(_ option: TypedOption<Value>) -> Value {
        guard let value = value(of: option) else {
            preconditionFailure("no option \(option.name) of such values is declared")
        }
        return value
    }
}
