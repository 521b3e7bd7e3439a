public import Diffusion
import Prompts
import Support
import Tensors

/// LEDITS++: several edits at once, each by a phrase and kept to where the phrase looks.
///
/// Brack, Friedrich, Kornmeier, Tsaban, Schramowski, Kersting and Passos, "LEDITS++: Limitless Image Editing using
/// Text-to-Image Models", CVPR 2024. The image's latents of all levels are noised independently; what a random sampler
/// must add to its unprompted steps to go from one to the next is kept and added again while phrases guide the way: ε =
/// ε_∅ + Σ s_e·m_e⊙(ε_e - ε_∅), minus where a phrase is removed. m_e is where the phrase's maps and the guidance itself
/// are largest. Both paths are sampled side by side, on the solver's own levels. Without an edit the image comes back
/// to the last bit. The guidance setting is s_e; a negative prompt takes the empty one's place.
///
/// Draws one noise of the latent's shape for each level 1…k, the cleanest first. Cost: k·(2 + E) forwards on average
/// over k = ⌊strength·N⌋ steps, with E the number of edits that act, and 2k more with `source-guidance` (k where that
/// leads the image's own path alone); one or two less in the first, where both paths have one latent.
public struct LEDITSPlusPlus: EditingMethod {
    /// Which sampler's noises are found.
    enum Solver: String, OptionChoice {
        /// DPM-Solver++ of second order as a stochastic differential equation, the paper's.
        case dpm = "dpm-solver"
        /// DDIM with η = 1, as in edit-friendly DDPM inversion.
        case ddim

        /// The sampler that it is.
        var sampler: any Sampler {
            switch self {
            case .dpm: DPMSolver(isStochastic: true)
            case .ddim: DDIM(eta: 1)
            }
        }
    }

    /// What the edits are where none is named.
    enum Phrases: String, OptionChoice {
        /// Words, for models that read CLIP's vocabulary; else the prompt.
        case auto
        /// Phrases with words that came are added, and phrases with words that went are removed, as the authors do.
        case words
        /// The new prompt as a whole.
        case prompt

        /// Words in CLIP's vocabulary.
        ///
        /// A model with fewer learnt language from its own captions, which were whole sentences: to it a phrase says
        /// that there is nothing else.
        static let freeLanguage = 49_408

        /// What it means for a model.
        func resolved(for model: any DiffusionModel) throws -> Phrases {
            guard self == .auto else { return self }
            return try model.tokenizer().vocabularySize >= Self.freeLanguage ? .words : .prompt
        }
    }

    static let edits = TypedOption<String>(
        "edits", "",
        help: "phrases divided by ;, a minus before what goes, e.g. \"red hat,scale=7; -beard,"
            + "threshold=0.8\"; empty: as phrases says")
    static let phrases = TypedOption<Phrases>(
        "phrases", .auto, presets: [.official: .words],
        help:
            "without edits: phrases that came are added and those that went removed, or the whole prompt is "
            + "added; auto: words where the model reads CLIP's vocabulary, else prompt")
    static let threshold = TypedOption<Double>(
        "threshold", in: 0...1, 0.9, symbol: "λ",
        help: "share of the picture that stays as it is in each mask")
    static let warmUp = TypedOption<Double>(
        "warm-up", in: 0...1, 0, help: "share of the walked steps at the beginning in which edits do nothing")
    static let coolDown = TypedOption<Double>(
        "cool-down", in: 0...1, 1,
        help: "share of the walked steps after which edits do nothing; 1: they never end")
    static let masks = TypedOption<LEDITSMasks.Kind>(
        "masks", .both, symbol: "m_e",
        help: "where an edit acts: where its words look, where its guidance is largest, or both")
    static let solver = TypedOption<Solver>("solver", .dpm, help: "the sampler whose noises are found")
    // diffusers asks for 3.5, but takes the two prompts' embeddings for each other: 1 - 3.5.
    static let sourceGuidance = TypedOption<Double>(
        "source-guidance", in: -100...100, 0, presets: [.official: -2.5],
        help:
            "guidance towards the source prompt on both paths, or away from it; 0: they see the empty prompt alone"
    )
    static let inversionOnly = TypedOption<Bool>(
        "inversion-only", false, presets: [.official: true],
        help:
            "source-guidance leads the picture's own path alone, and a negative prompt the edited one alone")
    static let lastNoise = TypedOption<Bool>(
        "last-noise", true, presets: [.official: false],
        help:
            "whether a last step that ends without noise still adds what the picture's own path lacks there")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "ledits", title: "LEDITS++",
        summary: "Adds and removes things by phrases, each only where the phrase looks.",
        paper: "Brack et al., LEDITS++: Limitless Image Editing using Text-to-Image Models, CVPR 2024, "
            + "arXiv 2311.16711",
        year: 2023, needs: .init(source: .optional, inversion: true),
        // 30 of 34 steps: the first tenth or so is skipped.
        standard: .init(steps: 34, guidance: 5, strength: 0.885),
        presets: [
            .official: .init(steps: 34, guidance: 5, strength: 0.885),
            .fast: .init(steps: 20, guidance: 5, strength: 0.85),
        ],
        conditions: [
            .init([.negative], when: .always),
            .init(
                [.source],
                when: .any([
                    .all([edits.is(""), phrases.isNot(.prompt)]),
                    sourceGuidance.isNot(0),
                ])),
            .init([phrases.setting], when: edits.is("")),
            .init([inversionOnly.setting], when: sourceGuidance.isNot(0)),
        ],
        options: [
            edits.description, phrases.description, threshold.description, warmUp.description,
            coolDown.description, masks.description, solver.description, sourceGuidance.description,
            inversionOnly.description, lastNoise.description,
        ])

    private let edits: String
    private let threshold: Double
    private let warmUp: Double
    private let coolDown: Double
    private let phrases: Phrases
    private let masks: LEDITSMasks.Kind
    /// As `solver` says.
    public let sampler: any Sampler
    private let sourceGuidance: Double
    private let invertsOnly: Bool
    private let keepsLast: Bool

    /// The method with its options.
    public init(_ options: Options) {
        edits = options[Self.edits]
        threshold = options[Self.threshold]
        warmUp = options[Self.warmUp]
        coolDown = options[Self.coolDown]
        phrases = options[Self.phrases]
        masks = options[Self.masks]
        sampler = options[Self.solver].sampler
        sourceGuidance = options[Self.sourceGuidance]
        invertsOnly = options[Self.inversionOnly]
        keepsLast = options[Self.lastNoise]
    }

    /// Edits.
    /// - Throws: `EditingError.badValue` where the edits cannot be read.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let edits = try wanted(on: context)
        if edits.isEmpty {
            context.session.warn(
                "the prompts do not differ, so there is nothing to edit and the picture stays as it is; "
                    + "say what to add or remove with \(Setting.message("edits", "…"))")
        }
        guard context.startStep > 0, !edits.isEmpty else {
            return EditOutput(context.clean, mask: context.mask)
        }
        let guide = try LEDITSGuide(
            edits, LEDITSMasks(masks, model: context.session.model), context, sourceGuidance: sourceGuidance,
            invertsOnly: invertsOnly)
        return try sample(context, guide)
    }

    /// What the edits are.
    private func wanted(on context: EditContext) throws -> [LEDITSEdit] {
        let usual = LEDITSEdit(
            phrase: "", scale: context.guidance, threshold: threshold, warmUp: warmUp, coolDown: coolDown)
        let given = try LEDITSEdit.parse(edits, usual: usual)
        guard given.isEmpty else { return given }
        let phrases = try phrases.resolved(for: context.session.model)
        let (source, target) = (context.source?.text, context.prompt.text ?? "")
        if let source, phrases == .words { return LEDITSEdit.between(source, target, usual: usual) }
        guard source != target else { return [] }
        var edit = usual
        edit.phrase = target
        return [edit]
    }

    /// Both paths down, with a guide over the edited one.
    private func sample(_ context: EditContext, _ guide: LEDITSGuide) throws -> EditOutput {
        let levels = context.levels
        // x_1…x_K, each with a noise of its own.
        let latents =
            [context.clean]
            + (1...context.startStep).map {
                DDIM.addNoise(context.clean, context.freshNoise(), to: levels[$0])
            }
        var edited = latents[context.startStep]
        var last: (source: Estimate, edited: Estimate)?
        var areas = context.clean.mean([1], keeping: true).zerosLike
        for (step, k) in context.session.steps(
            "decoding", Array((1...context.startStep).reversed().enumerated()))
        {
            let answer = try guide.noises(
                source: latents[k], edited: edited, at: levels[k], step: step, of: context.startStep)
            areas += answer.mask
            // μ(y_k) + σz with σz = x_{k-1} - μ(x_k).
            let estimates = (
                source: Estimate(latents[k], noise: answer.source, at: levels[k]),
                edited: Estimate(edited, noise: answer.edited, at: levels[k])
            )
            let mean = sampler.mean(estimates.edited, after: last?.edited, to: levels[k - 1])
            let source = sampler.mean(estimates.source, after: last?.source, to: levels[k - 1])
            last = estimates
            // Where σ is zero there is no z that could lead back to the image.
            let adds = keepsLast || sampler.deviation(from: levels[k], to: levels[k - 1]) > 0
            edited = EditContext.blend(
                adds ? latents[k - 1] + (mean - source) : mean, over: latents[k - 1], mask: context.mask)
        }
        return EditOutput(
            edited, mask: context.mask, softMask: areas / Double(context.startStep), levels: latents)
    }
}
