import Diffusion
import Tensors

/// DDIM encode–decode: invert the picture part of the way under its own prompt, sample back under the new
/// one.
///
/// Song, Meng and Ermon, "Denoising Diffusion Implicit Models", ICLR 2021; the "encode–decode" row in the
/// ablation of the DiffEdit paper. The encoding is not guided and sees the source prompt, or the empty one
/// where none is given. With a mask, the encoded latent of each level is put back where nothing may change.
///
/// Draws no noise. Cost: k + 2k forwards, k = ⌊strength·N⌋.
public struct DDIMEdit: EditingMethod {
    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "ddim", title: "DDIM encode–decode",
        summary: "Turns the picture into noise step by step, and back under the new prompt.",
        paper: "Song, Meng, Ermon, Denoising Diffusion Implicit Models, ICLR 2021, arXiv 2010.02502",
        year: 2021, needs: .init(source: .optional, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: 0.8),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: 0.8)])

    /// The method with its options.
    public init(_ options: Options) {}

    /// Edits.
    public func edit(_ canvas: Canvas) throws -> Painting {
        let prompt = canvas.source ?? canvas.empty
        let path = try canvas.studio.invert(
            canvas.clean, through: canvas.levels, to: canvas.top, prompt: prompt)
        let end = try canvas.studio.sample(
            path[canvas.top], from: canvas.top, of: canvas.levels, prompt: canvas.prompt,
            against: canvas.negative, scale: canvas.guidance
        ) { level, latent in
            Canvas.blend(latent, over: path[level], mask: canvas.mask)
        }
        return Painting(end, mask: canvas.mask, inversion: path, inversionPrompt: prompt)
    }
}
