public import ArgumentParser
import Editing
public import Service

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

extension ByteCount: ExpressibleByArgument {}
