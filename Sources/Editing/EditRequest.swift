public import Diffusion
public import Imaging

/// What is asked of an editing method: plain values that may cross threads and be written down.
public struct EditRequest: Sendable, Hashable {
    /// The image, sRGB, any size.
    public var image: Image
    /// What the image should show.
    public var prompt: String
    /// What the image shows now.
    public var source: String?
    /// What guidance leads away from; the empty prompt where nil.
    public var negative: String?
    /// What may change (white), at any size.
    public var mask: Mask?
    /// Parts of the image with prompts of their own, for methods that paint by regions.
    public var regions: [Region]
    /// The method's name.
    public var method: String
    /// Which defaults count.
    public var preset: Preset
    /// The method's own options, as texts.
    public var options: [String: String]
    /// Seed of all noise.
    public var seed: UInt64
    /// Steps (N); the preset's where nil.
    public var steps: Int?
    /// Guidance scale (g); the preset's where nil.
    public var guidance: Double?
    /// Share of the trajectory that is redone; the preset's where nil.
    public var strength: Double?
    /// What every timestep is shifted by (`steps_offset`); the preset's, or else the model's, where nil.
    public var offset: Int?
    /// How the image is brought to noise; the preset's where nil, and nothing to methods that do not
    /// invert.
    public var inversion: InversionKind?
    /// The inversion's own options, as texts; refused for methods that leave no choice of inversion.
    public var inversionOptions: [String: String]
    /// How the edit comes into the image; the original's pixels stay outside the mask in every way but `none`.
    public var paste: Paste
    /// Pixels of the image over which a pasted edit fades in; where nil, two of those that the model saw.
    public var feather: Double?
    /// Long side of the image that the model works on; the model's own where nil.
    public var workingSide: Int?
    /// Whether arrays are kept in the result for `--trace`.
    public var traces: Bool
    /// Whether the inversion is reconstructed to tell its error, at one forward a step.
    public var measuresInversion: Bool

    /// A request; what is not said is left to the method and its preset.
    ///
    /// `pastes: false` is a short way to say `paste: .none`.
    public init(
        image: Image, prompt: String, source: String? = nil, negative: String? = nil, mask: Mask? = nil,
        regions: [Region] = [], method: String = Registry.standard, preset: Preset = .paper,
        options: [String: String] = [:],
        seed: UInt64 = 0, steps: Int? = nil, guidance: Double? = nil, strength: Double? = nil,
        offset: Int? = nil,
        inversion: InversionKind? = nil, inversionOptions: [String: String] = [:], pastes: Bool? = nil,
        paste: Paste = .auto, feather: Double? = nil,
        workingSide: Int? = nil,
        traces: Bool = false, measuresInversion: Bool = false
    ) {
        self.image = image
        self.prompt = prompt
        self.source = source
        self.negative = negative
        self.mask = mask
        self.regions = regions
        self.method = method
        self.preset = preset
        self.options = options
        self.seed = seed
        self.steps = steps
        self.guidance = guidance
        self.strength = strength
        self.offset = offset
        self.inversion = inversion
        self.inversionOptions = inversionOptions
        self.paste = pastes == false ? .none : paste
        self.feather = feather
        self.workingSide = workingSide
        self.traces = traces
        self.measuresInversion = measuresInversion
    }

    /// The method, its options and the shared settings, all checked.
    /// - Throws: `EditingError` that says what is wrong and what would be right.
    public func checked() throws -> CheckedRequest {
        let type = try Registry.method(named: method)
        let description = type.description
        let method = description.name
        guard prompt.contains(where: { !$0.isWhitespace }) else { throw EditingError.emptyPrompt }
        let options = try Options(options, of: description, preset: preset)
        var settings = description.settings(preset, inversion: inversion)
        settings.offset = offset ?? settings.offset
        settings.steps = steps ?? settings.steps
        settings.guidance = guidance ?? settings.guidance
        if settings.strength != nil { settings.strength = strength ?? settings.strength }
        if settings.inversion != nil { settings.inversion = inversion ?? settings.inversion }
        guard (1...1000).contains(settings.steps) else {
            throw EditingError.badValue(
                name: "steps", value: "\(settings.steps)", expected: "a number from 1 to 1000")
        }
        // NaN is in no range.
        guard (0...100).contains(settings.guidance) else {
            throw EditingError.badValue(
                name: "guidance", value: "\(settings.guidance)", expected: "a number from 0 to 100")
        }
        if let strength = strength ?? settings.strength, !(strength > 0 && strength <= 1) {
            throw EditingError.badValue(
                name: "strength", value: "\(strength)", expected: "above 0 and at most 1")
        }
        if let strength = settings.strength, Trajectory.stepCount(strength: strength, of: settings.steps) == 0
        {
            throw EditingError.noStep(strength: strength, steps: settings.steps)
        }
        if let feather, !(0...1000).contains(feather) {
            throw EditingError.badValue(
                name: "feather", value: "\(feather)", expected: "a number from 0 to 1000")
        }
        if let mask {
            guard mask.values.contains(where: { $0 > 0 }) else {
                throw EditingError.badValue(
                    name: "the mask", value: "black everywhere",
                    expected: "white where the picture may change")
            }
            guard mask.values.allSatisfy({ (0...1).contains($0) }) else {
                throw EditingError.badValue(
                    name: "the mask", value: "not a mask", expected: "made of values from 0 to 1")
            }
        }
        if let workingSide, !(1...8192).contains(workingSide) {
            throw EditingError.badValue(
                name: "size", value: "\(workingSide)", expected: "a number from 1 to 8192")
        }
        if description.needs.source == .required, source == nil {
            throw EditingError.missing(
                what: "a prompt that says what the picture shows now (--source)", method: method)
        }
        if description.needs.mask == .required, mask == nil {
            throw EditingError.missing(what: "a mask of what may change (--mask)", method: method)
        }
        switch description.needs.regions {
        case .unused where !regions.isEmpty: throw EditingError.unusedRegions(method: method)
        case .required where regions.isEmpty:
            throw EditingError.missing(what: "at least one region (--region)", method: method)
        default: for (index, region) in regions.enumerated() { try region.check(number: index + 1) }
        }
        // Checked against the kind that was asked for, even where the method makes nothing of it.
        let kind = settings.inversion ?? inversion
        let inversionOptions = try kind?.options(self.inversionOptions, preset: preset)
        if kind == nil, let name = self.inversionOptions.keys.min() {
            throw EditingError.unknownOption(name: name, method: "the inversion of \(method)", known: [])
        }
        return CheckedRequest(
            method: type.init(options), description: description, options: options, settings: settings,
            inversionOptions: settings.inversion == nil ? nil : inversionOptions,
            unused: description.unused(in: self, options, settings))
    }
}

/// A request whose method and settings exist.
public struct CheckedRequest: Sendable {
    /// The method with its options.
    public let method: any EditingMethod
    /// What it is.
    public let description: MethodDescription
    /// Its options, all of them.
    public let options: Options
    /// The settings that all methods share.
    public let settings: MethodDescription.Settings
    /// The inversion's options, all of them; nil where the method leaves no choice of inversion.
    public let inversionOptions: Options?
    /// What the request sets that has no effect.
    public let unused: [UnusedSetting]

    /// The levels that the edit will follow along a model's schedule.
    /// - Throws: `DiffusionError.badOffset`, `badSteps`.
    public func levels(of schedule: NoiseSchedule) throws -> Trajectory {
        let walked = if let offset = settings.offset { try schedule.with(offset: offset) } else { schedule }
        return try method.sampler.levels(of: walked, steps: settings.steps)
    }

    /// One line about settings without effect, if there are any.
    public var advice: String? {
        guard !unused.isEmpty else { return nil }
        return "\(description.name) makes no use of \(unused.map(\.description).joined(separator: ", "))"
    }
}
