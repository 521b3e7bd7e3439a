/// What a method is, needs and can be told; command line, library and web page read this one description.
///
/// Its JSON is written for programs (`pentimento methods --json`) and never read.
public struct MethodDescription: Sendable, Hashable, Encodable {
    /// Whether a method uses something.
    public enum Need: String, Sendable, Codable { case unused, optional, required }

    /// What a method asks of a request.
    public struct Needs: Sendable, Hashable, Codable {
        /// A prompt that says what the image shows now.
        public var source: Need
        /// A mask of what may change.
        public var mask: Need
        /// Regions with prompts of their own.
        public var regions: Need
        /// Whether the image is inverted to noise.
        public var inversion: Bool
        /// Whether something is trained for the one image before it is edited.
        public var tuning: Bool
        /// Whether gradients are computed.
        public var gradients: Bool
        /// Whether the network must read the image's latent besides the noisy one.
        public var imageChannels: Bool
        /// Whether it is guided by a network that tells where an image shows a text.
        public var relevance: Bool
        /// Whether the prompt is an instruction about things that the source prompt names, and a mask marks the thing
        /// instead of what may change; nil is no.
        public var spatial: Bool?
        /// Whether it is guided by a pair of CLIP towers; nil is no.
        public var clip: Bool?
        /// Whether it samples from the diffusion model, so that steps, guidance and a negative prompt count; nil is yes.
        public var sampling: Bool?

        /// Needs; by default only the prompt.
        public init(
            source: Need = .unused, mask: Need = .optional, regions: Need = .unused, inversion: Bool = false,
            tuning: Bool = false, gradients: Bool = false, imageChannels: Bool = false,
            relevance: Bool = false, spatial: Bool? = nil, clip: Bool? = nil, sampling: Bool? = nil
        ) {
            self.source = source
            self.mask = mask
            self.regions = regions
            self.inversion = inversion
            self.tuning = tuning
            self.gradients = gradients
            self.imageChannels = imageChannels
            self.relevance = relevance
            self.spatial = spatial
            self.clip = clip
            self.sampling = sampling
        }
    }

    /// Settings that all methods share.
    public struct Settings: Sendable, Hashable, Codable {
        /// Steps of the whole trajectory (N).
        public var steps: Int
        /// Guidance scale (g).
        public var guidance: Double
        /// Share of the trajectory that is redone; nil where the method has no such thing.
        public var strength: Double?
        /// How a real image is brought to noise; nil where the method leaves no choice.
        public var inversion: InversionKind?
        /// What every timestep is shifted by (`steps_offset`); the model's own where nil.
        public var offset: Int?

        /// Settings.
        public init(
            steps: Int, guidance: Double, strength: Double?, inversion: InversionKind? = nil,
            offset: Int? = nil
        ) {
            self.steps = steps
            self.guidance = guidance
            self.strength = strength
            self.inversion = inversion
            self.offset = offset
        }
    }

    /// The name on a command line.
    public var name: String
    /// The name in its paper.
    public var title: String
    /// Other names that people know it by.
    public var aliases: [String]
    /// What it does, in one sentence.
    public var summary: String
    /// Authors, title, where to find it.
    public var paper: String
    /// When it was published.
    public var year: Int
    /// What it asks of a request.
    public var needs: Needs
    /// Whether its prompt is an instruction that moves things (`Needs.spatial`).
    public var isSpatial: Bool { needs.spatial == true }
    /// Whether it learns from the image before it edits it, unless a file of what it learnt before is there.
    public func learns(with tuned: TunedFile?) -> Bool { needs.tuning && tuned == nil }
    /// The shared settings with `--preset paper`.
    public var standard: Settings
    /// The shared settings of other presets where they differ.
    public var presets: [Preset: Settings]
    /// The shared settings that count, in the presets other than `fast`, where one of these inversions is asked for.
    public var inversions: [InversionKind: Settings]
    /// Presets that are named after the owners of published code and mean something to this method alone; `official` is
    /// one of them, which fills in what the others leave out.
    public var codes: [Preset]
    /// When settings and options count that do not always.
    public var conditions: [Condition]
    /// Its own options.
    public var options: [OptionDescription]

    /// A description.
    public init(
        name: String, title: String, aliases: [String] = [], summary: String, paper: String, year: Int,
        needs: Needs, standard: Settings, presets: [Preset: Settings] = [:],
        inversions: [InversionKind: Settings] = [:], codes: [Preset] = [], conditions: [Condition] = [],
        options: [OptionDescription] = []
    ) {
        self.name = name
        self.title = title
        self.aliases = aliases
        self.summary = summary
        self.paper = paper
        self.year = year
        self.needs = needs
        self.standard = standard
        self.presets = presets
        self.inversions = inversions
        self.codes = codes
        self.conditions = conditions
        self.options = options
    }

    /// The shared settings of a preset, where an inversion is asked for or the method's own is good.
    public func settings(_ preset: Preset, inversion: InversionKind? = nil) -> Settings {
        let usual = presets[preset] ?? presets[preset.wider] ?? standard
        guard let inversion, preset != .fast, let own = inversions[inversion] else { return usual }
        return own
    }

    /// The presets that it can be asked with.
    public var presetNames: [Preset] { Preset.allCases.filter { $0.wider == $0 || codes.contains($0) } }
}
