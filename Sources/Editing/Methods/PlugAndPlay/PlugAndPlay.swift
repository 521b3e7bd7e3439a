import Diffusion
import Foundation
import Networks
import Tensors

/// Plug-and-Play: the image's own features and self-attention, put into the painting while it takes shape.
///
/// Tumanyan, Geyer, Bagon, Dekel, "Plug-and-Play Diffusion Features for Text-Driven Image-to-Image Translation", CVPR
/// 2023. Every step asks the network about the source's latent too. In the first ⌊τ_f·N⌋ steps the residual branch of
/// one resnet of the decoder, in the first ⌊τ_A·N⌋ the queries and keys of its self-attention from there on, are the
/// source's in all rows of the target; values, the resnet's skip path and attention to the prompt stay the target's.
/// Layout is kept, appearance follows the prompt. See `sites(among:)` for where that is in networks of other shapes.
///
/// The source is sampled from its inversion's latents, unguided; `direct`, the default, shows the stored latents
/// themselves. With a mask, the source's latent of each level is put back where nothing may change.
///
/// Draws no noise. Cost: K forwards to invert, K being the steps of `inversion-steps` up to the edit's first; then N
/// for the source (with `direct` only max(⌊τ_f·N⌋, ⌊τ_A·N⌋)) and 2N for the target (N with guidance 1). A negative
/// prompt adds one for every step in which it and the empty prompt both have a share.
public struct PlugAndPlay: EditingMethod {
    /// How the empty prompt gives way to the negative one.
    enum NegativeSchedule: String, OptionChoice {
        /// α_i = α·(1 - i/(N-1)).
        case linear
        /// α_i = α.
        case constant
        /// α_i = α·exp(-6i/(N-1)).
        case exponential
    }

    /// What the source's rows see.
    enum InversionPrompt: String, OptionChoice { case empty, source }

    /// Where the target begins.
    enum Start: String, OptionChoice {
        /// At the source's latent of the first timestep.
        case matched
        /// At the noisiest latent of the inversion, whose timestep may be later.
        case noisiest
    }

    static let featureSteps = TypedOption<Double>(
        "feature-steps", in: 0...1, 0.8, symbol: "τ_f",
        help: "share of the steps, from the first, that take the source's features")
    static let attentionSteps = TypedOption<Double>(
        "attention-steps", in: 0...1, 0.5, symbol: "τ_A",
        help: "share of the steps, from the first, that take the source's self-attention")
    static let featureLayers = TypedOption<String>(
        "feature-layers", "",
        help:
            "decoder layers whose features are taken, with commas between; the paper's where empty (up1.1)")
    static let attentionLayers = TypedOption<String>(
        "attention-layers", "",
        help: "those whose attention is; the paper's where empty (up1.1 and all that follow)")
    static let inversionSteps = TypedOption<Int>(
        "inversion-steps", in: 0...1000, 0, presets: [.official: 999],
        help:
            "steps of the inversion; 0: as many as the edit has. The paper's 1000, and the 999 of both "
            + "published codes, cost so many forwards")
    static let inversionPrompt = TypedOption<InversionPrompt>(
        "inversion-prompt", .empty,
        help: "what inversion and source see; source: the source prompt")
    static let negativeShare = TypedOption<Double>(
        "negative-share", in: 0...1, 1, symbol: "α",
        help: "the empty prompt's share beside a negative prompt in the first step")
    static let negativeSchedule = TypedOption<NegativeSchedule>(
        "negative-schedule", .linear,
        help: "how that share falls; constant with a share of 0: the negative prompt alone")
    static let start = TypedOption<Start>(
        "start", .matched, presets: [.official: .noisiest],
        help: "noisiest: begin with the inversion's last latent though it is too noisy")
    static let extraStep = TypedOption<Bool>(
        "extra-step", false, presets: [.official: true],
        help: "one step more of features and of attention, as the published code counts")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "plug-and-play", title: "Plug-and-Play", aliases: ["pnp"],
        summary: "Keeps the layout by putting the picture's own features and attention into the painting.",
        paper:
            "Tumanyan, Geyer, Bagon, Dekel, Plug-and-Play Diffusion Features for Text-Driven Image-to-Image "
            + "Translation, CVPR 2023, arXiv 2211.12572",
        year: 2023, needs: .init(source: .optional, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: nil, inversion: .direct),
        presets: [
            .official: .init(steps: 50, guidance: 10, strength: nil, inversion: .ddim),
            .fast: .init(steps: 20, guidance: 7.5, strength: nil, inversion: .direct),
        ],
        conditions: [
            .init([.source], when: inversionPrompt.is(.source)),
            .init([negativeShare.setting, negativeSchedule.setting], when: .given(.negative)),
        ],
        options: [
            featureSteps.description, attentionSteps.description, featureLayers.description,
            attentionLayers.description, inversionSteps.description, inversionPrompt.description,
            negativeShare.description, negativeSchedule.description, start.description, extraStep.description,
        ])

    private let featureShare: Double
    private let attentionShare: Double
    private let featureLayers: String
    private let attentionLayers: String
    private let inversionSteps: Int
    private let inversionPrompt: InversionPrompt
    private let negativeShare: Double
    private let negativeSchedule: NegativeSchedule
    private let start: Start
    private let hasExtraStep: Bool

    /// The method with its options.
    public init(_ options: Options) {
        featureShare = options[Self.featureSteps]
        attentionShare = options[Self.attentionSteps]
        featureLayers = options[Self.featureLayers]
        attentionLayers = options[Self.attentionLayers]
        inversionSteps = options[Self.inversionSteps]
        inversionPrompt = options[Self.inversionPrompt]
        negativeShare = options[Self.negativeShare]
        negativeSchedule = options[Self.negativeSchedule]
        start = options[Self.start]
        hasExtraStep = options[Self.extraStep]
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let sites = try Self.sites(
            among: try context.session.model.sites, features: featureLayers, attention: attentionLayers)
        if sites.features.isEmpty, sites.attention.isEmpty {
            context.session.warn(
                "this model's decoder has no self-attention; nothing of the picture is put into the painting")
        }
        let prompt = try sourcePrompt(context)
        // x^G_0…x^G_N, and x*_N.
        let (path, first) = try context.invert(
            finely: inversionSteps, beyond: start == .noisiest, prompt: prompt)
        var (source, x) = (path.start, first)
        for (done, k) in context.session.steps(
            "painting", Array((1...context.startStep).reversed().enumerated()))
        {
            var wanted: Set<Site> = []
            if done < count(featureShare, of: context) { wanted.formUnion(sites.features) }
            if done < count(attentionShare, of: context) { wanted.formUnion(sites.attention) }
            let guide = Recording(wanted)

            // Asked first, so that the target's rows find what it records.
            var queries: [Query] = []
            let walksSource = path.kind != .direct || !wanted.isEmpty
            if walksSource {
                let away = path.kind == .direct ? prompt : path.negative(at: k, or: prompt)
                queries.append(
                    Query(
                        source, at: context.levels[k], prompt: prompt, guidance: context.away(from: away),
                        plan: .recording(into: guide)))
            }
            let negatives = negatives(context, path, at: k, done: done)
            queries.append(
                Query(
                    x, at: context.levels[k], prompt: context.prompt,
                    guidance: Guidance(
                        awayFrom: negatives, scale: context.guidance, plan: .replaying(guide)),
                    plan: .replaying(guide)))
            let noises = try context.session.predict(queries)

            if walksSource { source = path.step(source, noises[0], from: k) }
            source = path.source(source, reaching: k - 1)
            x = path.step(x, noises[noises.count - 1], from: k)
            x = EditContext.blend(x, over: path.latents[k - 1], mask: context.mask)
        }
        return EditOutput(x, mask: context.mask, path: path)
    }

    /// Steps that a share is, the published code's own way of counting included.
    private func count(_ share: Double, of context: EditContext) -> Int {
        context.levels.stepCount(strength: share) + (hasExtraStep ? 1 : 0)
    }

    private func sourcePrompt(_ context: EditContext) throws -> Conditioning {
        switch inversionPrompt {
        case .empty: return context.empty
        case .source:
            guard let source = context.source else {
                throw EditingError.missing(
                    .source(option: "inversion-prompt=source"), method: Self.description.name)
            }
            return source
        }
    }

    /// What guidance leads away from: ε̃ = α_i·ε_∅ + (1-α_i)·ε_n, with shares that sum to 1.
    private func negatives(
        _ context: EditContext, _ path: InvertedTrajectory, at k: Int, done: Int
    ) -> [(prompt: Conditioning, share: Double)] {
        // An inversion that says what to lead away from knows better than a schedule.
        guard path.negatives.isEmpty, context.negative !== context.empty else {
            return [(path.negative(at: k, or: context.negative), 1)]
        }
        let passed = context.startStep > 1 ? Double(done) / Double(context.startStep - 1) : 0  // i/(N-1)
        let fall =
            switch negativeSchedule {
            case .linear: 1 - passed
            case .constant: 1.0
            case .exponential: exp(-6 * passed)
            }
        let share = negativeShare * fall  // α_i
        return [(context.empty, share), (context.negative, 1 - share)].filter { $0.share > 0 }
    }
}
