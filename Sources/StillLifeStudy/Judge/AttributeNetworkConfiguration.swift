import Foundation
import Networks
import Support

/// The shape of a network that names what images show, and the names themselves, as its `config.json` gives them.
public struct AttributeNetworkConfiguration: Sendable, Hashable {
    /// Side of the images it looks at, in pixels.
    public var side = 64
    /// Channels at the whole, a half, a quarter and an eighth of the side.
    public var channels = [16, 32, 64, 96]
    /// Groups of the normalisations.
    public var normGroups = 8
    /// What an object can be.
    public var kinds: [String] = []
    /// The colours an object can have.
    public var colours: [String] = []
    /// What can cover an object.
    public var surfaces: [String] = []
    /// What can have happened to an object.
    public var states: [String] = []
    /// What objects can stand on.
    public var tables: [String] = []
    /// What can be behind them.
    public var walls: [String] = []
    /// How the image can be made.
    public var styles: [String] = []
    /// The most objects that are told apart by number.
    public var mostObjects = 3

    /// A network without names.
    public init() {}

    /// Cells along a side: the network says of each what kind of object it shows.
    public var cells: Int { side / 4 }

    /// Reads `config.json`.
    /// - Throws: `ConfigurationError`, naming what is missing or not known here.
    public init(contentsOf path: String) throws {
        let file = try ConfigurationFile(path: path)
        side = try file.count("image_size", side)
        channels = try file.value("channels", channels)
        normGroups = try file.count("norm_groups", normGroups)
        mostObjects = try file.count("most_objects", mostObjects)
        for (key, place) in Self.names {
            self[keyPath: place] = try file.value(key, [String]())
            guard !self[keyPath: place].isEmpty else {
                throw ConfigurationError.value(path: path, key: key, value: "[]", known: "a list of names")
            }
        }
        guard channels.count == 4, channels.allSatisfy({ $0 > 0 && $0 % normGroups == 0 }) else {
            throw ConfigurationError.value(
                path: path, key: "channels", value: "\(channels)",
                known: "four positive multiples of norm_groups \(normGroups)")
        }
        guard side % 8 == 0 else {
            throw ConfigurationError.value(
                path: path, key: "image_size", value: "\(side)", known: "a multiple of 8")
        }
        try file.allow(
            Set(Self.names.map(\.key) + ["image_size", "channels", "norm_groups", "most_objects"]),
            ignored: [], neutral: ["model_type": ["pentimento_attributes"]])
    }

    /// The `config.json`.
    public var json: [String: any Sendable] {
        var values: [String: any Sendable] = [
            "model_type": "pentimento_attributes", "image_size": side, "channels": channels,
            "norm_groups": normGroups, "most_objects": mostObjects,
        ]
        for (key, place) in Self.names { values[key] = self[keyPath: place] }
        return values
    }

    private static var names: [(key: String, place: WritableKeyPath<Self, [String]>)] {
        [
            ("kinds", \.kinds), ("colours", \.colours), ("surfaces", \.surfaces), ("states", \.states),
            ("tables", \.tables), ("walls", \.walls), ("styles", \.styles),
        ]
    }
}
