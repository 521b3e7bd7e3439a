package import Diffusion
import Imaging
package import Support

/// What an image made of several images says of them.
package struct SheetRecord: Encodable {
    /// One of the images.
    package struct Entry: Encodable {
        /// What stands below it, or its file's name.
        package var label: String
        /// How it was made, as far as that is known.
        package var account: JSONValue?

        /// An image.
        package init(label: String, account: JSONValue? = nil) {
            self.label = label
            self.account = account
        }
    }

    /// Raised when a key changes its meaning.
    package var schema = 1
    /// Name and version of the program.
    package var program: String
    /// What the program was asked to do.
    package var command: String
    /// The sheet's name without folders.
    package var output: String
    /// The photo's name without folders, where all are edits of one.
    package var photo: String?
    /// What the edits were to show.
    package var prompt: String?
    /// What the photo shows.
    package var source: String?
    /// The negative prompt.
    package var negative: String?
    /// Seed of all noise.
    package var seed: UInt64?
    /// The model that made them.
    package var model: ModelFacts?
    /// The images, in their order.
    package var pictures: [Entry]

    /// What every sheet tells; the rest is set where it is known.
    package init(
        command: String, output: String, seed: UInt64? = nil, model: ModelFacts? = nil,
        pictures: [Entry] = [],
        by producer: Producer
    ) {
        program = producer.description
        self.command = command
        self.output = output
        self.seed = seed
        self.model = model
        self.pictures = pictures
    }

    /// The texts for an image file.
    package func metadata() throws -> [String: String] {
        var texts = [ImageMetadata.ownKey: try jsonText(self, naming: .plain)]
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
