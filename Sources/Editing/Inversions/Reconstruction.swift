public import Diffusion
public import Imaging
import Tensors

/// What is asked of an image's way to noise and back.
public struct ReconstructionRequest: Sendable, Hashable {
    /// The image, sRGB, any size.
    public var image: Image
    /// What the image shows; empty for nothing said.
    public var prompt: String
    /// What guidance leads away from; the empty prompt where nil.
    public var negative: String?
    /// Steps of the whole trajectory (N), all of which are inverted.
    public var steps: Int
    /// Guidance scale of the way back (g).
    public var guidance: Double
    /// How the image is brought to noise.
    public var inversion: InversionKind
    /// The inversion's own options, as texts.
    public var inversionOptions: [String: String]
    /// Seed of the inversion's noise, where it draws any.
    public var seed: UInt64

    /// A request; by default DDIM without guidance.
    public init(
        image: Image, prompt: String = "", negative: String? = nil, steps: Int = 50, guidance: Double = 1,
        inversion: InversionKind = .ddim, inversionOptions: [String: String] = [:], seed: UInt64 = 0
    ) {
        self.image = image
        self.prompt = prompt
        self.negative = negative
        self.steps = steps
        self.guidance = guidance
        self.inversion = inversion
        self.inversionOptions = inversionOptions
        self.seed = seed
    }
}

/// An image turned to noise and back.
public struct Reconstruction: Sendable {
    /// What came back, at the original's size.
    public var image: Image
    /// What the autoencoder alone makes of the original, at the original's size: the ceiling.
    public var ceiling: Image
    /// All latents of the inversion, [N + 1, 1, C, h, w]; the first is the image's own.
    public var levels: NamedArray
    /// The latent at the end of the way back, [1, C, h, w].
    public var end: NamedArray
    /// How well it leads back.
    public var roundTrip: EditRecord.RoundTrip
    /// Largest difference between the latents of both ends, relative to the largest element.
    public var relativeError: Double
    /// All options of the inversion.
    public var inversionOptions: [String: OptionValue]
    /// Whether the inversion was found in the cache.
    public var inversionKept: Bool
    /// Width and height that the model worked at.
    public var workingSize: [Int]
    /// The model's name, fingerprint and sizes.
    public var model: ModelFacts
    /// Passes, seconds, memory.
    public var cost: Cost

    /// Root mean square difference of the latents.
    public var rms: Double { roundTrip.rms }
}

extension DiffusionSession {
    /// Inverts an image over the whole trajectory and reconstructs it.
    /// - Parameter cache: where inversions are kept; nil computes them anew.
    /// - Throws: `EditingError`, `DiffusionError`, `CancellationError`.
    public func reconstruct(
        _ request: ReconstructionRequest, cache: InversionCache? = nil
    ) throws -> Reconstruction {
        guard Limits.guidance.contains(request.guidance) else {
            throw EditingError.badValue(
                name: "guidance", value: "\(request.guidance)", expected: "a number from 0 to 100")
        }
        let options = try request.inversion.options(request.inversionOptions)
        let levels = try schedule.levels(steps: request.steps)
        let image = request.image
        let size = WorkingSize(
            fitting: image.width, image.height, longSide: model.facts.imageSide,
            multipleOf: model.facts.latentFactor)
        let working = image.resized(to: size)
        advise(on: [("source prompt", request.prompt)])
        let (source, empty) = (try prompt(request.prompt, as: "source prompt"), try prompt(""))
        let context = EditContext(
            session: self, levels: levels, startStep: levels.steps, clean: try encode(working),
            prompt: source,
            source: source,
            negative: try request.negative.map { try prompt($0, as: "negative prompt") } ?? empty,
            empty: empty,
            guidance: request.guidance, mask: nil, inversion: request.inversion,
            random: RandomGenerator(seed: request.seed),
            inversionSettings: InversionSettings(options: options, seed: request.seed, cache: cache))
        let path = try context.invert()
        let (roundTrip, back) = try roundTrip(
            of: path, from: working, guidance: context.guidance, negative: context.negative)
        func atOwnSize(_ latent: Tensor) throws -> Image {
            try decode(latent).resized(width: image.width, height: image.height)
        }
        let (clean, stacked) = (context.clean, Tensor.stacked(path.latents))
        return Reconstruction(
            image: try atOwnSize(back), ceiling: try atOwnSize(clean),
            levels: NamedArray(name: "inversion_levels", shape: stacked.shape, values: stacked.floats),
            end: NamedArray(name: "final_latent", shape: back.shape, values: back.floats),
            roundTrip: roundTrip,
            relativeError: (back - clean).absolute.amax().item
                / max(clean.absolute.amax().item, 1e-12),
            inversionOptions: options.values, inversionKept: path.isKept,
            workingSize: [size.width, size.height], model: model.facts, cost: spent)
    }
}
