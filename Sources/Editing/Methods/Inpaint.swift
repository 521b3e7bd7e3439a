import Diffusion
import Imaging
import Tensors

/// Inpainting: paint what a mask leaves open by the prompt.
///
/// Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models", CVPR 2022. An inpainting
/// network reads 2C + 1 channels: latent, mask, and the latent of the picture with a grey hole; nothing is
/// blended. With an ordinary network the original, noised with one noise, is put back outside the mask at the
/// level each step leads to, and the clean latent at the end. Where no mask is given, DiffEdit's is used: a
/// mask
/// from the difference of two prompts, then inpainting.
///
/// Draws the noises of DiffEdit's mask where there is no other, then one noise of the latent's shape: the
/// start
/// itself at strength 1, and what is added to the latent below. Cost: 2k forwards, k = ⌊strength·N⌋, and 2n
/// for
/// DiffEdit's mask.
public struct Inpaint: EditingMethod {
    /// What may change where the user gave no mask.
    enum MaskSource: String, CaseIterable { case diffedit, all }

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
            .init(options: ["mask-from"], when: .notGiven(.mask)),
            .init(options: DiffEditMask.options.map(\.name), when: .option("mask-from", ["diffedit"])),
            .init([.source], when: .all([.notGiven(.mask), .option("mask-from", ["diffedit"])])),
        ],
        options: [
            .init(
                "mask-from", .choice(MaskSource.allCases.map(\.rawValue)), .text("diffedit"),
                help: "without --mask: find one as DiffEdit does, or paint everything anew")
        ] + DiffEditMask.options)

    private let maskSource: MaskSource
    private let finder: DiffEditMask

    /// The method with its options.
    public init(_ options: Options) {
        maskSource = options.choice("mask-from", as: MaskSource.self)
        finder = DiffEditMask(options)
    }

    /// Edits.
    public func edit(_ canvas: Canvas) throws -> Painting {
        let hasHoleChannels = try hasHoleChannels(canvas.studio.model.facts)
        var painting = Painting(canvas.clean, mask: canvas.mask)
        var hole = canvas.pictureMask?.thresholded()
        if painting.mask == nil {
            switch maskSource {
            case .diffedit:
                // An inpainting network with everything open sees no picture but the latent.
                let open = hasHoleChannels ? try extra(canvas, hole: nil) : nil
                let found = try finder.find(on: canvas, extra: open)
                painting.mask = found.mask
                painting.softMask = found.soft
                painting.trace["difference"] = found.difference
                if found.mask.sum.item == 0 {
                    canvas.studio.warn(DiffEditMask.emptyMaskAdvice)
                    return painting
                }
            case .all:
                painting.mask = .ones(canvas.clean.zerosLike.mean([1], keeping: true).shape)
                    .like(canvas.clean)
            }
        }
        if hole == nil, let mask = painting.mask { hole = Mask(mask).thresholded() }
        guard canvas.top > 0 else { return painting }

        let noise = canvas.freshNoise()
        let levels = canvas.levels
        let extra = hasHoleChannels ? try extra(canvas, hole: hole) : nil
        let start =
            canvas.top == levels.steps ? noise : DDIM.noised(canvas.clean, noise, to: levels[canvas.top])
        painting.latent = try canvas.studio.sample(
            start, from: canvas.top, of: levels, stage: "painting",
            predicting: { try canvas.guidedNoise(in: $0, at: $1, extra: extra) },
            each: { index, latent in
                if hasHoleChannels { return latent }
                let kept = index == 0 ? canvas.clean : DDIM.noised(canvas.clean, noise, to: levels[index])
                return Canvas.blend(latent, over: kept, mask: painting.mask)
            })
        return painting
    }

    /// Whether the network reads a mask and a picture with a hole.
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

    /// Mask and latent of the picture with a grey hole, [1, 1 + C, h, w]; the hole is everything where nil.
    private func extra(_ canvas: Canvas, hole: Mask?) throws -> Tensor {
        let (_, _, height, width) = canvas.clean.shape4
        let picture = try canvas.picture ?? canvas.studio.decode(canvas.clean)
        let hole = hole ?? Mask(width: 1, height: 1, filledWith: 1)
        func tensor(_ width: Int, _ height: Int) -> Tensor {
            Tensor(hole.nearest(width: width, height: height).values, shape: [1, 1, height, width])
        }
        let pixels = picture.tensor(device: canvas.studio.model.device)
        try canvas.studio.checkCancellation()
        let masked = try canvas.studio.model.posterior(
            of: pixels * (1 - tensor(picture.width, picture.height).like(pixels))
        ).mean
        return .concatenated([tensor(width, height), masked].map { $0.like(canvas.clean) }, along: 1)
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
