public import Diffusion
import Foundation
public import Imaging
import Tensors

/// An image asked for by text alone.
public struct GenerationRequest: Sendable, Hashable, Codable {
    /// What the image should show.
    public var prompt: String
    /// What guidance leads away from; the empty prompt where nil.
    public var negative: String?
    /// Seed of the first noise.
    public var seed: UInt64
    /// Steps (N).
    public var steps: Int
    /// Guidance scale (g).
    public var guidance: Double
    /// The sampler; DDIM where nil.
    public var sampler: SamplerKind?
    /// How much fresh noise each step of DDIM adds (η): none with 0, as much as DDPM with 1.
    public var eta: Double
    /// Pixels in a row, brought to a multiple of the latent factor; the model's own where nil.
    public var width: Int?
    /// Rows, brought to a multiple of the latent factor; the model's own where nil.
    public var height: Int?
    /// Parts with prompts of their own; the prompt is then the background's.
    public var regions: [Region]
    /// How the canvas is seen in parts; the whole at once where nil and there are no regions.
    public var windows: WindowSettings?

    /// A request.
    public init(
        prompt: String, negative: String? = nil, seed: UInt64 = 0, steps: Int = 50, guidance: Double = 7.5,
        sampler: SamplerKind? = nil, eta: Double = 0, width: Int? = nil, height: Int? = nil,
        regions: [Region] = [],
        windows: WindowSettings? = nil
    ) {
        self.prompt = prompt
        self.negative = negative
        self.seed = seed
        self.steps = steps
        self.guidance = guidance
        self.sampler = sampler
        self.eta = eta
        self.width = width
        self.height = height
        self.regions = regions
        self.windows = windows
    }
}

/// A generated image and what it cost.
public struct Generation: Sendable {
    /// The image.
    public var image: Image
    /// Passes, seconds, memory.
    public var cost: Cost
    /// The model's name, fingerprint and sizes.
    public var model: ModelFacts
}

extension DiffusionSession {
    /// Generates an image.
    ///
    /// Draws one noise of the latent's shape; with regions, uniform numbers for the flat colours behind them and a
    /// whole number for every view in the bootstrapped steps; and one noise for every step of a sampler that adds some.
    /// Regions and windows are painted by MultiDiffusion, see ``MultiDiffusion`` for what that costs.
    /// - Throws: `EditingError` for settings out of range, `DiffusionError`, `CancellationError`.
    public func generate(_ request: GenerationRequest) throws -> Generation {
        let latent = try generatedLatent(request)
        let wraps = request.windows?.wraps ?? false
        return Generation(
            image: wraps ? try decodeWrapped(latent) : try decode(latent), cost: spent, model: model.facts)
    }

    /// The latent of a generated image.
    func generatedLatent(_ request: GenerationRequest) throws -> Tensor {
        for (name, value) in [("guidance", request.guidance), ("eta", request.eta)] {
            guard Limits.guidance.contains(value) else {
                throw EditingError.badValue(name: name, value: "\(value)", expected: "a number from 0 to 100")
            }
        }
        try request.regions.check()
        let facts = model.facts
        func side(_ name: String, _ pixels: Int?) throws -> Int {
            let pixels = pixels ?? facts.imageSide
            guard Limits.side.contains(pixels) else {
                throw EditingError.badValue(name: name, value: "\(pixels)", expected: "from 1 to 8192")
            }
            return max(pixels / facts.latentFactor, 1)
        }
        let (height, width) = (try side("height", request.height), try side("width", request.width))
        let shape = [1, facts.latentChannels, height, width]
        let sampler = (request.sampler ?? .ddim).sampler(eta: request.eta, along: schedule)
        let levels = try sampler.levels(of: schedule, steps: request.steps)
        if let advice = Self.advice(on: levels, of: schedule) { warn(advice) }
        let random = RandomGenerator(seed: request.seed)
        let settings = request.windows ?? (request.regions.isEmpty ? nil : WindowSettings())
        let windows = try settings?.windows(
            height: height, width: width, modelSide: facts.imageSide / facts.latentFactor)
        advise(on: request.prompts)
        let (prompted, empty) = (
            try prompt(request.regions.background(of: request.prompt)),
            try prompt(request.negative ?? "", as: "negative prompt")
        )
        let start = random.normal(shape).to(device: model.device)
        let painter = try windows.map {
            try RegionPainter(
                self, windows: $0,
                regions: try regions(request.regions.painted, height: height, width: width),
                background: prompted, guidance: request.guidance)
        }
        let alone = try painter?.bootstrapping(
            share: settings?.bootstrapping ?? 0, of: levels, noise: start, random: random)
        return try sample(
            sampler.start(start, at: levels[levels.steps]), from: levels.steps, of: levels, by: sampler,
            fresh: { _ in random.normal(shape).like(start) }, stage: "generating",
            predicting: { latent, level in
                try painter?.noise(in: latent, at: level, negative: empty, alone: alone)
                    ?? noise(
                        in: latent, at: level, prompt: prompted, negative: empty, scale: request.guidance)
            })
    }

    /// What to say of a trajectory that does not begin near pure noise, as where a schedule's steps are rounded down.
    static func advice(on levels: Trajectory, of schedule: NoiseSchedule) -> String? {
        let (highest, count) = (levels[levels.steps].timestep, schedule.trainingSteps)
        // Even parts of the whole begin at T·(N-1)/N.
        guard highest * levels.steps * 10 < count * (levels.steps - 1) * 9 else { return nil }
        return
            "\(levels.steps) steps of this sampler begin at timestep \(highest) of \(count), where a picture is no pure "
            + "noise yet; take a number of steps that divides \(count) better"
    }

    /// The image of a latent whose right edge continues at the left: decoded with its neighbours on both sides.
    private func decodeWrapped(_ latent: Tensor) throws -> Image {
        let (_, _, _, width) = latent.shape4
        let margin = min(8, width)
        let wide = Tensor.concatenated(
            [
                latent.narrowed(3, from: width - margin, count: margin), latent,
                latent.narrowed(3, from: 0, count: margin),
            ], along: 3)
        let (image, factor) = (try decode(wide), model.facts.latentFactor)
        let (row, first) = (width * factor * 3, margin * factor)
        let pixels = (0..<image.height).flatMap { y in
            let start = image.offset(x: first, y: y)
            return image.pixels[start..<(start + row)]
        }
        return Image(width: width * factor, height: image.height, pixels: pixels)
    }
}
