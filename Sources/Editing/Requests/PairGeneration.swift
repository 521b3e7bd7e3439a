public import Diffusion
public import Imaging
import Support
import Tensors

/// Two images asked for by regions alone: a source, and the target that an edit would make of it.
public struct PairRequest: Sendable, Hashable {
    /// Prompts, method, options and all else that edits are asked by; `source` is what the source shows as a whole where
    /// that is not what the target shows.
    public var settings: EditSettings
    /// The regions with their roles.
    public var regions: [Region]
    /// Pixels in a row, brought to a multiple of the latent factor; the model's own where nil.
    public var width: Int?
    /// Rows, brought to a multiple of the latent factor; the model's own where nil.
    public var height: Int?
    /// The network that methods are guided by which ask where an image shows a text.
    public var relevance: RelevanceSource?

    /// A request.
    public init(_ settings: EditSettings, regions: [Region], width: Int? = nil, height: Int? = nil) {
        self.settings = settings
        self.regions = regions
        self.width = width
        self.height = height
    }

    /// The method, its options and the shared settings, all checked.
    /// - Throws: `EditingError`; for methods that cannot generate pairs it names those that can.
    public func checked(with model: ModelSettings? = nil) throws -> CheckedRequest {
        let checked = try settings.checked(regions: regions, with: model)
        guard checked.method is any RegionPairMethod else {
            let names = Registry.all.filter { $0 is any RegionPairMethod.Type }.map { $0.description.name }
            throw EditingError.badValue(
                name: "method", value: checked.description.name,
                expected: "\(names.joined(separator: " or ")) to generate a source and a target")
        }
        return checked
    }
}

/// A generated source and target, and what they cost.
public struct PairGeneration: Sendable {
    /// What the source's prompts show.
    public var source: Image
    /// What the target's prompts show.
    public var target: Image
    /// The method's name.
    public var method: String
    /// All of its options.
    public var options: [String: OptionValue]
    /// Steps and guidance as used.
    public var settings: MethodDescription.Settings
    /// Passes, seconds, memory.
    public var cost: Cost
    /// The model's name, fingerprint and sizes.
    public var model: ModelFacts
}

extension DiffusionSession {
    /// Generates a source and a target by regions.
    /// - Throws: `EditingError` for what cannot be asked so, `DiffusionError`, `CancellationError`.
    public func generatePair(_ request: PairRequest) throws -> PairGeneration {
        let checked = try request.checked(with: model.settings)
        guard let method = checked.method as? any RegionPairMethod else {
            preconditionFailure("a checked request has such a method")
        }
        try checked.requireRelevance(request.relevance)
        if let offset = checked.settings.offset { try setStepsOffset(offset) }
        advise(on: request.named)
        let levels = try checked.method.sampler.levels(of: schedule, steps: checked.settings.steps)
        let (facts, settings) = (model.facts, request.settings)
        func side(_ name: String, _ pixels: Int?) throws -> Int {
            let pixels = pixels ?? facts.imageSide
            guard Limits.side.contains(pixels) else {
                throw EditingError.badValue(name: name, value: "\(pixels)", expected: "from 1 to 8192")
            }
            return max(pixels / facts.latentFactor, 1)
        }
        let shape = [
            1, facts.latentChannels, try side("height", request.height), try side("width", request.width),
        ]
        let empty = try prompt("")
        var context = EditContext(
            session: self, levels: levels, startStep: levels.steps,
            clean: Tensor.zeros(shape).to(device: model.device), prompt: try prompt(settings.prompt),
            source: try settings.source.map { try prompt($0, as: "source prompt") },
            negative: try settings.negative.map { try prompt($0, as: "negative prompt") } ?? empty,
            empty: empty, guidance: checked.settings.guidance, mask: nil, inversion: .ddim,
            random: RandomGenerator(seed: settings.seed))
        context.layout = request.regions
        context.relevance = request.relevance
        context.seed = settings.seed
        let pair = try method.generate(context)
        return PairGeneration(
            source: try decode(pair.source), target: try decode(pair.target),
            method: checked.description.name, options: checked.options.values, settings: checked.settings,
            cost: spent, model: facts)
    }
}
