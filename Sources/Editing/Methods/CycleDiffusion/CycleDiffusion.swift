public import Diffusion
import Tensors

/// CycleDiffusion: find the noises with which a stochastic sampler draws the image, and draw again with them.
///
/// Wu and De la Torre, "A Latent Space of Stochastic Diffusion Models for Zero-Shot Image Editing and Guidance", ICCV
/// 2023. A path from noise to the image is drawn from the sampler's posterior, which knows the image; what it adds to
/// the model's own steps under the source prompt (σ·z) is added to the steps under the new one. The difference is added
/// as it is, never divided by σ, so that equal prompts and guidance give the image back to the last bit, and η = 0 is a
/// number like any other.
///
/// Draws the noise of the start (x_K), then one per step from the noisiest down, none for the last, which leads to the
/// image itself. Cost: k·(g_src = 1 ? 3 : 4) forwards, k = ⌊strength·N⌋; guidance of 1 or a source prompt that is also
/// the negative one leaves out one, and so does the first of four, whose two paths begin with one latent.
public struct CycleDiffusion: EditingMethod {
    static let eta = TypedOption<Double>(
        "eta", in: 0...1, 0.1, symbol: "η", help: "how random the sampler is: 0 as DDIM, 1 as DDPM")
    static let sourceGuidance = TypedOption<Double>(
        "source-guidance", in: Limits.guidance, 1, symbol: "g_src",
        help: "guidance under which the picture's noises are found")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "cyclediffusion", title: "CycleDiffusion",
        summary: "Draws the picture's own random path again, with the same noises, under the new prompt.",
        paper: "Wu, De la Torre, A Latent Space of Stochastic Diffusion Models for Zero-Shot Image Editing "
            + "and Guidance, ICCV 2023, arXiv 2210.05559",
        year: 2023, needs: .init(source: .optional),
        standard: .init(steps: 50, guidance: 3, strength: 0.8),
        presets: [
            .official: .init(steps: 100, guidance: 3, strength: 0.85),
            .fast: .init(steps: 20, guidance: 3, strength: 0.8),
        ],
        conditions: [.init([.negative], when: .any([.guided, sourceGuidance.isNot(1)]))],
        options: [eta.description, sourceGuidance.description])

    /// DDIM with the method's η.
    public let sampler: any Sampler
    private let sourceGuidance: Double

    /// The method with its options.
    public init(_ options: Options) {
        sampler = DDIM(eta: options[Self.eta])
        sourceGuidance = options[Self.sourceGuidance]
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let sourcePrompt = context.source ?? context.empty
        guard context.startStep > 0 else { return EditOutput(context.clean, mask: context.mask) }
        let levels = context.levels
        let start = DDIM.addNoise(context.clean, context.freshNoise(), to: levels[context.startStep])
        var (source, edited) = (start, start)
        var latents = [start]
        for k in context.session.steps("decoding", (1...context.startStep).reversed()) {
            let (from, to) = (levels[k], levels[k - 1])
            // x_{k-1} of a sampler that knows the clean latent.
            let next =
                k == 1
                ? context.clean
                : sampler.step(
                    Estimate(
                        source, noise: DDIM.noise(in: source, leadingTo: context.clean, at: from), at: from),
                    to: to, noise: context.freshNoise())
            let noises = try context.session.predict([
                Query(
                    source, at: from, prompt: sourcePrompt,
                    guidance: Guidance(awayFrom: context.negative, scale: sourceGuidance)),
                Query(edited, at: from, prompt: context.prompt, guidance: context.away()),
            ])
            // μ(y_k) + σz with σz = x_{k-1} - μ(x_k).
            func mean(_ latent: Tensor, _ noise: Tensor) -> Tensor {
                sampler.mean(Estimate(latent, noise: noise, at: from), after: nil, to: to)
            }
            edited = next + (mean(edited, noises[1]) - mean(source, noises[0]))
            source = next
            latents.append(next)
            edited = EditContext.blend(edited, over: next, mask: context.mask)
        }
        return EditOutput(edited, mask: context.mask, levels: latents.reversed())
    }
}
