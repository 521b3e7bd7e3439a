import Diffusion
import Imaging
import Perception
import Tensors
import TestSupport
import ToyModels

@testable import Editing

/// A canvas over a model, with a random latent, as the tests of all methods use it.
func context(
    on model: any DiffusionModel, prompt: String, source: String? = nil, negative: String = "",
    steps: Int = 50,
    strength: Double = 1, guidance: Double = 7.5, inversion: InversionKind = .ddim, seed: UInt64 = 0,
    mask: Tensor? = nil, clean: Tensor? = nil, limits: BatchLimits = BatchLimits(), dtype: DType = .float32,
    method: (any EditingMethod)? = nil
) throws -> EditContext {
    let session = DiffusionSession(model: model, limits: limits)
    // The method's own trajectory where it has one.
    let levels =
        try (method?.sampler ?? DDIM()).levels(of: session.schedule, steps: steps)
    let facts = model.facts
    let side = facts.imageSide / facts.latentFactor
    let latent = clean ?? RandomGenerator(seed: 99).normal([1, facts.latentChannels, side, side]) * 0.5
    return EditContext(
        session: session, levels: levels, startStep: levels.stepCount(strength: strength),
        clean: latent.to(dtype: dtype),
        prompt: try session.prompt(prompt), source: try source.map { try session.prompt($0) },
        negative: try session.prompt(negative), empty: try session.prompt(""), guidance: guidance, mask: mask,
        inversion: inversion, random: RandomGenerator(seed: seed))
}

/// A tiny random network of the fixtures.
func tinyModel(_ name: String = "tiny-sd1") throws -> LoadedModel {
    LoadedModel(folder: try ModelFolder(path: Fixtures.model(name)))
}

/// What a method must be told of parts of the image, where it needs any: a thing that is edited.
func regions(for method: String) throws -> [Region] {
    guard try Registry.method(named: method).description.needs.regions == .required else { return [] }
    var region = Region(.box(.init(x: 0.25, y: 0.25, width: 0.5, height: 0.5)), prompt: "a red apple")
    region.target = "a green pear"
    return [region]
}

/// A network that tells where an image shows a text, for methods that need one.
func relevance(for method: String) throws -> RelevanceSource? {
    guard try Registry.method(named: method).description.needs.relevance else { return nil }
    return RelevanceSource("colours") { _ in ColourRelevance() }
}

/// The pair of towers of the still-life model, for methods that are guided by one.
func clip(for method: String) -> CLIPSource? {
    guard (try? Registry.method(named: method).description.needs.clip) == true else { return nil }
    return stillLifeCLIP
}

/// The pair of towers of the still-life model.
let stillLifeCLIP = CLIPSource("still-life-clip") {
    try CLIPScorer(folder: Fixtures.package + "/Models/still-life-clip", device: $0)
}

/// A request for a whole edit by a method, with all that it must be told.
func request(
    image: Image, prompt: String, source: String?, method: String, mask: Mask? = nil,
    _ change: (inout EditSettings) -> Void = { _ in }
) throws -> EditRequest {
    var request = EditRequest(
        image: image, prompt: prompt, source: source, method: method, mask: mask,
        regions: try regions(for: method), change)
    request.relevance = try relevance(for: method)
    return request
}
