public import Diffusion
import Imaging
import Tensors

/// SDEdit: noise the image part of the way and let the prompt decide what comes back.
///
/// Meng et al., "SDEdit: Guided Image Synthesis and Editing with Stochastic Differential Equations", ICLR 2022; here in
/// latents and led by text, deterministic unless η says otherwise, as later papers compare against it. With a mask,
/// what must stay is put back at every level, noised with the same noise. The paper's own algorithm noises and denoises
/// K times, by steps with fresh noise (η = 1): `--preset official`, which also puts the background back one level too
/// noisy, as the published code does. That code knows no text; guidance is ours.
///
/// Draws, in each of K repeats, one noise of the latent's shape, and with η > 0 one more for every step. Cost: 2kK
/// forwards, k = ⌊strength·N⌋.
public struct SDEdit: EditingMethod {
    /// Whether the background comes from the level a step leads to, or (one level too noisy) from where it began.
    enum Background: String, OptionChoice { case destination, origin }
    /// Where a mask counts: in latents only, or after each repeat in the image's own pixels as well.
    enum MaskSpace: String, OptionChoice { case latent, pixel }

    static let repeats = TypedOption<Int>(
        "repeats", in: 1...20, 1, presets: [.official: 3], symbol: "K",
        help: "how often the result is noised and denoised again")
    static let eta = TypedOption<Double>(
        "eta", in: 0...1, 0, presets: [.official: 1], symbol: "η",
        help: "fresh noise in each step: 0 for none (DDIM) to 1 (DDPM)")
    static let background = TypedOption<Background>(
        "background", .destination, presets: [.official: .origin],
        help: "origin: put the background back one level too noisy, as the published code does")
    static let maskSpace = TypedOption<MaskSpace>(
        "mask-space", .latent,
        help: "pixel: after each repeat, put the photo's own pixels back and encode anew")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "sdedit", title: "SDEdit", aliases: ["img2img"],
        summary: "Adds noise to the picture and removes it again under the new prompt.",
        paper: "Meng et al., SDEdit: Guided Image Synthesis and Editing with Stochastic Differential "
            + "Equations, ICLR 2022, arXiv 2108.01073",
        year: 2022, needs: .init(),
        // The paper finds t₀ from 0.3 to 0.6 good.
        standard: .init(steps: 50, guidance: 7.5, strength: 0.5),
        presets: [
            .official: .init(steps: 50, guidance: 7.5, strength: 0.5),
            .fast: .init(steps: 20, guidance: 7.5, strength: 0.5),
        ],
        conditions: [.init([background.setting, maskSpace.setting], when: .given(.mask))],
        options: [repeats.description, eta.description, background.description, maskSpace.description])

    /// Any.
    public static let takesSamplers = true

    private let repeats: Int
    /// DDIM with the method's η.
    public let sampler: any Sampler
    private let background: Background
    private let maskSpace: MaskSpace

    /// The method with its options.
    public init(_ options: Options) {
        repeats = options[Self.repeats]
        sampler = DDIM(eta: options[Self.eta])
        background = options[Self.background]
        maskSpace = options[Self.maskSpace]
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        guard context.startStep > 0 else { return EditOutput(context.clean, mask: context.mask) }
        var painting = EditOutput(context.clean, mask: context.mask)
        var guide = context.clean  // x_g
        for pass in 1...repeats {
            let noise = context.freshNoise()
            let start = DDIM.addNoise(guide, noise, to: context.levels[context.startStep])
            let stage = repeats == 1 ? "decoding" : "decoding \(pass) of \(repeats)"
            let end = try sample(context, from: start, keeping: guide, noise, stage: stage)
            painting.trace[pass == 1 ? "noised_latent" : "noised_latent_\(pass)"] = start
            painting.latent = end
            guide = EditContext.blend(end, over: context.clean, mask: context.mask)
            if maskSpace == .pixel, let pasted = try pasted(guide, into: context) {
                guide = pasted
                painting.latent = pasted
            }
        }
        return painting
    }

    private func sample(
        _ context: EditContext, from start: Tensor, keeping guide: Tensor, _ noise: Tensor, stage: String
    ) throws -> Tensor {
        try context.session.sample(
            start, from: context.startStep, of: context.levels, by: context.sampler ?? sampler,
            fresh: { _ in context.freshNoise() }, stage: stage,
            predicting: { try context.guidedNoise(in: $0, at: $1) },
            each: { index, latent in
                let level = context.levels[background == .destination ? index : index + 1]
                return EditContext.blend(
                    latent, over: DDIM.addNoise(guide, noise, to: level), mask: context.mask)
            })
    }

    /// A latent whose image has the photo's pixels outside the mask; nil without a mask.
    private func pasted(_ latent: Tensor, into context: EditContext) throws -> Tensor? {
        guard let photo = context.image, let mask = context.imageMask else { return nil }
        let painted = try context.session.decode(latent)
        return try context.session.encode(Image.pasting(edit: painted, into: photo, mask: mask, feather: 0))
    }
}
