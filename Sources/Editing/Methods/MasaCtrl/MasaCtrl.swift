import Diffusion
import Networks
import Tensors

/// MasaCtrl: the painting lays itself out by its own prompt and takes what things look like from the image.
///
/// Cao, Wang, Qi, Shan, Qie, Zheng, "MasaCtrl: Tuning-Free Mutual Self-Attention Control for Consistent Image Synthesis
/// and Editing", ICCV 2023. From step S and self-attention layer L on, the target's queries look at the source's keys
/// and values instead of its own; each row of the target (prompt, negative prompt) at the row of the source that sees
/// its like. Poses and shapes may change, colours and textures stay. With `foreground`, or with masks of the thing in
/// both images, things look at things only and background at background, see `ForegroundMask`.
///
/// The source is sampled from its inversion's latents, guided as the target is; `direct`, the default, shows the stored
/// latents themselves. With a mask, the source's latent of each level is put back where nothing may change.
///
/// Draws no noise. Cost: N forwards to invert, 2N for the target, and for the source 2N (with `direct` only 2(N-S));
/// with guidance 1 one row each instead of two, and one for the source where it sees what guidance leads away from; one
/// less in all with an inversion that is sampled from the start.
public struct MasaCtrl: EditingMethod {
    static let sourceSees = TypedOption<SourcePrompt>(
        "source-sees", .given, presets: [.official: .empty],
        help:
            "what the picture's own walk is prompted with: the source prompt, or nothing unless foreground needs it"
    )

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "masactrl", title: "MasaCtrl",
        summary: "Changes poses and shapes while self-attention takes the looks from the picture.",
        paper: "Cao, Wang, Qi, Shan, Qie, Zheng, MasaCtrl: Tuning-Free Mutual Self-Attention Control for "
            + "Consistent Image Synthesis and Editing, ICCV 2023, arXiv 2304.08465",
        year: 2023, needs: .init(source: .optional, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: nil, inversion: .direct),
        presets: [
            .official: .init(steps: 50, guidance: 7.5, strength: nil, inversion: .ddim),
            .fast: .init(steps: 20, guidance: 7.5, strength: nil, inversion: .direct),
        ],
        conditions: [
            .init(
                [ForegroundMask.sourceForeground.setting, ForegroundMask.maskThreshold.setting],
                when: ForegroundMask.foreground.isNot(""))
        ],
        options: MasaCtrlReach.options + [sourceSees.description] + ForegroundMask.options)

    /// What the source branch sees.
    enum SourcePrompt: String, OptionChoice {
        /// The source prompt.
        case given
        /// The empty prompt, as the published code gives to photos; the source prompt where words of it are looked for.
        case empty
    }

    /// Masks of the thing.
    public static let files: [String: OptionFile.Kind] = [
        ForegroundMask.sourceMask.name: .mask, ForegroundMask.targetMask.name: .mask,
    ]

    private let options: Options
    private let foreground: ForegroundMask.Request
    private let sees: SourcePrompt

    /// The method with its options.
    public init(_ options: Options) {
        self.options = options
        foreground = ForegroundMask.Request(options)
        sees = options[Self.sourceSees]
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let all = try context.session.model.sites
        let reach = try MasaCtrlReach(options)
        let layers = reach.keysAndValues(among: all)
        if layers.isEmpty, !reach.layers.isEmpty {
            context.session.warn("this model has no self-attention; nothing of the picture is looked at")
        }
        let mask = try ForegroundMask(foreground, on: context, layers: layers, among: all)
        let path = try context.invert(prompt: sees == .empty && !foreground.needsWords ? context.empty : nil)
        var (source, x) = (path.start, path.start)
        for (done, k) in context.session.steps(
            "painting", Array((1...context.startStep).reversed().enumerated()))
        {
            let level = context.levels[k]
            let controls = reach.acts(in: done, of: context.startStep) && !layers.isEmpty
            let negative = path.negative(at: k, or: context.negative)

            // Asked first, so that the target's rows find what they record.
            var queries: [Query] = []
            let (guide, awayGuide) = (Recording(layers), Recording(layers))
            let seen = Recording(mask?.maps ?? [], averagingHeads: true)
            let walksSource = controls || path.kind != .direct
            if walksSource {
                let away = context.away(from: negative, plan: controls ? .recording(into: awayGuide) : .none)
                let recording = controls ? Plan.recording(into: guide).then(.recording(into: seen)) : .none
                queries.append(
                    Query(source, at: level, prompt: path.prompt, guidance: away, plan: recording))
            }
            let own = Recording(mask?.maps ?? [], averagingHeads: true)
            let masking = mask?.plan(source: seen, target: own) ?? .none
            // A source that is led away from its own prompt has one row for both of the target's.
            let shown = negative === path.prompt ? guide : awayGuide
            let away = context.away(
                from: negative, plan: controls ? .replaying(shown).then(masking) : .none)
            queries.append(
                Query(
                    x, at: level, prompt: context.prompt, guidance: away,
                    plan: controls ? .replaying(guide).then(.recording(into: own)).then(masking) : .none))
            let noises = try context.session.predict(queries)

            if walksSource { source = path.step(source, noises[0], from: k) }
            source = path.source(source, reaching: k - 1)
            x = path.step(x, noises[noises.count - 1], from: k)
            x = EditContext.blend(x, over: path.latents[k - 1], mask: context.mask)
        }
        return EditOutput(x, mask: context.mask, path: path)
    }
}
