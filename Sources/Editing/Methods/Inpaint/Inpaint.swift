import Diffusion
import Imaging
import Tensors

/// Inpainting: paint what a mask leaves open by the prompt.
///
/// Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022. An inpainting network
/// reads 2C + 1 channels: latent, mask, and the latent of the image with a grey hole; nothing is blended. With an
/// ordinary network the original, noised with one noise, is put back outside the mask at the level each step leads to,
/// and the clean latent at the end. Where no mask is given, DiffEdit's is used: a mask from the difference of two
/// prompts, then inpainting.
///
/// Draws the noises of DiffEdit's mask where there is no other, then one noise of the latent's shape: the start itself
/// at strength 1, and what is added to the latent below. Cost: 2k forwards, k = ⌊strength·N⌋, and 2n for DiffEdit's
/// mask.
public struct Inpaint: MaskFinding {
    /// What may change where the user gave no mask.
    enum MaskSource: String, OptionChoice { case diffedit, all }

    static let maskFrom = TypedOption<MaskSource>(
        "mask-from", .diffedit, help: "without a mask: find one as DiffEdit does, or paint everything anew")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "inpaint", title: "Inpainting",
        summary: "Paints a masked hole by the prompt, with an inpainting network or any other.",
        paper: "Rombach et al., High-Resolution Image Synthesis with Latent Diffusion Models, CVPR 2022, "
            + "arXiv 2112.10752",
        year: 2022, needs: .init(source: .optional),
        standard: .init(steps: 50, guidance: 7.5, strength: 1),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: 1)],
        conditions: DiffEditMask.conditions + [
            .init([maskFrom.setting], when: .notGiven(.mask)),
            .init(DiffEditMask.options.map(\.setting), when: maskFrom.is(.diffedit)),
            .init([.source], when: .all([.notGiven(.mask), maskFrom.is(.diffedit)])),
        ],
        options: [maskFrom.description] + DiffEditMask.options)

    /// Any.
    public static let takesSamplers = true

    private let maskSource: MaskSource
    private let finder: DiffEditMask

    /// The method with its options.
    public init(_ options: Options) {
        maskSource = options[Self.maskFrom]
        finder = DiffEditMask(options)
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let hasHoleChannels = try hasHoleChannels(context.session.model.facts)
        var painting = EditOutput(context.clean, mask: context.mask)
        var hole = context.imageMask?.thresholded()
        if let found = try findMask(context) {
            painting.keep(to: found)
            if found.isEmpty { return painting }
        } else if painting.mask == nil {
            painting.mask = .ones(context.clean.zerosLike.mean([1], keeping: true).shape).like(context.clean)
        }
        if hole == nil, let mask = painting.mask { hole = Mask(mask).thresholded() }
        guard context.startStep > 0 else { return painting }

        let noise = context.freshNoise()
        let levels = context.levels
        let extra = hasHoleChannels ? try extra(context, hole: hole) : nil
        let sampler = context.sampler ?? sampler
        let start =
            context.startStep == levels.steps
            ? sampler.start(noise, at: levels[levels.steps])
            : DDIM.addNoise(context.clean, noise, to: levels[context.startStep])
        painting.latent = try context.session.sample(
            start, from: context.startStep, of: levels, by: sampler, fresh: { _ in context.freshNoise() },
            stage: "painting",
            predicting: { try context.guidedNoise(in: $0, at: $1, extra: extra) },
            each: { index, latent in
                if hasHoleChannels { return latent }
                let kept = index == 0 ? context.clean : DDIM.addNoise(context.clean, noise, to: levels[index])
                return EditContext.blend(latent, over: kept, mask: painting.mask)
            })
        return painting
    }

    /// The hole as DiffEdit finds one; nil where the user gave one, or everything may change.
    public func findMask(_ context: EditContext) throws -> FoundMask? {
        guard context.mask == nil, maskSource == .diffedit else { return nil }
        // An inpainting network with everything open sees no image but the latent.
        let open = try hasHoleChannels(context.session.model.facts) ? try extra(context, hole: nil) : nil
        return try finder.findOrWarn(on: context, extra: open)
    }

    /// Whether the network reads a mask and an image with a hole.
    private func hasHoleChannels(_ facts: ModelFacts) throws -> Bool {
        switch facts.inputChannels {
        case facts.latentChannels: return false
        case 2 * facts.latentChannels + 1: return true
        default:
            throw EditingError.wrongModel(
                method: Self.description.name, wanted: "an inpainting model or an ordinary one",
                channels: facts.inputChannels, latentChannels: facts.latentChannels)
        }
    }

    /// Mask and latent of the image with a grey hole, [1, 1 + C, h, w]; the hole is everything where nil.
    private func extra(_ context: EditContext, hole: Mask?) throws -> Tensor {
        let (_, _, height, width) = context.clean.shape4
        let image = try context.image ?? context.session.decode(context.clean)
        let hole = hole ?? Mask(width: 1, height: 1, filledWith: 1)
        func tensor(_ width: Int, _ height: Int) -> Tensor {
            Tensor(hole.nearest(width: width, height: height).values, shape: [1, 1, height, width])
        }
        let pixels = image.tensor(device: context.session.model.device)
        try context.session.checkCancellation()
        let masked = try context.session.model.encode(
            pixels * (1 - tensor(image.width, image.height).like(pixels))
        ).mean
        return .concatenated([tensor(width, height), masked].map { $0.like(context.clean) }, along: 1)
    }
}

extension Mask {
    /// The mask at another size, each value that of the pixel at ⌊i·old/new⌋ (torch's `nearest`).
    func nearest(width newWidth: Int, height newHeight: Int) -> Mask {
        let columns = (0..<newWidth).map { $0 * width / newWidth }
        var taken: [Float] = []
        for y in 0..<newHeight {
            let row = (y * height / newHeight) * width
            taken += columns.map { values[row + $0] }
        }
        return Mask(width: newWidth, height: newHeight, values: taken)
    }
}
