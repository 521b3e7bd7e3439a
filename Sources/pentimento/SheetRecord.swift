import ArgumentParser
import Diffusion
import Foundation
import Imaging

/// What an image made of several images says of them.
struct SheetRecord: Encodable {
    /// One of the images.
    struct Entry: Encodable {
        /// What stands below it, or its file's name.
        var label: String
        /// How it was made, as far as that is known.
        var account: JSONValue?
    }

    /// Raised when a key changes its meaning.
    var schema = 1
    var program = "Pentimento \(Program.version)"
    var command: String
    /// The sheet's name without folders.
    var output: String
    var photo: String?
    var prompt: String?
    var source: String?
    var negative: String?
    var seed: UInt64?
    var model: ModelFacts?
    var pictures: [Entry] = []

    /// The texts for an image file.
    func metadata() throws -> [String: String] {
        var texts = [ImageMetadata.ownKey: try jsonText(self)]
        if let prompt {
            var settings: [(key: String, value: String)] = []
            if let seed { settings.append(("Seed", "\(seed)")) }
            if let model { settings += [("Model hash", model.fingerprint), ("Model", model.name)] }
            settings.append(("Pictures", pictures.map(\.label).joined(separator: "; ")))
            settings.append(("Version", program))
            texts[ImageMetadata.parametersKey] =
                WebUIParameters(prompt: prompt, negative: negative ?? "", settings: settings).text
        }
        return texts
    }
}

extension JSONValue {
    /// Anything that can be written as JSON.
    init(encoding value: some Encodable) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    }
}

/// Whether images say how they were made.
struct AccountOptions: ParsableArguments {
    @Flag(help: "Leave no account of how it was made in the picture.")
    var noMetadata = false

    /// The texts of an account, or none.
    func texts(_ account: SheetRecord) throws -> [String: String] {
        noMetadata ? [:] : try account.metadata()
    }
}
