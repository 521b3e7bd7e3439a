import Diffusion

/// Negative-prompt inversion: DDIM inversion, and guidance away from the source prompt on the way back.
///
/// Miyake, Iohara, Saito and Tanaka, "Negative-prompt Inversion: Fast Image Inversion for Editing with Text-guided
/// Diffusion Models", 2023: what null-text inversion learns is close to the source prompt itself, so that one is taken.
/// The source branch then does not feel guidance at all. Draws no noise. Cost: K forwards.
struct NegativePromptInversion: Inversion {
    static let description = InversionDescription(
        kind: .negativePrompt, title: "Negative-prompt inversion",
        summary:
            "Guides away from the source prompt instead of the empty one; guidance then spares the source.",
        paper: "Miyake et al., Negative-prompt Inversion: Fast Image Inversion for Editing with Text-guided "
            + "Diffusion Models, WACV 2025, arXiv 2305.16807",
        year: 2023, cost: "K F")

    init(_ options: Options) {}

    func path(of inversion: InversionContext) throws -> InvertedTrajectory {
        var path = inversion.path(.negativePrompt, try inversion.invert())
        path.negatives = path.latents.dropFirst().map { _ in inversion.prompt }
        inversion.warnOfNegative(.negativePrompt)
        return path
    }
}
