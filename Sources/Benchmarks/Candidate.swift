public import Diffusion
public import Editing

/// Who takes part in a comparison: a method with options, or one of the two rows that every table needs.
public struct Candidate: Sendable, Hashable {
    /// What it does.
    public enum Kind: Sendable, Hashable {
        /// Leaves the image as it is: whoever is not better than this has not edited.
        case nothing
        /// Passes the image through the autoencoder alone: nobody who decodes a latent preserves better.
        case autoencoder
        /// Edits.
        case method(String, options: [String: String])
        /// Has its results in a folder, made elsewhere.
        case pictures(String, folder: String)
    }

    /// What it does.
    public let kind: Kind

    /// Leaves the image as it is.
    public static let nothing = Candidate(kind: .nothing)
    /// Encodes and decodes the image.
    public static let autoencoder = Candidate(kind: .autoencoder)

    /// A method with some of its options.
    public static func method(_ name: String, options: [String: String] = [:]) -> Candidate {
        Candidate(kind: .method(name, options: options))
    }

    /// Results that lie in a folder, under a name of their own.
    public static func pictures(_ name: String, in folder: String) -> Candidate {
        Candidate(kind: .pictures(name, folder: folder))
    }

    /// What it is called in rows and file names, given options included: `diffedit threshold=0.3`.
    public var label: String {
        switch kind {
        case .nothing: "nothing"
        case .autoencoder: "autoencoder"
        case .pictures(let name, _): name
        case .method(let name, let options):
            ([name] + options.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
                .joined(separator: " ")
        }
    }

    /// What it is called below an image.
    public var title: String { Self.title(of: label) }

    /// What a label means to people: the method's title in its paper, with the options behind it.
    public static func title(of label: String) -> String {
        let parts = label.split(separator: " ", maxSplits: 1).map(String.init)
        let first = parts.first ?? label
        let title =
            switch first {
            case "nothing": "Do nothing"
            case "autoencoder": "Autoencoder alone"
            default: (try? Registry.method(named: first))?.description.title ?? first
            }
        return parts.count > 1 ? "\(title) \(parts[1])" : title
    }

    /// What its method is; nil for the two rows that are none.
    public var description: MethodDescription? {
        guard case .method(let name, _) = kind else { return nil }
        return try? Registry.method(named: name).description
    }

    /// Methods that `all` leaves out of a comparison, with the reason: what they paint, or are painted by, is not there,
    /// so that a row would say nothing about them; or they take minutes for each picture, which is to be asked for.
    /// - Parameter commands: which of the edits a command tells.
    public static func leftOut(
        with model: ModelFacts, commands: CommandUse = .none
    ) -> [(method: String, reason: String)] {
        Registry.all.map { $0.description }.compactMap { method in
            if method.isSpatial {
                return [.all, .only].contains(commands)
                    ? nil : (method.name, "follows commands, and not all of these edits are some")
            }
            if commands == .only {
                return (method.name, "reads prompts, and only commands tell these edits")
            }
            if method.needs.regions != .unused {
                return (method.name, "paints regions, and these edits name none")
            }
            if method.needs.imageChannels, model.inputChannels != 2 * model.latentChannels {
                return (method.name, "needs a model trained to follow instructions, and this one is not")
            }
            if method.needs.tuning { return (method.name, "tunes for minutes; name it to have it") }
            return nil
        }
    }

    /// The candidates of a choice of methods, doing nothing and the autoencoder first.
    /// - Parameters:
    ///   - methods: `all`, or names with commas between.
    ///   - options: `method.key=value` each; the last of a name counts. `guidance` and `strength` are keys too: a
    ///     method's own in place of those that all share.
    ///   - preset: whose defaults the options are checked against.
    /// - Throws: `EditingError` for names and values that do not exist, before anything runs.
    public static func chosen(
        _ methods: String, options: [String] = [], preset: Preset = .paper
    ) throws -> [Candidate] {
        let all = Registry.all.map { $0.description.name }
        let named = methods.split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }
        var chosen: [String] = []
        for name in named == ["all"] ? all : named {
            let method = try Registry.method(named: name).description.name
            if !chosen.contains(method) { chosen.append(method) }
        }
        guard !chosen.isEmpty else {
            throw EditingError.badValue(
                name: "methods", value: "\"\(methods)\"", expected: "all, or names with commas between")
        }
        var given: [String: [String]] = [:]
        for option in options {
            let name = String(option.prefix { $0 != "." && $0 != "=" })
            guard option.dropFirst(name.count).first == ".", !name.isEmpty else {
                throw EditingError.badValue(
                    name: "option", value: "\"\(option)\"", expected: "of the form method.key=value")
            }
            let method = try Registry.method(named: name).description.name
            guard chosen.contains(method) else {
                throw EditingError.badValue(
                    name: "option", value: "\"\(option)\"",
                    expected: "for one of the methods compared: \(chosen.joined(separator: ", "))")
            }
            given[method, default: []].append(String(option.dropFirst(name.count + 1)))
        }
        let candidates = try chosen.map { name in
            let options = try Options.parse(given[name] ?? [])
            let (own, _) = try Self.split(options)
            _ = try Options(own, of: try Registry.method(named: name).description, preset: preset)
            return Candidate.method(name, options: options)
        }
        return [.nothing, .autoencoder] + candidates
    }

    /// A method's own options, and what its options say of the settings that all methods share.
    /// - Throws: `EditingError.badValue` for a guidance or a strength that cannot be.
    static func split(
        _ options: [String: String]
    ) throws -> (own: [String: String], shared: (inout EditSettings) -> Void) {
        var own = options
        func number(_ name: String, _ expected: String, _ fits: (Double) -> Bool) throws -> Double? {
            guard let text = own.removeValue(forKey: name) else { return nil }
            guard let value = Double(text), fits(value) else {
                throw EditingError.badValue(name: name, value: text, expected: expected)
            }
            return value
        }
        let guidance = try number("guidance", "a number from 0 to 100") { Limits.guidance.contains($0) }
        let strength = try number("strength", "above 0 and at most 1") { Limits.allows(strength: $0) }
        return (
            own,
            {
                if let guidance { $0.guidance = guidance }
                if let strength { $0.strength = strength }
            }
        )
    }
}
