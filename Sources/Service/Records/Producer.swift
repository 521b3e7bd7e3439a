public import Support

/// The program that leaves its records in images.
public struct Producer: Sendable, CustomStringConvertible {
    /// What it is called.
    public var name: String
    /// Its version.
    public var version: String
    /// How it calls settings.
    public var naming: Naming

    /// The version of this package, as `--version` prints it and images record it.
    public static let packageVersion = "0.1.0"

    /// This package's own programs.
    public init(naming: Naming) {
        self.init(name: "Pentimento", version: Self.packageVersion, naming: naming)
    }

    /// A program.
    public init(name: String, version: String, naming: Naming = .plain) {
        self.name = name
        self.version = version
        self.naming = naming
    }

    /// Name and version, as records tell them.
    public var description: String { "\(name) \(version)" }

    /// A record as an image carries it: JSON with sorted keys.
    func text(of record: some Encodable) throws -> String { try jsonText(record, naming: naming) }
}
