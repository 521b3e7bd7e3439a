import ArgumentParser
import Service

/// Whether images say how they were made.
struct AccountOptions: ParsableArguments {
    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    /// The texts of an account, or none.
    func texts(_ account: SheetRecord) throws -> [String: String] {
        noMetadata ? [:] : try account.metadata()
    }
}
