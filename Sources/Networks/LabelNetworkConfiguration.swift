import Support

/// The shape of a network that labels images, and the labels themselves, as its `config.json` gives them.
public struct LabelNetworkConfiguration: Sendable, Hashable {
    /// Labels of which an image has one.
    public struct Group: Sendable, Hashable {
        /// What they are labels of, such as `colour`.
        public var name: String
        /// The labels; at least two.
        public var labels: [String]

        /// A group of labels.
        public init(name: String, labels: [String]) {
            self.name = name
            self.labels = labels
        }
    }

    /// What `model_type` says.
    public static let modelType = "pentimento_labels"
    /// What `views` may be.
    public static let possibleViews = [1, 2, 4]

    /// Side of the images it looks at, in pixels.
    public var side = 128
    /// Channels at a half, a quarter … of the side.
    public var channels = [16, 32, 64, 96]
    /// Residual blocks of a level.
    public var layersPerLevel = 1
    /// Groups of the normalisations.
    public var normGroups = 8
    /// Views of an image whose answers are averaged: 1 is the image, 2 its mirror image too, 4 the middle of both as well.
    public var views = 1
    /// The groups of labels, by name.
    public var groups: [Group] = []

    /// A network without labels.
    public init() {}

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming what is missing or not known here.
    public init(contentsOf path: String) throws {
        let file = try ConfigurationFile(path: path)
        side = try file.count("image_size", side)
        channels = try file.value("channels", channels)
        layersPerLevel = try file.count("layers_per_level", layersPerLevel)
        normGroups = try file.count("norm_groups", normGroups)
        views = try file.value("views", views)
        guard Self.possibleViews.contains(views) else {
            throw ConfigurationError.value(path: path, key: "views", value: "\(views)", known: "1, 2, 4")
        }
        if case .object(let labels)? = file["labels"] {
            let section = try file.section("labels")
            groups = try labels.keys.sorted().map {
                Group(name: $0, labels: try section.value($0, [String]()))
            }
        }
        guard !groups.isEmpty, groups.allSatisfy({ $0.labels.count > 1 }) else {
            throw ConfigurationError.value(
                path: path, key: "labels", value: "\(groups.map(\.labels))",
                known: "groups of at least two labels, by name")
        }
        guard (1...8).contains(channels.count), channels.allSatisfy({ $0 > 0 && $0 % normGroups == 0 }) else {
            throw ConfigurationError.value(
                path: path, key: "channels", value: "\(channels)",
                known: "one to eight positive multiples of norm_groups \(normGroups)")
        }
        try file.allow(
            ["labels", "image_size", "channels", "layers_per_level", "norm_groups", "views"], ignored: [],
            neutral: ["model_type": [Self.modelType]])
    }

    /// Whether a `config.json` is of such a network.
    public static func describes(_ path: String) throws -> Bool {
        try ConfigurationFile(path: path).value("model_type", "") == modelType
    }

    /// The `config.json`.
    public var json: [String: any Sendable] {
        [
            "model_type": Self.modelType, "image_size": side, "channels": channels,
            "layers_per_level": layersPerLevel, "norm_groups": normGroups, "views": views,
            "labels": Dictionary(uniqueKeysWithValues: groups.map { ($0.name, $0.labels) }),
        ]
    }
}
