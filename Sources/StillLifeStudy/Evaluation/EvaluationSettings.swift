public import ImageMetrics

/// What is measured, and on how much.
public struct EvaluationSettings: Sendable, Hashable, Codable {
    /// Seed of the first scene; no training may have used those from here on.
    public var seed: UInt64 = 90_000_000
    /// Prompts with one object.
    public var singles = 200
    /// Prompts with two objects.
    public var pairs = 200
    /// Steps of every trajectory (N).
    public var steps = 50
    /// Guidance scale of generated images (g).
    public var guidance = 4.0
    /// Held-out renders that go through the autoencoder.
    public var reconstructions = 200
    /// Held-out renders in which a relevance network has to find what is there.
    public var finds = 400
    /// Held-out renders that are inverted and brought back.
    public var inversions = 50
    /// Held-out renders whose attention is looked at.
    public var maps = 100
    /// Noise levels at which it is, as shares of the trajectory.
    public var mapLevels = [0.3, 0.5, 0.7]
    /// Held-out edits whose masks DiffEdit has to find.
    public var edits = 200
    /// Thresholds at which its masks are cut: the paper's and that of the demonstration.
    public var thresholds = [0.5, 0.25]

    /// The numbers of a model card.
    public init() {}
}

/// The numbers of a model card; parts that could not be measured are nil.
public struct EvaluationReport: Sendable, Hashable, Codable {
    /// Held-out renders inverted with their own caption at guidance 1 and brought back, mean PSNR in dB.
    public struct Inversion: Sendable, Hashable, Codable {
        /// Of the result against the render.
        public var decibels: Double
        /// Of the autoencoder alone against the render: what an exact inversion would reach.
        public var ceiling: Double
        /// Of the result against what the autoencoder alone makes of the render.
        public var againstCeiling: Double
    }

    /// How well a resolution's cross-attention maps rank the pixels of the objects that words name.
    public struct Maps: Sendable, Hashable, Codable {
        /// Places along a side.
        public var side: Int
        /// Mean average precision over objects.
        public var averagePrecision: Double
        /// The same of any guess: the mean share of the image that an object covers.
        public var baseline: Double
        /// Objects that were looked for.
        public var objects: Int
    }

    /// How well DiffEdit's masks meet what an edit truly changes.
    public struct Masks: Sendable, Hashable, Codable {
        /// Where the scaled difference was cut (θ).
        public var threshold: Double
        /// Mean intersection over union with the true change.
        public var overlap: Double
        /// The same by kind of edit.
        public var overlapByKind: [String: Double]
        /// Mean share of the image that the masks cover.
        public var area: Double
        /// Mean share of the image that truly changes.
        public var trueArea: Double
        /// Edits that were asked for.
        public var edits: Int
    }

    /// Cosines by the pair of towers, mean over images.
    public struct Cosines: Sendable, Hashable, Codable {
        /// Generated images with their prompts.
        public var generated: Double
        /// True renders of the same scenes with the same prompts.
        public var renders: Double
        /// Generated images with each other's prompts.
        public var mismatched: Double
    }

    /// The model's name.
    public var model: String
    /// Its fingerprint.
    public var fingerprint: String
    /// What was asked for.
    public var settings: EvaluationSettings
    /// Held-out renders through the autoencoder, mean PSNR in dB.
    public var autoencoder: Double?
    /// Held-out renders inverted and brought back.
    public var inversion: Inversion?
    /// Generated images against their prompts, as the judge sees them, by what was asked.
    public var generated: [String: Share] = [:]
    /// The judge itself against the truth on renders and on round trips, by image and by what was asked.
    public var judge: [String: [String: Share]] = [:]
    /// What the pair of towers says.
    public var cosines: Cosines?
    /// Cross-attention against the true objects, by resolution.
    public var maps: [Maps] = []
    /// DiffEdit's masks, by threshold.
    public var masks: [Masks] = []
    /// What a relevance network finds in renders and in round trips.
    public var relevance: [String: RelevanceAccuracy]?
    /// Forward passes of the UNet.
    public var forwards = 0
    /// Seconds in all.
    public var seconds = 0.0
}
