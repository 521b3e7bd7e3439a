public import Diffusion
import Foundation
public import Imaging
import Tensors

/// A picture asked for by text alone.
public struct GenerationRequest: Sendable, Hashable, Codable {
    /// What the picture should show.
    public var prompt: String
    /// What guidance leads away from; the empty prompt where nil.
    public var negative: String?
    /// Seed of the first noise.
    public var seed: UInt64
    /// Steps (N).
    public var steps: Int
    /// Guidance scale (g).
    public var guidance: Double
    /// How much fresh noise each step adds (η): 0 is DDIM, 1 DDPM.
    public var eta: Double
    /// Pixels in a row, brought to a multiple of the latent factor; the model's own where nil.
    public var width: Int?
    /// Rows, brought to a multiple of the latent factor; the model's own where nil.
    public var height: Int?

    /// A request.
    public init(
        prompt: String, negative: String? = nil, seed: UInt64 = 0, steps: Int = 50, guidance: Double = 7.5,
        eta: Double = 0, width: Int? = nil, height: Int? = nil
    ) {
        self.prompt = prompt
        self.negative = negative
        self.seed = seed
        self.steps = steps
        self.guidance = guidance
        self.eta = eta
        self.width = width
        self.height = height
    }
}

/// A generated picture and what it cost.
public struct Generation: Sendable {
    /// The picture.
    public var picture: Picture
    /// Passes, seconds, memory.
    public var cost: Cost
    /// The model's name, fingerprint and sizes.
    public var model: ModelFacts
}

extension Studio {
    /// Generates a picture.
    ///
    /// Draws one noise of the latent's shape, then with η > 0 one for every step.
    /// - Throws: `EditingError` for settings out of range, `DiffusionError`, `CancellationError`.
    public func generate(_ request: GenerationRequest) throws -> Generation {
        for (name, value) in [("guidance", request.guidance), ("eta", request.eta)] {
            guard (0...100).contains(value) else {
                throw EditingError.badValue(name: name, value: "\(value)", expected: "a number from 0 to 100")
            }
        }
        let facts = model.facts
        func side(_ name: String, _ pixels: Int?) throws -> Int {
            let pixels = pixels ?? facts.pictureSide
            guard (1...8192).contains(pixels) else {
                throw EditingError.badValue(name: name, value: "\(pixels)", expected: "from 1 to 8192")
            }
            return max(pixels / facts.latentFactor, 1)
        }
        let shape = try [
            1, facts.latentChannels, side("height", request.height), side("width", request.width),
        ]
        let levels = try schedule.levels(steps: request.steps)
        let random = RandomGenerator(seed: request.seed)
        let (prompted, empty) = (try prompt(request.prompt), try prompt(request.negative ?? ""))
        var latent = random.normal(shape).to(device: model.device)
        for k in steps("generating", (1...levels.steps).reversed()) {
            let noise = try noise(
                in: latent, at: levels[k], prompt: prompted, against: empty, scale: request.guidance)
            latent =
                request.eta == 0
                ? DDIM.move(latent, noise, from: levels[k], to: levels[k - 1])
                : DDIM.move(
                    latent, noise, from: levels[k], to: levels[k - 1], eta: request.eta,
                    fresh: random.normal(shape).like(latent))
        }
        return Generation(picture: try decode(latent), cost: spent, model: facts)
    }
}
