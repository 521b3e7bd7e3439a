/// Something that a request may set.
public enum Setting: Sendable, Hashable {
    case source, negative, mask, regions, strength, inversion, measure
    /// One of the method's own options.
    case option(String)

    /// As it is given on a command line.
    public var flag: String {
        switch self {
        case .source: "--source"
        case .negative: "--negative"
        case .mask: "--mask"
        case .regions: "--region"
        case .strength: "--strength"
        case .inversion: "--inversion"
        case .measure: "--measure"
        case .option(let name): "--option \(name)"
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
    public var words: String {
        switch self {
        case .always: "in any case"
        case .option(let name, let values):
            values == [""] ? "without \(name)" : "with \(name)=\(values.joined(separator: " or "))"
        case .optionIsNot(let name, let values):
            values.contains("") || values.contains("none")
                ? "with \(name)" : "with \(name) other than \(values.joined(separator: " or "))"
        case .given(let setting): "with \(setting.flag)"
        case .notGiven(let setting): "without \(setting.flag)"
        case .guided: "with a guidance other than 1"
        case .inversion(let kinds):
            "with --inversion \(kinds.map(\.rawValue).joined(separator: " or "))"
        case .all(let parts): parts.map(\.words).joined(separator: " and ")
        case .any(let parts): parts.map(\.words).joined(separator: ", or ")
        }
    }

    /// Whether it holds for a request with these options and settings.
    func holds(
        for request: EditRequest, _ options: Options, _ settings: MethodDescription.Settings
    ) -> Bool {
        switch self {
        case .always: true
        case .option(let name, let values): values.contains(options.values[name]?.description ?? "")
        case .optionIsNot(let name, let values): !values.contains(options.values[name]?.description ?? "")
        case .given(let setting): request.given.contains(setting)
        case .notGiven(let setting): !request.given.contains(setting)
        case .guided: settings.guidance != 1
        case .inversion(let kinds): settings.inversion.map { kinds.contains($0) } ?? false
        case .all(let parts): parts.allSatisfy { $0.holds(for: request, options, settings) }
        case .any(let parts): parts.contains { $0.holds(for: request, options, settings) }
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

    /// A condition of options.
    init(options: [String], when: Circumstance) { self.init(options.map { .option($0) }, when: when) }
}

extension Condition: Encodable {
    private enum Keys: String, CodingKey { case settings, counts }

    /// Flags, and the circumstance in words.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(settings.map(\.flag), forKey: .settings)
        try container.encode(when.words, forKey: .counts)
    }
}

/// A setting that was given and has no effect.
public struct UnusedSetting: Sendable, Hashable, CustomStringConvertible {
    /// Which one.
    public var setting: Setting
    /// When it would have an effect; nil where the method never makes use of it.
    public var when: Circumstance?

    /// The flag, and when it would count.
    public var description: String {
        setting.flag + (when.map { " (which counts only \($0.words))" } ?? "")
    }
}

extension EditRequest {
    /// What was set, shared settings first, then options by name.
    var given: [Setting] {
        var given: [Setting] = []
        if source != nil { given.append(.source) }
        if let negative, !negative.isEmpty { given.append(.negative) }
        if mask != nil { given.append(.mask) }
        if !regions.isEmpty { given.append(.regions) }
        if strength != nil { given.append(.strength) }
        if inversion != nil { given.append(.inversion) }
        if measuresInversion { given.append(.measure) }
        return given + options.keys.sorted().map { .option($0) }
    }

    /// The request without the shared settings that its method makes no use of.
    /// - Throws: `EditingError` as `checked` does.
    public func withoutUnusedSettings() throws -> EditRequest {
        var request = self
        for unused in try checked().unused {
            switch unused.setting {
            case .source: request.source = nil
            case .negative: request.negative = nil
            case .mask: request.mask = nil
            case .strength: request.strength = nil
            case .inversion: (request.inversion, request.inversionOptions) = (nil, [:])
            case .measure: request.measuresInversion = false
            case .regions, .option: break
            }
        }
        return request
    }
}

extension MethodDescription {
    /// What a request sets that this method makes no use of.
    func unused(in request: EditRequest, _ options: Options, _ settings: Settings) -> [UnusedSetting] {
        request.given.compactMap { setting in
            guard uses(setting) else { return UnusedSetting(setting: setting) }
            let failing = conditions(of: setting).first { !$0.holds(for: request, options, settings) }
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
        case .negative, .option: true
        }
    }

    /// What must hold for something to count; what is known of all methods where this one says nothing else.
    private func conditions(of setting: Setting) -> [Circumstance] {
        // The inversion that is measured is the one that the edit begins with.
        let own = conditions.filter { $0.settings.contains(setting == .measure ? .inversion : setting) }
        return own.isEmpty && setting == .negative ? [.guided] : own.map(\.when)
    }
}
