public import Diffusion
public import Imaging
public import Support

/// What is asked of an editing method: settings, and the image that they are about.
///
/// Plain values that may cross threads. Its settings can be read and set as if they were its own: `request.seed` is
/// `request.settings.seed`.
@dynamicMemberLookup
public struct EditRequest: Sendable, Hashable {
    /// Prompts, method, options: everything but images.
    public var settings: EditSettings
    /// The image, sRGB, any size.
    public var image: Image
    /// What may change (white), at any size.
    public var mask: Mask?
    /// Words for what may change, which a finder makes the mask of; counts where no mask is given.
    public var maskWords: MaskWords?
    /// Parts of the image with prompts of their own, for methods that paint by regions.
    public var regions: [Region]
    /// What the files hold that options name, by the option's name; see ``EditingMethod/files``.
    public var files: [String: OptionFile] = [:]
    /// Whether only what would be changed is to be shown, where a mask is given or the method can tell
    /// (`MaskFinding`, `MethodDescription.isSpatial`).
    public var isPreview = false

    /// What the method learnt before, for methods that learn from the image; then nothing is tuned.
    public var tuned: TunedFile?

    /// The network that methods are guided by which ask where an image shows a text.
    public var relevance: RelevanceSource?
    /// The pair of CLIP towers that methods are guided by which ask for one.
    public var clip: CLIPSource?

    /// A request of settings.
    public init(_ settings: EditSettings, image: Image, mask: Mask? = nil, regions: [Region] = []) {
        self.settings = settings
        self.image = image
        self.mask = mask
        self.regions = regions
    }

    /// A request of a prompt; what `change` does not set is left to the method and its preset.
    public init(
        image: Image, prompt: String, source: String? = nil, method: String = Registry.standard,
        mask: Mask? = nil, regions: [Region] = [],
        _ change: (inout EditSettings) -> Void = { _ in }
    ) {
        self.init(
            EditSettings(prompt: prompt, source: source, method: method, change), image: image,
            mask: mask,
            regions: regions)
    }

    /// One of the settings.
    public subscript<Value>(dynamicMember setting: WritableKeyPath<EditSettings, Value>) -> Value {
        get { settings[keyPath: setting] }
        set { settings[keyPath: setting] = newValue }
    }

    /// The method, its options and the shared settings, all checked, and the mask too.
    /// - Parameter model: what the model's folder tells of good settings.
    /// - Throws: `EditingError` that says what is wrong and what would be right.
    public func checked(with model: ModelSettings? = nil) throws -> CheckedRequest {
        let hasMask = mask != nil || maskWords != nil
        let checked = try settings.checked(hasMask: hasMask, regions: regions, with: model)
        if isPreview { try checked.requirePreview(hasMask: hasMask) }
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
        return checked
    }

    /// Whether its method learns from the image before it edits it, and leaves a checkpoint where it is stopped.
    public var learnsFirst: Bool {
        (try? Registry.method(named: settings.method).description.learns(with: tuned)) == true
    }

    /// The request without regions, where its method has no use for any.
    public func withoutUnusedRegions() throws -> EditRequest {
        var request = self
        if try Registry.method(named: settings.method).description.needs.regions == .unused {
            request.regions = []
        }
        return request
    }

    /// The request without the shared settings that its method makes no use of.
    /// - Parameter model: what the model's folder tells of good settings.
    /// - Throws: `EditingError` as `checked` does.
    public func withoutUnusedSettings(with model: ModelSettings? = nil) throws -> EditRequest {
        var request = self
        for unused in try checked(with: model).unused {
            switch unused.setting {
            case .source: request.source = nil
            case .negative: request.negative = nil
            case .mask: (request.mask, request.maskWords) = (nil, nil)
            case .strength: request.strength = nil
            case .inversion: (request.inversion, request.inversionOptions) = (nil, [:])
            case .measure: request.measuresInversion = false
            case .steps: request.steps = nil
            case .guidance: request.guidance = nil
            case .regions, .option: break
            }
        }
        return request
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
    /// The sampler that was asked for; nil for the method's own.
    public let chosenSampler: SamplerKind?
    /// The inversion's options, all of them; nil where the method leaves no choice of inversion.
    public let inversionOptions: Options?
    /// What the request sets that has no effect.
    public let unused: [UnusedSetting]

    /// The levels that the edit will follow along a model's schedule.
    /// - Throws: `DiffusionError.badOffset`, `badSteps`.
    public func levels(of schedule: NoiseSchedule) throws -> Trajectory {
        let walked = if let offset = settings.offset { try schedule.with(offset: offset) } else { schedule }
        return try sampler(along: walked).levels(of: walked, steps: settings.steps)
    }

    /// Whether the method leaves the sampler open.
    public var takesSamplers: Bool { type(of: method).takesSamplers }

    /// The sampler along a schedule: the one that was asked for, or the method's own.
    func sampler(along schedule: NoiseSchedule) -> any Sampler {
        chosenSampler.map { $0.sampler(along: schedule) } ?? method.sampler
    }

    /// Refuses to show what would be changed where the method finds that only while it paints.
    /// - Throws: `EditingError.noPreview`.
    public func requirePreview(hasMask: Bool) throws(EditingError) {
        guard !hasMask, !description.isSpatial, !(method is any MaskFinding) else { return }
        let known = Registry.all.filter { $0 is any MaskFinding.Type || $0.description.isSpatial }
        throw .noPreview(method: description.name, known: known.map { $0.description.name })
    }

    /// Refuses a request without the network that its method is guided by.
    /// - Throws: `EditingError.missing`.
    func requireRelevance(_ source: RelevanceSource?) throws(EditingError) {
        guard description.needs.relevance, source == nil else { return }
        throw .missing(.relevance, method: description.name)
    }

    /// Refuses a request without the pair of towers that its method is guided by.
    /// - Throws: `EditingError.missing`.
    func requireCLIP(_ source: CLIPSource?) throws(EditingError) {
        guard description.needs.clip == true, source == nil else { return }
        throw .missing(.clip, method: description.name)
    }

    /// One line about settings without effect, if there are any.
    public var advice: Message? {
        guard !unused.isEmpty else { return nil }
        return "\(description.name) makes no use of \(unused.map(\.message).joined(separator: ", "))"
    }
}
