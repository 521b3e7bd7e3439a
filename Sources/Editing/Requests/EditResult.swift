public import Diffusion
public import Imaging

/// What an edit brings: the image, how it came about, and what it cost.
public struct EditResult: Sendable {
    /// The edited image at the original's size, pasted into it where that was wanted; sRGB.
    public var image: Image
    /// What the model painted, at the working size, before any pasting.
    public var painted: Image
    /// What was allowed to change: the user's mask as given, or the method's at the latent's size.
    public var mask: Mask?
    /// The map that the method's mask was cut from.
    public var softMask: Mask?
    /// What was laid over the image, and where; nil where nothing was pasted.
    public var layer: PasteLayer?
    /// Everything needed to repeat and to judge the edit.
    public var account: EditRecord
    /// Arrays for `--trace`, where the request asked for them.
    public var trace: [NamedArray]
}

extension EditResult {
    /// Where the image could change, pixel by pixel where something was pasted; nil where everywhere.
    public var reach: Mask? { layer?.coverage?.mask ?? mask }
}

/// An array that may cross threads.
public struct NamedArray: Sendable, Hashable {
    /// What it is.
    public var name: String
    /// Sizes, outermost first.
    public var shape: [Int]
    /// Values in row-major order.
    public var values: [Float]

    /// An array.
    public init(name: String, shape: [Int], values: [Float]) {
        self.name = name
        self.shape = shape
        self.values = values
    }
}

/// What an edit says of itself; printed with `--json` and kept in the image's file.
public struct EditRecord: Sendable, Hashable, Codable {
    /// How well an inversion leads back to where it began.
    public struct RoundTrip: Sendable, Hashable, Codable {
        /// Root mean square difference of the latents.
        public var rms: Double
        /// Peak signal-to-noise ratio of what comes back to the image, in dB; nil where they are equal.
        public var psnr: Double?
        /// The same of what the autoencoder alone makes of the image, which no inversion can exceed by much.
        public var ceiling: Double?
    }

    /// The method's name.
    public var method: String
    /// Which defaults counted.
    public var preset: Preset
    /// All of the method's options.
    public var options: [String: OptionValue]
    /// What the image should show.
    public var prompt: String
    /// What the image showed.
    public var source: String?
    /// What guidance led away from.
    public var negative: String?
    /// Places and prompts of regions, if there were any.
    public var regions: [String]?
    /// Seed of all noise.
    public var seed: UInt64
    /// Steps, guidance and strength as used.
    public var settings: MethodDescription.Settings
    /// The sampler's name; none in accounts of version 0.1, which was DDIM.
    public var sampler: String?
    /// Timesteps of the levels, cleanest first.
    public var timesteps: [Int]
    /// The model's name, fingerprint and sizes.
    public var model: ModelFacts
    /// Width and height that the model worked at.
    public var workingSize: [Int]
    /// Left, top, width and height of the part that the model was shown, in pixels; nil where it saw the whole image.
    public var focus: [Int]?
    /// Whether nothing was painted but what would be changed shown; nil where it was painted.
    public var isPreview: Bool?
    /// Forward and backward passes, seconds, memory.
    public var cost: Cost
    /// The inversion's own options, where the method inverts by the request's.
    public var inversionOptions: [String: OptionValue]?
    /// Whether the inversion was found in the cache; nil where there was none.
    public var inversionKept: Bool?
    /// Error of the inversion, where it was measured.
    public var roundTrip: RoundTrip?
    /// Share of the image that was allowed to change, in 0...1.
    public var maskArea: Double?
    /// Of a mask that was asked for in words, what was found; nil of all others.
    public var maskWords: WordMaskRecord?
    /// The file of what the method had learnt before; nil where it learnt now, or learns nothing.
    public var tuned: TunedFacts?
    /// How the edit came into the image; nil in accounts of earlier versions.
    public var paste: PasteRecord?
    /// What the user was warned of.
    public var warnings: [String]
}
