import Diffusion
import Tensors

/// DiffEdit: find where two prompts disagree, and change the image only there.
///
/// Couairon, Verbeek, Schwenk and Cord, "DiffEdit: Diffusion-based semantic image editing with mask
/// guidance", ICLR 2023. Three steps: a mask from the difference of two noise estimates; DDIM encoding
/// without text (or any other inversion); decoding under the prompt, with the encoded latent of each level
/// put back outside the mask. A mask given by the user takes the place of the first step.
///
/// Draws n noises of the latent's shape for the mask (none where the user gave one), then one more where
/// `encode` is `noise`. Cost with the paper's defaults (N = 50, strength 0.8, n = 10): 20 + 40 + 80 = 140
/// forwards.
public struct DiffEdit: EditingMethod {
    /// Where the mask comes from.
    enum MaskSource: String, CaseIterable { case found, none }
    /// How the background's latents are made: by DDIM, or by adding one fixed noise (the ablation "w/o
    /// encode").
    enum Encoding: String, CaseIterable { case ddim, noise }
    /// What is put back outside the mask: the latent, or the predicted clean latent as GLIDE does it.
    enum Blending: String, CaseIterable { case latent, predicted }
    /// Which prompt the encoding sees.
    enum EncodingPrompt: String, CaseIterable { case empty, source }
    /// Whether the background comes from the level a step leads to, or (one level too noisy) from where it
    /// began.
    enum Background: String, CaseIterable { case destination, origin }

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "diffedit", title: "DiffEdit",
        summary: "Finds the region where the two prompts differ and changes only that.",
        paper: "Couairon et al., DiffEdit: Diffusion-based semantic image editing with mask guidance, "
            + "ICLR 2023, arXiv 2210.11427",
        year: 2023, needs: .init(source: .optional, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: 0.8, inversion: .ddim),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: 0.8, inversion: .ddim)],
        conditions: DiffEditMask.conditions + [
            .init(options: DiffEditMask.options.map(\.name), when: .option("mask", ["found"])),
            .init(options: ["mask"], when: .notGiven(.mask)),
            .init(
                [.source],
                when: .any([
                    .all([.notGiven(.mask), .option("mask", ["found"])]),
                    .option("encode-prompt", ["source"]),
                ])),
            .init([.negative], when: .any([.guided, .optionIsNot("mask-guidance", ["1"])])),
            .init(
                [.inversion, .option("encode-prompt"), .option("encode-guidance")],
                when: .option("encode", ["ddim"])),
            .init(options: ["background"], when: .option("blend", ["latent"])),
        ],
        options: DiffEditMask.options + [
            .init(
                "mask", .choice(MaskSource.allCases.map(\.rawValue)), .text("found"),
                help: "none: change everything (the ablation \"encode–decode\")"),
            .init(
                "encode", .choice(Encoding.allCases.map(\.rawValue)), .text("ddim"),
                help: "noise: add one fixed noise instead of encoding (the ablation \"w/o encode\")"),
            .init(
                "blend", .choice(Blending.allCases.map(\.rawValue)), .text("latent"),
                help: "predicted: put back the predicted clean latent instead, as GLIDE does"),
            .init(
                "encode-prompt", .choice(EncodingPrompt.allCases.map(\.rawValue)), .text("empty"),
                presets: [.official: .text("source")], help: "which prompt the encoding sees"),
            .init(
                "encode-guidance", .number(0...100), .number(1), presets: [.official: .number(7.5)],
                help: "guidance of an encoding by DDIM; above 1 the way back is soon lost"),
            .init(
                "background", .choice(Background.allCases.map(\.rawValue)), .text("destination"),
                presets: [.official: .text("origin")],
                help: "origin: blend with a latent one level too noisy, as diffusers does"),
        ])

    private let finder: DiffEditMask
    private let maskSource: MaskSource
    private let encoding: Encoding
    private let blending: Blending
    private let encodingPrompt: EncodingPrompt
    private let encodingGuidance: Double
    private let background: Background

    /// The method with its options.
    public init(_ options: Options) {
        finder = DiffEditMask(options)
        maskSource = options.choice("mask", as: MaskSource.self)
        encoding = options.choice("encode", as: Encoding.self)
        blending = options.choice("blend", as: Blending.self)
        encodingPrompt = options.choice("encode-prompt", as: EncodingPrompt.self)
        encodingGuidance = options.number("encode-guidance")
        background = options.choice("background", as: Background.self)
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        var painting = EditOutput(context.clean, mask: context.mask)
        // Step 1: M, where the prompts disagree.
        if painting.mask == nil, maskSource == .found {
            let found = try finder.find(on: context)
            painting.mask = found.mask
            painting.softMask = found.soft
            painting.trace["difference"] = found.difference
            if found.mask.sum.item == 0 {
                context.session.warn(DiffEditMask.emptyMaskAdvice)
                return painting
            }
        }
        // Step 2: x₀…x_K.
        let path = try encode(context)
        painting.levels = path.latents
        painting.path = encoding == .ddim && (encodingGuidance == 1 || path.kind != .ddim) ? path : nil
        // Step 3: y_K…y₀.
        painting.latent = try decode(context, over: path, mask: painting.mask)
        return painting
    }

    private func prompt(_ context: EditContext) -> Prompt {
        encodingPrompt == .source ? context.source ?? context.empty : context.empty
    }

    private func encode(_ context: EditContext) throws -> InvertedTrajectory {
        switch encoding {
        case .ddim where encodingGuidance != 1 && context.inversion == .ddim:
            return try context.invertedByDDIM(prompt: prompt(context), scale: encodingGuidance)
        case .ddim:
            if encodingGuidance != 1 {
                context.session.warn(
                    "encode-guidance counts for DDIM alone; \(context.inversion.rawValue) has its own")
            }
            return try context.invert(prompt: prompt(context), stage: "encoding")
        case .noise:
            return context.noised(with: context.freshNoise(), prompt: prompt(context))
        }
    }

    private func decode(_ context: EditContext, over path: InvertedTrajectory, mask: Tensor?) throws -> Tensor
    {
        let isPredicted = blending == .predicted
        return try context.session.sample(
            path.start, from: context.startStep, of: context.levels, by: isPredicted ? DDIM() : path.sampler,
            fresh: path.freshNoise,
            predicting: {
                try context.guidedNoise(
                    in: $0, at: $1, awayFrom: path.negative(at: $1.index, or: context.negative))
            },
            guiding: { estimate in
                guard isPredicted else { return estimate }
                let clean = EditContext.blend(estimate.predictedOriginal, over: context.clean, mask: mask)
                return estimate.replacing(predictedOriginal: clean)
            },
            each: { index, y in
                let kept = path.latents[background == .destination ? index : index + 1]
                return isPredicted ? y : EditContext.blend(y, over: kept, mask: mask)
            })
    }
}
