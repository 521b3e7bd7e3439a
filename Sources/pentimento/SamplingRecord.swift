import Diffusion
import Editing
import Imaging

/// What `generate` and `invert` leave in their images and print with `--json`.
struct SamplingRecord: Codable {
    /// Raised when a key changes its meaning.
    var schema = 1
    var program = "Pentimento \(Program.version)"
    var command: String
    var output: String?
    var prompt: String
    var negative: String?
    var source: String?
    var regions: [String]?
    var windows: WindowSettings?
    var seed: UInt64?
    var steps: Int
    var guidance: Double
    var sampler: SamplerKind?
    var eta: Double?
    var width: Int
    var height: Int
    var model: ModelFacts
    var cost: Cost
    /// How many shared the rows of a pass, which the last digits of results depend on.
    var threads: Int
    /// How the photo was brought to noise.
    var inversion: InversionKind?
    var inversionOptions: [String: OptionValue]?
    /// Whether that was done by an earlier run.
    var inversionKept: Bool?
    /// Largest difference between the photo's latent and that of the way there and back, relative to the latent.
    var roundTripError: Double?
    /// Peak signal to noise ratio of the reconstruction against the photo at the model's size, in dB; nil if equal.
    var decibels: Double?
    /// The same of what the autoencoder alone makes of the photo.
    var ceiling: Double?

    /// The texts for an image file.
    func metadata() throws -> [String: String] {
        var settings: [(key: String, value: String)] = [
            ("Steps", "\(steps)"), ("Sampler", (sampler ?? .ddim).sampler(eta: eta ?? 0).name),
            ("CFG scale", "\(guidance)"),
        ]
        if let seed { settings.append(("Seed", "\(seed)")) }
        settings += [
            ("Size", "\(width)x\(height)"), ("Model hash", model.fingerprint), ("Model", model.name),
            ("Version", program),
        ]
        let parameters = WebUIParameters(prompt: prompt, negative: negative ?? "", settings: settings)
        return [ImageMetadata.parametersKey: parameters.text, ImageMetadata.ownKey: try jsonText(self)]
    }
}
