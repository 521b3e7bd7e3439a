import Diffusion
import Tensors

/// DDIM encode–decode: invert the image part of the way under its own prompt, sample back under the new one.
///
/// Song, Meng and Ermon, "Denoising Diffusion Implicit Models", ICLR 2021; the "encode–decode" row in the ablation of
/// the DiffEdit paper. The encoding sees the source prompt, or the empty one where none is given; any inversion serves;
/// edit-friendly inversion brings the settings of its own paper. With a mask, the encoded latent of each level is put
/// back where nothing may change.
///
/// Draws no noise. Cost: 2k forwards, k = ⌊strength·N⌋, and those of the inversion (k with `ddim`).
public struct DDIMEdit: EditingMethod {
    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "ddim", title: "DDIM encode–decode",
        summary: "Turns the picture into noise step by step, and back under the new prompt.",
        paper: "Song, Meng, Ermon, Denoising Diffusion Implicit Models, ICLR 2021, arXiv 2010.02502",
        year: 2021, needs: .init(source: .optional, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: 0.8, inversion: .ddim),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: 0.8, inversion: .ddim)],
        // Huberman-Spiegelglas and others' own: 100 steps, of which 36 are skipped, and g_tar 15.
        inversions: [.editFriendly: .init(steps: 100, guidance: 15, strength: 0.64, inversion: .editFriendly)]
    )

    /// The method with its options.
    public init(_ options: Options) {}

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let path = try context.invert(stage: "encoding")
        let latent = try context.session.sample(
            path.start, from: path.startStep, of: path.levels, by: path.sampler, fresh: path.freshNoise,
            predicting: {
                try context.guidedNoise(
                    in: $0, at: $1, awayFrom: path.negative(at: $1.index, or: context.negative))
            },
            each: { EditContext.blend($1, over: path.latents[$0], mask: context.mask) })
        return EditOutput(latent, mask: context.mask, path: path)
    }
}
