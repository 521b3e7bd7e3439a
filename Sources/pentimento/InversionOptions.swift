import ArgumentParser
import Editing

/// How the photo is brought to noise.
struct InversionChoice: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How the photo is brought to noise, where it is: "
                + InversionKind.allCases.map(\.rawValue).joined(separator: ", ")
                + " (see methods --inversions).", valueName: "name"))
    var inversion: String?

    @Option(
        help: ArgumentHelp(
            "An option of the inversion; may be given several times.", valueName: "key=value"))
    var inversionOption: [String] = []

    /// The kind that is meant, if one is.
    func kind() throws -> InversionKind? { try inversion.map { try InversionKind.named($0) } }

    /// Its options as texts.
    func options() throws -> [String: String] { try Options.parse(inversionOption) }
}

/// Where inversions are kept from one run to the next.
struct CacheOptions: ParsableArguments {
    @Flag(help: "Neither keep the photo's inversion for later edits nor use one that was kept.")
    var noCache = false

    @Option(
        help: ArgumentHelp(
            "How much room kept inversions may take, such as 500M or 2G; 1G where not given.",
            valueName: "bytes"))
    var cacheLimit = ByteCount(count: InversionCache.standardLimit)

    /// The cache, if there is to be one.
    var cache: InversionCache? {
        noCache ? nil : InversionCache(folder: InversionCache.standardFolder, limit: cacheLimit.count)
    }
}

/// A number of bytes as people write it: 4096, 500M, 2GiB.
struct ByteCount: ExpressibleByArgument, Equatable, CustomStringConvertible {
    let count: Int

    init(count: Int) { self.count = count }

    init?(argument: String) {
        let digits = argument.prefix { $0.isNumber || $0 == "." }
        let unit = argument.dropFirst(digits.count).lowercased()
        let units = ["": 0, "b": 0, "k": 10, "m": 20, "g": 30, "t": 40]
        let name = unit.count > 1 ? unit.replacing("ib", with: "").replacing("b", with: "") : unit
        guard let power = units[name], let number = Double(digits), number.isFinite else { return nil }
        let bytes = number * Double(1 << power)
        guard bytes >= 0, bytes < 1e18 else { return nil }
        count = Int(bytes)
    }

    var description: String { "\(count)" }
    var defaultValueDescription: String { "1G" }
}
