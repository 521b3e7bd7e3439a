public import Diffusion
import Tensors

/// InstructPix2Pix: a network that was taught to follow instructions ("make it winter") about an image it sees.
///
/// Brooks, Holynski and Efros, "InstructPix2Pix: Learning to Follow Image Editing Instructions", CVPR 2023. The network
/// reads 2C channels, the noisy latent and the image's own latent, the latter not scaled. Two guidance scales say how
/// strongly the words (s_T) and the image (s_I) count: ε = ε(∅,∅) + s_T·(ε(text,image) - ε(∅,image)) + s_I·(ε(∅,image)
/// - ε(∅,∅)), no image being zeros.
///
/// It samples with ancestral Euler steps, as the paper does (``EulerAncestral``). The published program cuts its
/// trajectory evenly in fractions of timesteps; here it is cut as the model's schedule says.
///
/// Draws one noise of the latent's shape, and with η > 0 one more for every step but ancestral Euler's last. Cost: 3N
/// forwards; 2N where s_I is 1 or s_T, N where both are 1.
public struct InstructPix2Pix: EditingMethod {
    /// How a step is taken.
    enum Step: String, OptionChoice {
        /// With as much fresh noise as ancestral sampling adds, the last step to the clean latent.
        case eulerAncestral = "euler-ancestral"
        /// By DDIM with η, the last step to the schedule's lowest level.
        case ddim
    }

    static let imageGuidance = TypedOption<Double>(
        "image-guidance", in: Limits.guidance, 1.5, symbol: "s_I",
        help: "how strongly the picture counts; the guidance scale is the words' (s_T)")
    static let sampler = TypedOption<Step>(
        "sampler", .eulerAncestral,
        help: "euler-ancestral: the paper's; ddim: steps with as much fresh noise as eta says")
    static let eta = TypedOption<Double>(
        "eta", in: 0...1, 0, symbol: "η",
        help: "with sampler=ddim, fresh noise in each step: 0 for none to 1 (DDPM)")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "instruct-pix2pix", title: "InstructPix2Pix", aliases: ["ip2p"],
        summary: "Follows an instruction, with a model that was trained to.",
        paper: "Brooks, Holynski, Efros, InstructPix2Pix: Learning to Follow Image Editing Instructions, "
            + "CVPR 2023, arXiv 2211.09800",
        year: 2023, needs: .init(imageChannels: true),
        standard: .init(steps: 100, guidance: 7.5, strength: nil),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: nil)],
        conditions: [.init([.negative], when: .always)],
        options: [imageGuidance.description, sampler.description, eta.description])

    /// Any.
    public static let takesSamplers = true

    private let imageGuidance: Double
    /// As `sampler` and `eta` say.
    public let sampler: any Sampler

    /// The method with its options.
    public init(_ options: Options) {
        imageGuidance = options[Self.imageGuidance]
        sampler =
            switch options[Self.sampler] {
            case .eulerAncestral: EulerAncestral()
            case .ddim: DDIM(eta: options[Self.eta])
            }
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let levels = context.levels
        let image = context.clean / context.session.model.latentScale
        let noise = context.freshNoise()
        let sampler = context.sampler ?? sampler
        let latent = try context.session.sample(
            sampler.start(noise, at: levels[levels.steps]), from: levels.steps, of: levels, by: sampler,
            fresh: { _ in context.freshNoise() },
            stage: "painting", predicting: { try estimate(context, $0, at: $1, image: image) },
            each: { index, latent in
                let kept = index == 0 ? context.clean : DDIM.addNoise(context.clean, noise, to: levels[index])
                return EditContext.blend(latent, over: kept, mask: context.mask)
            })
        return EditOutput(latent, mask: context.mask)
    }

    /// The three estimates, weighted; one with no weight is not asked for.
    private func estimate(_ context: EditContext, _ latent: Tensor, at level: NoiseLevel, image: Tensor)
        throws
        -> Tensor
    {
        let rows: [(weight: Double, prompt: Conditioning, image: Tensor)] = [
            (context.guidance, context.prompt, image),
            (imageGuidance - context.guidance, context.negative, image),
            (1 - imageGuidance, context.negative, image.zerosLike),
        ].filter { $0.0 != 0 }
        let noises = try context.session.predict(
            rows.map { Query(latent, at: level, prompt: $0.prompt, extra: $0.image) })
        return zip(rows, noises).dropFirst().reduce(noises[0] * rows[0].weight) { $0 + $1.1 * $1.0.weight }
    }
}
