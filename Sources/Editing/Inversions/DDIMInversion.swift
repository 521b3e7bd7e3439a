import Diffusion

/// DDIM inversion: the sampler run backwards, without guidance.
///
/// Song, Meng and Ermon, "Denoising Diffusion Implicit Models", ICLR 2021. The cleaner latent of a step is shown with
/// the noisier level's timestep, which mirrors the sampler's pairs of levels. Draws no noise. Cost: K forwards.
struct DDIMInversion: Inversion {
    static let description = InversionDescription(
        kind: .ddim, title: "DDIM inversion",
        summary: "Runs the sampler backwards; good without guidance, drifting with it.",
        paper: "Song, Meng, Ermon, Denoising Diffusion Implicit Models, ICLR 2021, arXiv 2010.02502",
        year: 2021, cost: "K F")

    init(_ options: Options) {}

    func path(of inversion: InversionContext) throws -> InvertedTrajectory {
        inversion.path(.ddim, try inversion.invert())
    }
}
