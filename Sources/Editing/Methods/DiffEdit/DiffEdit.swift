import Diffusion
import Tensors

/// DiffEdit: find where two prompts disagree, and change the image only there.
///
/// Couairon, Verbeek, Schwenk and Cord, "DiffEdit: Diffusion-based semantic image editing with mask guidance", ICLR
/// 2023. Three steps: a mask from the difference of two noise estimates; DDIM encoding without text (or any other
/// inversion); decoding under the prompt, with the encoded latent of each level put back outside the mask. A mask given
/// by the user takes the place of the first step.
///
/// Draws n noises of the latent's shape for the mask (none where the user gave one), then one more where `encode` is
/// `noise`. Cost with the paper's defaults (N = 50, strength 0.8, n = 10): 20 + 40 + 80 = 140 forwards.
public struct DiffEdit: MaskFinding {
    /// Where the mask comes from.
    enum MaskSource: String, OptionChoice { case found, none }
    /// How the background's latents are made: by DDIM, or by adding one fixed noise (the ablation "w/o encode").
    enum Encoding: String, OptionChoice { case ddim, noise }
    /// What is put back outside the mask: the latent, or the predicted clean latent as GLIDE does it.
    enum Blending: String, OptionChoice { case latent, predicted }
    /// Which prompt the encoding sees.
    enum EncodingPrompt: String, OptionChoice { case empty, source }
    /// Whether the background comes from the level a step leads to, or (one level too noisy) from where it began.
    enum Background: String, OptionChoice { case destination, origin }

    static let mask = TypedOption<MaskSource>(
        "mask", .found, help: "none: change everything (the ablation \"encode–decode\")")
    static let encode = TypedOption<Encoding>(
        "encode", .ddim, help: "noise: add one fixed noise instead of encoding (the ablation \"w/o encode\")")
    static let blend = TypedOption<Blending>(
        "blend", .latent, help: "predicted: put back the predicted clean latent instead, as GLIDE does")
    static let encodePrompt = TypedOption<EncodingPrompt>(
        "encode-prompt", .empty, presets: [.official: .source], help: "which prompt the encoding sees")
    static let encodeGuidance = TypedOption<Double>(
        "encode-guidance", in: Limits.guidance, 1, presets: [.official: 7.5],
        help: "guidance of an encoding by DDIM; above 1 the way back is soon lost")
    static let background = TypedOption<Background>(
        "background", .destination, presets: [.official: .origin],
        help: "origin: blend with a latent one level too noisy, as diffusers does")

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
            .init(DiffEditMask.options.map(\.setting), when: mask.is(.found)),
            .init([mask.setting], when: .notGiven(.mask)),
            .init(
                [.source],
                when: .any([
                    .all([.notGiven(.mask), mask.is(.found)]),
                    encodePrompt.is(.source),
                ])),
            .init([.negative], when: .any([.guided, DiffEditMask.maskGuidance.isNot(1)])),
            .init(
                [.inversion, encodePrompt.setting, encodeGuidance.setting],
                when: encode.is(.ddim)),
            .init([background.setting], when: blend.is(.latent)),
        ],
        options: DiffEditMask.options + [
            mask.description, encode.description, blend.description, encodePrompt.description,
            encodeGuidance.description, background.description,
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
        maskSource = options[Self.mask]
        encoding = options[Self.encode]
        blending = options[Self.blend]
        encodingPrompt = options[Self.encodePrompt]
        encodingGuidance = options[Self.encodeGuidance]
        background = options[Self.background]
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        var painting = EditOutput(context.clean, mask: context.mask)
        // Step 1: M, where the prompts disagree.
        if let found = try findMask(context) {
            painting.keep(to: found)
            if found.isEmpty { return painting }
        }
        // Step 2: x₀…x_K.
        let path = try encode(context)
        painting.levels = path.latents
        painting.path = encoding == .ddim && (encodingGuidance == 1 || path.kind != .ddim) ? path : nil
        // Step 3: y_K…y₀.
        painting.latent = try decode(context, over: path, mask: painting.mask)
        return painting
    }

    /// M, where the prompts disagree; nil where the user gave one, or everything may change.
    public func findMask(_ context: EditContext) throws -> FoundMask? {
        guard context.mask == nil, maskSource == .found else { return nil }
        return try finder.findOrWarn(on: context)
    }

    private func prompt(_ context: EditContext) -> Conditioning {
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
