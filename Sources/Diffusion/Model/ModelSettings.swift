import Foundation
import Networks

/// How images are best edited with a model, as its folder tells: `editing.json` beside `model_index.json`.
///
/// The values stand in for what a request does not say itself, unless it names a preset. Models whose folders have no
/// such file are used with the standard of each method. The file is called after what it is about, and diffusers passes
/// it over.
///
/// ```
/// {
///     "methods": {"diffedit": {"guidance": 5, "threshold": 0.35, "encode-prompt": "source"}},
///     "kinds": ["daisy", "rose"],
///     "example": "a photo of an orange flower"
/// }
/// ```
///
/// `guidance`, `steps` and `strength` beside `methods` count for all methods, those of a method for it alone; everything
/// else there is an option of that method.
public struct ModelSettings: Sendable, Hashable {
    /// The file's name.
    public static let file = "editing.json"

    /// Values that stand in for what a request leaves open.
    public struct Values: Sendable, Hashable, Codable {
        /// Guidance scale (g).
        public var guidance: Double?
        /// Steps of the whole trajectory (N).
        public var steps: Int?
        /// Share of the trajectory that is redone.
        public var strength: Double?
        /// Options of the method by name, as they are written on a command line.
        public var options: [String: String]

        /// Values; none by default.
        public init(
            guidance: Double? = nil, steps: Int? = nil, strength: Double? = nil,
            options: [String: String] = [:]
        ) {
            self.guidance = guidance
            self.steps = steps
            self.strength = strength
            self.options = options
        }
    }

    /// Where the file lies, for messages.
    public let path: String
    /// What counts for every method.
    public let shared: Values
    /// What counts for one, by the method's name.
    public let methods: [String: Values]
    /// The things that the model paints, where the file names them.
    public let kinds: [String]
    /// A prompt of the model's own words, for whatever it has no name for.
    public let example: String?

    /// Settings that lie in no file.
    public init(
        path: String = file, shared: Values = Values(), methods: [String: Values] = [:],
        kinds: [String] = [], example: String? = nil
    ) {
        self.path = path
        self.shared = shared
        self.methods = methods
        self.kinds = kinds
        self.example = example
    }

    /// What a model folder tells; nil where it has no such file.
    ///
    /// Whether the methods and options exist is seen where they are known, see `MethodDescription.values(of:)`.
    /// - Throws: `ConfigurationError` naming the file and what in it cannot be used.
    init?(folder: String) throws {
        let path = "\(folder)/\(Self.file)"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file = try ConfigurationFile(path: path)
        let known = ["example", "guidance", "kinds", "methods", "steps", "strength"]
        try file.refuseOthers(than: known)
        let entries = try file.section("methods")
        var methods: [String: Values] = [:]
        for name in entries.keys {
            let section = try entries.section(name)
            var values = try Values(section)
            for key in section.keys where !Values.names.contains(key) {
                values.options[key] = try section.plain(key)
            }
            methods[name] = values
        }
        self.init(
            path: path, shared: try Values(file), methods: methods,
            kinds: try file.value("kinds", []), example: try file.optional("example"))
    }

    /// What counts for a method: its own values before those of all.
    public func values(for method: String) -> Values {
        let own = methods[method] ?? Values()
        return Values(
            guidance: own.guidance ?? shared.guidance, steps: own.steps ?? shared.steps,
            strength: own.strength ?? shared.strength, options: own.options)
    }
}

extension ModelSettings.Values {
    /// The keys that are no options.
    fileprivate static let names: Set<String> = ["guidance", "steps", "strength"]

    fileprivate init(_ file: ConfigurationFile) throws {
        self.init(
            guidance: try file.optional("guidance"), steps: try file.optional("steps"),
            strength: try file.optional("strength"))
    }
}
