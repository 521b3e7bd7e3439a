import Diffusion

/// Direct inversion (PnP inversion): DDIM inversion, and the source branch set back onto the path after every step.
///
/// Ju, Zeng, Bian, Liu and Xu, "PnP Inversion: Boosting Diffusion-based Editing with 3 Lines of Code", ICLR
/// 2024. The published form adds the difference between path and source; that is the same as taking the path's latent.
///       Targets are never touched. Draws no noise. Cost: K forwards.
struct DirectInversion: Inversion {
    static let description = InversionDescription(
        kind: .direct, title: "Direct (PnP) inversion",
        summary: "Puts the source branch back onto the stored path after every step.",
        paper: "Ju et al., PnP Inversion: Boosting Diffusion-based Editing with 3 Lines of Code, ICLR 2024, "
            + "arXiv 2310.01506",
        year: 2024, cost: "K F", isExact: true)

    init(_ options: Options) {}

    func path(of inversion: InversionContext) throws -> InvertedTrajectory {
        inversion.path(.direct, try inversion.invert())
    }
}
