import Diffusion
import Tensors

/// SDEdit: noise the picture part of the way and let the prompt decide what comes back.
///
/// Meng et al., "SDEdit: Guided Image Synthesis and Editing with Stochastic Differential Equations", ICLR
/// 2022; here in its latent, text-guided and deterministic form, as later papers compare against it. Needs
/// nothing but a prompt; with a mask, what must stay is put back at every level, noised with the same noise.
///
/// Draws one noise of the latent's shape. Cost: 2k forwards, k = ⌊strength·N⌋.
public struct SDEdit: EditingMethod {
    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "sdedit", title: "SDEdit",
        summary: "Adds noise to the picture and removes it again under the new prompt.",
        paper: "Meng et al., SDEdit: Guided Image Synthesis and Editing with Stochastic Differential "
            + "Equations, ICLR 2022, arXiv 2108.01073",
        year: 2022, needs: .init(),
        standard: .init(steps: 50, guidance: 7.5, strength: 0.8),
        presets: [
            .official: .init(steps: 50, guidance: 5, strength: 0.75),
            .fast: .init(steps: 20, guidance: 7.5, strength: 0.8),
        ])

    /// The method with its options.
    public init(_ options: Options) {}

    /// Edits.
    public func edit(_ canvas: Canvas) throws -> Painting {
        guard canvas.top > 0 else { return Painting(canvas.clean, mask: canvas.mask) }
        let (levels, noise) = (canvas.levels, canvas.freshNoise())
        let start = DDIM.noised(canvas.clean, noise, to: levels[canvas.top])
        let end = try canvas.studio.sample(
            start, from: canvas.top, of: levels, prompt: canvas.prompt, against: canvas.negative,
            scale: canvas.guidance
        ) { level, latent in
            let kept = DDIM.noised(canvas.clean, noise, to: levels[level])
            return Canvas.blend(latent, over: kept, mask: canvas.mask)
        }
        return Painting(end, mask: canvas.mask, trace: ["noised_latent": start])
    }
}
