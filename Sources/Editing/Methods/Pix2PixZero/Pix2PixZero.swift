import Diffusion
import Support
import Tensors

/// Pix2Pix-Zero: turn one thing into another along a direction between banks of sentences, held in place by the
/// prompt's maps.
///
/// Parmar, Singh, Zhang, Li, Lu and Zhu, "Zero-shot Image-to-Image Translation", SIGGRAPH 2023. The image is inverted
/// under its caption with noise estimates kept white; the caption's embedding c is moved by Δc, the difference of the
/// means of many sentences about the two things; on the way back each latent is nudged so that the maps over the prompt
/// stay those of the unedited image, which is reconstructed in lock-step. Guidance leads away from the caption itself
/// unless a negative prompt is given. The new prompt's only use is to tell the two things where `from` and `to` do not.
/// With a mask, the inverted latent of each level is put back where nothing may change.
///
/// `paper` nudges one latent by the maps under c + Δc and goes on with it; it and its even mean over all shifts are the
/// method as written. `official` does what the published code does: both rows of guidance have a latent of their own,
/// of which the negative prompt's goes on; shifts are drawn at random; the inversion has two steps fewer.
///
/// Draws integers for random shifts (see `NoiseRegulariser`), otherwise nothing. Cost in forwards F and backwards B
/// over K levels (K = N): paper K·(1 + r + 3)F + K·B with r = 1 for a reference that leads away from its own caption
/// and 2 otherwise, 250F + 50B at the defaults; official (K - 2 + (r + 4)·K)F + 2K·B, 298F + 100B, and 348F + 100B with
/// a negative prompt. Another inversion costs what it costs instead of the first term.
public struct Pix2PixZero: EditingMethod {
    /// What guidance leads away from where the user names nothing.
    enum Negative: String, OptionChoice { case source, empty }

    static let from = TypedOption<String>(
        "from", "",
        help: "what is there now, such as apple; where empty, the words in which the prompts differ")
    static let to = TypedOption<String>("to", "", help: "what should be there, such as pear; in the same way")
    static let fromSentences = TypedOption<String>(
        "from-sentences", "",
        help:
            "file of sentences about what is there now, one a line, or of their embeddings (.safetensors)")
    static let toSentences = TypedOption<String>(
        "to-sentences", "", help: "file of sentences about what should be there, or of their embeddings")
    static let sentences = TypedOption<Int>(
        "sentences", in: 1...SentenceBank.most, 200, presets: [.official: 1000, .fast: 40],
        help: "how many sentences are made about each thing")
    static let directionScale = TypedOption<Double>(
        "direction-scale", in: -10...10, 1, symbol: "Δc", help: "what the direction is multiplied by")
    static let mapGuidance = TypedOption<Double>(
        "map-guidance", in: Limits.guidance, 0.1, symbol: "λ_xa",
        help: "how strongly the maps are held; change it by 0.05, far less for v-prediction models")
    static let kept = TypedOption<CrossAttentionGuidance.Kept>(
        "kept", .edited, presets: [.official: .negative],
        help: "negative: the latent of the negative prompt's row goes on, as in the published code")
    static let awayFrom = TypedOption<Negative>(
        "away-from", .source, help: "what guidance leads away from where no negative prompt is given")
    static let correlation = TypedOption<Double>(
        "correlation", in: 0...1000, 20, symbol: "λ_ac",
        help: "weight of the inversion's autocorrelation loss; 0 for none")
    static let divergence = TypedOption<Double>(
        "divergence", in: 0...1000, 20, symbol: "λ_KL",
        help: "weight of the inversion's divergence from normal noise; 0 for none")
    static let rounds = TypedOption<Int>(
        "rounds", in: 0...100, 5, help: "how often an estimate is made whiter; 0 for plain DDIM")
    static let rolls = TypedOption<Int>("rolls", in: 1...100, 5, help: "autocorrelation steps in each round")
    static let shifts = TypedOption<NoiseRegulariser.Shifts>(
        "shifts", .all, presets: [.official: .random],
        help:
            "which shifts the autocorrelation looks at; random-or-none as diffusers draws, one: by one place")
    static let walk = TypedOption<RegularisedInversion.Walk>(
        "walk", .whole, presets: [.official: .trimmed],
        help: "trimmed: two inversion steps fewer, one timestep low, as in the published code")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "pix2pix-zero", title: "Pix2Pix-Zero", aliases: ["p2p-zero"],
        summary: "Turns one thing into another along a direction of words, and keeps the layout.",
        paper: "Parmar et al., Zero-shot Image-to-Image Translation, SIGGRAPH 2023, arXiv 2302.03027",
        year: 2023, needs: .init(source: .required, inversion: true, gradients: true),
        standard: .init(steps: 50, guidance: 5, strength: nil, inversion: .ddim),
        presets: [.fast: .init(steps: 20, guidance: 5, strength: nil, inversion: .ddim)],
        conditions: [
            .init([.negative], when: .any([.guided, kept.is(.negative)])),
            .init([from.setting], when: fromSentences.is("")),
            .init([to.setting], when: toSentences.is("")),
            .init([awayFrom.setting], when: .notGiven(.negative)),
            .init(
                [
                    correlation.setting, divergence.setting, rounds.setting, rolls.setting, shifts.setting,
                    walk.setting,
                ],
                when: .inversion([.ddim, .negativePrompt, .direct])),
        ],
        options: [
            from.description, to.description, fromSentences.description, toSentences.description,
            sentences.description, directionScale.description, mapGuidance.description, kept.description,
            awayFrom.description, correlation.description, divergence.description, rounds.description,
            rolls.description, shifts.description, walk.description,
        ])

    /// Banks of sentences.
    public static let files: [String: OptionFile.Kind] = [
        fromSentences.name: .sentences, toSentences.name: .sentences,
    ]

    private let options: Options
    private let scale: Double
    private let weight: Double
    private let kept: CrossAttentionGuidance.Kept
    private let negative: Negative
    private let inversion: RegularisedInversion

    /// The method with its options.
    public init(_ options: Options) {
        self.options = options
        scale = options[Self.directionScale]
        weight = options[Self.mapGuidance]
        kept = options[Self.kept]
        negative = options[Self.awayFrom]
        inversion = RegularisedInversion(
            regulariser: NoiseRegulariser(
                correlationWeight: options[Self.correlation],
                divergenceWeight: options[Self.divergence], rounds: options[Self.rounds],
                rolls: options[Self.rolls],
                shifts: options[Self.shifts]
            ),
            walk: options[Self.walk])
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        // c
        guard let source = context.source else {
            throw EditingError.missing(.source(), method: Self.description.name)
        }
        // Δc
        let sentences = try EditDirection(
            options, files: context.files, source: source.text, target: context.prompt.text)
        let direction = try sentences.embedded(by: context.session) * scale
        let isNought = direction.absolute.amax().item == 0
        if isNought { context.session.warn(Self.noDirection) }
        let edited = isNought ? source : source.moved(by: direction)
        // x₀…x_K
        let path = try inverted(context, source)
        let away = context.negative === context.empty && negative == .source ? source : context.negative
        let guidance = try CrossAttentionGuidance(
            session: context.session, weight: weight, scale: context.guidance, kept: kept)
        var (unedited, latent) = (path.start, path.start)
        // In lock-step, so that the maps of one step are held and not those of all.
        for k in context.session.steps("editing", (1..<(path.startStep + 1)).reversed()) {
            let level = context.levels[k]
            let negative = path.negative(at: k, or: away)
            let reference = try guidance.reference(unedited, at: level, source: source, negative: negative)
            let edit = try guidance.edit(
                latent, at: level, edited: edited, negative: negative, towards: reference.maps)
            unedited = path.source(path.step(unedited, reference.noise, from: k), reaching: k - 1)
            latent = path.step(edit.latent, edit.noise, from: k)
            latent = EditContext.blend(latent, over: path.latents[k - 1], mask: context.mask)
        }
        return EditOutput(
            latent, mask: context.mask, path: path,
            trace: ["direction": direction, "reconstruction": unedited])
    }

    /// The regularised inversion where the request's kind is plain DDIM, else that kind.
    private func inverted(_ context: EditContext, _ source: Conditioning) throws -> InvertedTrajectory {
        let climbsPlainly = [InversionKind.ddim, .negativePrompt, .direct].contains(context.inversion)
        guard climbsPlainly else { return try context.invert(prompt: source) }
        guard context.clean.shape.suffix(2).allSatisfy({ $0 >= NoiseRegulariser.leastSide }) else {
            context.session.warn(
                "the picture is too small for the regularised inversion; the plain one is used")
            return try context.invert(prompt: source)
        }
        return try inversion.invert(context, prompt: source)
    }

    static let noDirection: Message =
        "the two banks of sentences mean the same to the model, so the picture only comes back; name what to "
        + "exchange with \(Setting.message("from", "…")) and \(Setting.message("to", "…"))"
}
