public import Diffusion
public import Tensors

/// Prompt-to-Prompt by regions (P2P*): a source and a target are painted region by region, each with a hold of its own.
///
/// Hertz et al. 2022, as Li, Zhou, Sun and Xu compare with it ("Multi-Region Text-Driven Manipulation of Diffusion Imagery",
/// AAAI 2024): every region is sampled in its own box with its own prompts, the target's row takes the source's attention as
/// far as the region's role says, and at every step the boxes are laid over the background by their feathers. What the
/// regions show together is seen by nobody; ``MRGD`` adds that.
///
/// Draws, by each region's own seed, one noise of its box's size. Cost of a step: 4 forwards for every region that both
/// pictures show, 2 for one that is added or removed; half at guidance 1. A photo adds what its inversion by regions
/// costs: R·K forwards for R regions of the source and K levels, and for `regions-by=null-text` (3 + n)·R·K forwards and
/// n·R·K backwards more, n ≤ N.
public struct P2PRegions: RegionPairMethod {
    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "p2p-regions", title: "P2P* by regions", aliases: ["p2p-star", "regional prompt-to-prompt"],
        summary: "Paints two pictures region by region; the new one takes the old one's attention in each.",
        paper:
            "Hertz et al., Prompt-to-Prompt, ICLR 2023, arXiv 2208.01626, by regions as in Li et al., AAAI 2024",
        year: 2024,
        needs: .init(source: .optional, regions: .required, inversion: true, gradients: true),
        standard: .init(steps: 20, guidance: 7, strength: 1), presets: [:],
        conditions: RegionPairOptions.conditions, options: RegionPairOptions.all)

    private let options: Options

    /// The method with its options.
    public init(_ options: Options) { self.options = options }

    /// Edits a photo.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let pairing = try RegionPairing(context, options, isPhoto: true, method: Self.description.name)
        return try pairing.edited(painting(of: pairing))
    }

    /// Both pictures from noise alone.
    public func generate(_ context: EditContext) throws -> (source: Tensor, target: Tensor) {
        let pairing = try RegionPairing(context, options, isPhoto: false, method: Self.description.name)
        let both = try pairing.generated(painting(of: pairing))
        return (both.source, both.target)
    }

    private func painting(of pairing: RegionPairing) throws -> RegionPainting {
        RegionPainting(
            pairing.context.session, regions: try pairing.regions(), guidance: pairing.context.guidance)
    }
}
