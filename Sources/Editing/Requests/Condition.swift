public import Support

/// Something that a request may set.
public enum Setting: Sendable, Hashable {
    case source, negative, mask, regions, strength, inversion, measure, steps, guidance
    /// One of the method's own options.
    case option(String)

    /// It, for messages.
    public var message: Message { "\(control(), plain: words)" }

    /// It with a value, for messages that point to it.
    func control(_ value: String? = nil) -> Control {
        switch self {
        case .source: .setting("source", value)
        case .negative: .setting("negative", value)
        case .mask: .setting("mask", value)
        case .regions: .setting("region", value)
        case .strength: .setting("strength", value)
        case .inversion: .setting("inversion", value)
        case .measure: .setting("measure", value)
        case .steps: .setting("steps", value)
        case .guidance: .setting("guidance", value)
        case .option(let name): .setting("option", name + (value.map { "=\($0)" } ?? ""))
        }
    }

    /// A method's option with a value, for messages.
    static func message(_ option: String, _ value: String) -> Message {
        "\(Setting.option(option).control(value), plain: "option \(option)=\(value)")"
    }

    private var words: String {
        switch self {
        case .source: "a source prompt"
        case .negative: "a negative prompt"
        case .mask: "a mask"
        case .regions: "regions"
        case .strength: "a strength"
        case .inversion: "an inversion"
        case .measure: "measuring the inversion"
        case .steps: "steps"
        case .guidance: "guidance"
        case .option(let name): "option \(name)"
        }
    }
}

/// What may have to hold for a setting to count.
public indirect enum Circumstance: Sendable, Hashable {
    /// In any case.
    case always
    /// An option has one of these values.
    case option(String, [String])
    /// An option has none of these values.
    case optionIsNot(String, [String])
    /// Something is given.
    case given(Setting)
    /// Something is not given.
    case notGiven(Setting)
    /// Guidance is not 1.
    case guided
    /// The image is brought to noise in one of these ways.
    case inversion([InversionKind])
    /// All of these hold.
    case all([Circumstance])
    /// At least one of these holds.
    case any([Circumstance])

    /// In words that follow "only".
    public var message: Message {
        switch self {
        case .always: "in any case"
        case .option(let name, let values):
            values == [""] ? "without \(name)" : "with \(name)=\(values.joined(separator: " or "))"
        case .optionIsNot(let name, let values):
            values.contains("") || values.contains("none")
                ? "with \(name)" : "with \(name) other than \(values.joined(separator: " or "))"
        case .given(let setting): "with \(setting.message)"
        case .notGiven(let setting): "without \(setting.message)"
        case .guided: "with a guidance other than 1"
        case .inversion(let kinds):
            "with \(.setting("inversion"), plain: "inversion") \(kinds.map(\.rawValue).joined(separator: " or "))"
        case .all(let parts): parts.map(\.message).joined(separator: " and ")
        case .any(let parts): parts.map(\.message).joined(separator: ", or ")
        }
    }

    /// Whether it holds where these things are given, with these options and settings.
    func holds(
        given: [Setting], _ options: Options, _ settings: MethodDescription.Settings
    ) -> Bool {
        switch self {
        case .always: true
        case .option(let name, let values): values.contains(options.values[name]?.description ?? "")
        case .optionIsNot(let name, let values): !values.contains(options.values[name]?.description ?? "")
        case .given(let setting): given.contains(setting)
        case .notGiven(let setting): !given.contains(setting)
        case .guided: settings.guidance != 1
        case .inversion(let kinds): settings.inversion.map { kinds.contains($0) } ?? false
        case .all(let parts): parts.allSatisfy { $0.holds(given: given, options, settings) }
        case .any(let parts): parts.contains { $0.holds(given: given, options, settings) }
        }
    }
}

/// When some of a method's settings count; what no condition names counts always.
public struct Condition: Sendable, Hashable {
    /// What counts only then.
    public var settings: [Setting]
    /// What must hold.
    public var when: Circumstance

    /// A condition.
    public init(_ settings: [Setting], when: Circumstance) {
        self.settings = settings
        self.when = when
    }
}

extension Condition: Encodable {
    private enum Keys: String, CodingKey { case settings, counts }

    /// The settings as the encoder's `Naming` calls them, and the circumstance in words.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(settings.map { $0.message.text(encoder.naming) }, forKey: .settings)
        try container.encode(when.message.text(encoder.naming), forKey: .counts)
    }
}

/// A setting that was given and has no effect.
public struct UnusedSetting: Sendable, Hashable {
    /// Which one.
    public var setting: Setting
    /// When it would have an effect; nil where the method never makes use of it.
    public var when: Circumstance?

    /// The setting, and when it would count.
    public var message: Message {
        setting.message + (when.map { " (which counts only \($0.message))" } ?? "")
    }
}

extension MethodDescription {
    /// Those of the given settings that this method makes no use of.
    func unused(of given: [Setting], _ options: Options, _ settings: Settings) -> [UnusedSetting] {
        given.compactMap { setting in
            guard uses(setting) else { return UnusedSetting(setting: setting) }
            let failing = conditions(of: setting).first { !$0.holds(given: given, options, settings) }
            return failing.map { UnusedSetting(setting: setting, when: $0) }
        }
    }

    /// Whether the method makes use of something at all.
    private func uses(_ setting: Setting) -> Bool {
        switch setting {
        case .source: needs.source != .unused
        case .mask: needs.mask != .unused
        case .regions: needs.regions != .unused
        case .strength: standard.strength != nil
        case .inversion, .measure: standard.inversion != nil
        case .negative, .steps, .guidance: needs.sampling != false
        case .option: true
        }
    }

    /// What must hold for something to count; what is known of all methods where this one says nothing else.
    private func conditions(of setting: Setting) -> [Circumstance] {
        // The inversion that is measured is the one that the edit begins with.
        let own = conditions.filter { $0.settings.contains(setting == .measure ? .inversion : setting) }
        return own.isEmpty && setting == .negative ? [.guided] : own.map(\.when)
    }
}
