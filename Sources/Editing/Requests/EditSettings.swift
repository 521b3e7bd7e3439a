public import Diffusion

/// What is asked of an editing method, but for images: prompts, the method with its options, and what all methods share.
///
/// What is not said is left to the preset that is named, or else to the model's `editing.json` and the method.
public struct EditSettings: Sendable, Hashable, Codable {
    /// What the image should show.
    public var prompt: String
    /// What the image shows now.
    public var source: String?
    /// What guidance leads away from; the empty prompt where nil.
    public var negative: String?
    /// The method's name.
    public var method: String
    /// Which defaults count; where nil, those of `editing.json` in the model's folder before those of the paper.
    public var preset: Preset?
    /// The method's own options, as texts.
    public var options: [String: String] = [:]
    /// Seed of all noise.
    public var seed: UInt64 = 0
    /// Steps (N); the model's or the preset's where nil.
    public var steps: Int?
    /// Guidance scale (g); the model's or the preset's where nil.
    public var guidance: Double?
    /// Share of the trajectory that is redone; the model's or the preset's where nil.
    public var strength: Double?
    /// How each step is made, for methods that leave it open; the method's own way where nil.
    public var sampler: SamplerKind?
    /// What every timestep is shifted by (`steps_offset`); the preset's, or else the model's, where nil.
    public var offset: Int?
    /// How the image is brought to noise; the preset's where nil, and nothing to methods that do not invert.
    public var inversion: InversionKind?
    /// The inversion's own options, as texts; refused for methods that leave no choice of inversion.
    public var inversionOptions: [String: String] = [:]
    /// How the edit comes into the image; the original's pixels stay outside the mask in every way but `none`.
    public var paste = Paste.auto
    /// Pixels of the image over which a pasted edit fades in; where nil, two of those that the model saw.
    public var feather: Double?
    /// Where set, the model is shown the mask's surroundings alone: its box and this share of its longer side around it.
    public var focus: Double?
    /// Long side of the image that the model works on; the model's own where nil.
    public var workingSide: Int?
    /// Whether arrays are kept in the result for `--trace`.
    public var traces = false
    /// Whether the inversion is reconstructed to tell its error, at one forward a step.
    public var measuresInversion = false

    /// Settings of a prompt; what `change` does not set is left to the method and its preset.
    public init(
        prompt: String, source: String? = nil, method: String = Registry.standard,
        _ change: (inout EditSettings) -> Void = { _ in }
    ) {
        self.prompt = prompt
        self.source = source
        self.method = method
        change(&self)
    }

    /// The method, its options and the shared settings: all that can be checked before an image is there.
    /// - Parameters:
    ///   - hasMask: whether a mask says what may change.
    ///   - regions: parts of the image with prompts of their own.
    ///   - model: what the model's folder tells; it stands in for what is not said here, unless a preset is named.
    /// - Throws: `EditingError` that says what is wrong and what would be right.
    public func checked(
        hasMask: Bool = false, regions: [Region] = [], with model: ModelSettings? = nil
    ) throws -> CheckedRequest {
        let type = try Registry.method(named: method)
        let description = type.description
        guard prompt.contains(where: { !$0.isWhitespace }) else { throw EditingError.emptyPrompt }
        let values = preset == nil ? try model.map { try description.values(of: $0) } : nil
        let options = try Options(
            (values?.options ?? [:]).merging(options) { $1 }, of: description, preset: preset ?? .paper)
        let settings = shared(by: description, values)
        try checkRanges(settings)
        try checkNeeds(of: description, hasMask: hasMask, regions: regions)
        if let sampler, !type.takesSamplers {
            throw EditingError.fixedSampler(method: description.name, sampler: sampler)
        }
        if sampler != nil, let option = ["eta", "sampler"].first(where: { self.options[$0] != nil }) {
            throw EditingError.twoSamplers(method: description.name, option: option)
        }
        try type.check(self)
        let given = given(hasMask: hasMask, hasRegions: !regions.isEmpty)
        return CheckedRequest(
            method: type.init(options), description: description, options: options, settings: settings,
            chosenSampler: sampler, inversionOptions: try inversionOptions(settings, of: description),
            unused: description.unused(of: given, options, settings))
    }

    /// The settings that all methods share, as they count for one of them.
    private func shared(
        by description: MethodDescription, _ values: ModelSettings.Values?
    ) -> MethodDescription.Settings {
        var settings = description.settings(preset ?? .paper, inversion: inversion)
        settings.offset = offset ?? settings.offset
        settings.steps = steps ?? values?.steps ?? settings.steps
        settings.guidance = guidance ?? values?.guidance ?? settings.guidance
        if settings.strength != nil { settings.strength = strength ?? values?.strength ?? settings.strength }
        if settings.inversion != nil { settings.inversion = inversion ?? settings.inversion }
        return settings
    }

    /// Refuses numbers out of range; not-a-number is in none.
    private func checkRanges(_ settings: MethodDescription.Settings) throws(EditingError) {
        guard Limits.steps.contains(settings.steps) else {
            throw .badValue(name: "steps", value: "\(settings.steps)", expected: "a number from 1 to 1000")
        }
        guard Limits.guidance.contains(settings.guidance) else {
            throw .badValue(
                name: "guidance", value: "\(settings.guidance)", expected: "a number from 0 to 100")
        }
        if let strength = strength ?? settings.strength, !Limits.allows(strength: strength) {
            throw .badValue(name: "strength", value: "\(strength)", expected: "above 0 and at most 1")
        }
        if let strength = settings.strength, Trajectory.stepCount(strength: strength, of: settings.steps) == 0
        {
            throw .noStep(strength: strength, steps: settings.steps)
        }
        if let feather, !Limits.feather.contains(feather) {
            throw .badValue(name: "feather", value: "\(feather)", expected: "a number from 0 to 1000")
        }
        if let focus, !Limits.focus.contains(focus) {
            throw .badValue(name: "focus", value: "\(focus)", expected: "a number from 0 to 10")
        }
        if let workingSide, !Limits.side.contains(workingSide) {
            throw .badValue(name: "size", value: "\(workingSide)", expected: "a number from 1 to 8192")
        }
    }

    /// Refuses a request that lacks what a method needs, or has regions that it cannot use.
    private func checkNeeds(
        of description: MethodDescription, hasMask: Bool, regions: [Region]
    ) throws(EditingError) {
        let (needs, method) = (description.needs, description.name)
        if needs.source == .required, source == nil {
            throw .missing(.source(), method: method)
        }
        if needs.mask == .required, !hasMask {
            throw .missing(.mask, method: method)
        }
        if focus != nil {
            guard hasMask else { throw .missing(.mask, method: "focus") }
            guard regions.isEmpty, !description.isSpatial else { throw .unusedFocus(method: method) }
        }
        switch needs.regions {
        case .unused where !regions.isEmpty: throw .unusedRegions(method: method)
        case .required where regions.isEmpty:
            throw .missing(.region, method: method)
        default: try regions.check()
        }
    }

    /// The inversion's options; checked against the kind that was asked for, even where the method makes nothing of it.
    /// - Returns: nil where the method leaves no choice of inversion.
    private func inversionOptions(
        _ settings: MethodDescription.Settings, of description: MethodDescription
    ) throws(EditingError) -> Options? {
        guard let kind = settings.inversion ?? inversion else {
            if let name = inversionOptions.keys.min() {
                throw .unknownOption(name: name, method: "the inversion of \(description.name)", known: [])
            }
            return nil
        }
        let options = try kind.options(inversionOptions, preset: preset ?? .paper)
        return settings.inversion == nil ? nil : options
    }

    /// What was set, shared settings first, then options by name.
    private func given(hasMask: Bool, hasRegions: Bool) -> [Setting] {
        var given: [Setting] = []
        if source != nil { given.append(.source) }
        if let negative, !negative.isEmpty { given.append(.negative) }
        if hasMask { given.append(.mask) }
        if hasRegions { given.append(.regions) }
        if steps != nil { given.append(.steps) }
        if guidance != nil { given.append(.guidance) }
        if strength != nil { given.append(.strength) }
        if inversion != nil { given.append(.inversion) }
        if measuresInversion { given.append(.measure) }
        return given + options.keys.sorted().map { .option($0) }
    }
}
