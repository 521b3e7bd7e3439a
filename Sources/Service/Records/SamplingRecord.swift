public import Diffusion
public import Editing
import Imaging
import Support

/// What made an image that no method edited: a generated one, or a photo taken to noise and back.
public struct SamplingRecord: Sendable, Codable {
    /// Raised when a key changes its meaning.
    public var schema = 1
    /// Name and version of the program.
    public var program: String
    /// What the program was asked to do: "generate" or "invert".
    public var command: String
    /// The image's file, without folders.
    public var output: String?
    /// What the image was to show.
    public var prompt: String
    /// The negative prompt.
    public var negative: String?
    /// What the photo shows.
    public var source: String?
    /// Places and prompts of regions.
    public var regions: [String]?
    /// Through which windows the model saw the canvas.
    public var windows: WindowSettings?
    /// Seed of all noise.
    public var seed: UInt64?
    /// Steps of the sampler.
    public var steps: Int
    /// Scale of classifier-free guidance (w).
    public var guidance: Double
    /// Which sampler; DDIM where none is told.
    public var sampler: SamplerKind?
    /// Share of fresh noise in each step (η), where the sampler takes one.
    public var eta: Double?
    /// Pixels across of what the model worked on.
    public var width: Int
    /// Pixels down.
    public var height: Int
    /// The model's name, fingerprint and sizes.
    public var model: ModelFacts
    /// Passes, seconds, memory.
    public var cost: Cost
    /// How many shared the rows of a pass, which the last digits of results depend on.
    public var threads: Int
    /// The method that made a source and a target; nil for a single image.
    public var method: String?
    /// Its options.
    public var options: [String: OptionValue]?
    /// The regions, where all are boxes.
    public var layout: [Region]?
    /// How the photo was brought to noise.
    public var inversion: InversionKind?
    /// The inversion's own options.
    public var inversionOptions: [String: OptionValue]?
    /// Whether that was done by an earlier run.
    public var inversionKept: Bool?
    /// Largest difference between the photo's latent and that of the way there and back, relative to the latent.
    public var roundTripError: Double?
    /// Peak signal to noise ratio of the reconstruction against the photo at the model's size, in dB; nil if equal.
    public var decibels: Double?
    /// The same of what the autoencoder alone makes of the photo.
    public var ceiling: Double?

    /// What every such record tells; the rest is set where it is known.
    public init(
        command: String, prompt: String, steps: Int, guidance: Double, width: Int, height: Int,
        model: ModelFacts,
        cost: Cost, threads: Int, by producer: Producer
    ) {
        program = producer.description
        self.command = command
        self.prompt = prompt
        self.steps = steps
        self.guidance = guidance
        self.width = width
        self.height = height
        self.model = model
        self.cost = cost
        self.threads = threads
    }

    /// The texts for an image file.
    public func metadata() throws -> [String: String] {
        var settings: [(key: String, value: String)] = [
            ("Steps", "\(steps)"), ("Sampler", (sampler ?? .ddim).sampler(eta: eta ?? 0).name),
            ("CFG scale", "\(guidance)"),
        ]
        if let seed { settings.append(("Seed", "\(seed)")) }
        settings += [
            ("Size", "\(width)x\(height)"), ("Model hash", model.fingerprint), ("Model", model.name),
        ]
        settings += model.loraSettings + [("Version", program)]
        let parameters = WebUIParameters(prompt: prompt, negative: negative ?? "", settings: settings)
        return [
            ImageMetadata.parametersKey: parameters.text,
            ImageMetadata.ownKey: try jsonText(self, naming: .plain),
        ]
    }
}
