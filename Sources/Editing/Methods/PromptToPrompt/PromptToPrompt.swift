public import Diffusion
import Networks
import Prompts
public import Tensors

/// Prompt-to-Prompt: two prompts are painted side by side, and the new image borrows the old one's attention.
///
/// Hertz, Mokady, Tenenbaum, Aberman, Pritch and Cohen-Or, "Prompt-to-Prompt Image Editing with Cross Attention
/// Control", ICLR 2023. During the first part of the way the target's maps over the words come from the source's, word
/// by word, and for a while those over its own places too, so that layout and shapes stay. A real image is inverted
/// first and needs a source prompt; a mask (given, or found with `mask-from=diffedit`) puts the inverted image back
/// outside it at every step.
///
/// Draws no noise itself (`mask-from` draws DiffEdit's). With K = ⌊strength·N⌋ steps it costs the inversion's forwards
/// (K for DDIM) and 4K - 1, as both rows begin with one latent; 2K at guidance 1, and 3K where the inversion guides
/// away from the source prompt itself.
public struct PromptToPrompt: EditingMethod {
    /// Which branch takes the correction that `direct` inversion makes to the source.
    enum Correction: String, OptionChoice {
        /// The source alone, as its authors do; images come out cleaner.
        case source
        /// The target too: it goes where the source goes, and further by what the prompts make it differ, so that equal
        /// prompts give the image back exactly.
        case both
    }

    static let edit = TypedOption<PromptPair.Kind>(
        "edit", .auto, presets: [.pnpInversion: .refine],
        help: "how the prompts differ; auto: replace where they have as many words, else refine")
    static let crossSteps = TypedOption<String>(
        "cross-steps", "0.8", presets: [.pnpInversion: "0.4"], symbol: "τ",
        help: "when maps over words come from the source: 0.8 (from the start), or 0.2-0.8")
    static let selfSteps = TypedOption<String>(
        "self-steps", "0.4", presets: [.official: "0.5", .pnpInversion: "0.6"],
        help: "when maps over the picture's own places come from the source")
    static let wordSteps = TypedOption<String>(
        "word-steps", "", help: "cross-steps of single words of the new prompt: pear:0-0.5,table:1")
    static let weights = TypedOption<String>(
        "weights", "", presets: [.official: "auto:2"], symbol: "c",
        help:
            "how strong words of the new prompt are: red:2,apple:0.5, negative ones too; auto:2 for those "
            + "that differ")
    static let selfScale = TypedOption<Int>(
        "self-scale", in: 1...64, 2,
        help:
            "own maps come from the source in layers so many times coarser than the latent, and more")
    static let blend = TypedOption<String>(
        "blend", "none", presets: [.official: "auto"],
        help: "keeps the edit where words are seen: auto (those that differ), or words: apple,pear")
    static let blendThreshold = TypedOption<Double>(
        "blend-threshold", in: -1...2, 0.3, symbol: "k",
        help: "where the words' maps are cut; higher makes the region smaller")
    static let blendStart = TypedOption<Double>(
        "blend-start", in: 0...1, 0.2, help: "share of the way before the first blend")
    static let blendSubtract = TypedOption<String>(
        "blend-subtract", "", help: "words whose region must not change: table,wall")
    static let blendSubtractThreshold = TypedOption<Double>(
        "blend-subtract-threshold", in: -1...2, 0.3, help: "where the maps of subtracted words are cut")
    static let blendSide = TypedOption<Int>(
        "blend-side", in: 1...256, 16,
        help: "side, in places, of the maps that blending looks at, as near as the network has them")
    static let correction = TypedOption<Correction>(
        "correction", .source,
        help:
            "with direct inversion: which branch is held to the picture; both: equal prompts return it exactly"
    )
    static let publishedAlignment = TypedOption<Bool>(
        "published-alignment", false, presets: [.official: true],
        help: "align words with the published code's defects")
    static let extraRow = TypedOption<Bool>(
        "extra-row", false, presets: [.official: true],
        help: "cross-steps are shares of one step more than there are, as in the published code")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "prompt-to-prompt", title: "Prompt-to-Prompt", aliases: ["p2p"],
        summary: "Paints both prompts side by side and lets the new picture use the old one's attention.",
        paper: "Hertz et al., Prompt-to-Prompt Image Editing with Cross Attention Control, ICLR 2023, "
            + "arXiv 2208.01626",
        year: 2022, needs: .init(source: .required, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: 1, inversion: .direct),
        presets: [
            .official: .init(steps: 50, guidance: 7.5, strength: 1, inversion: .nullText),
            .pnpInversion: .init(steps: 50, guidance: 7.5, strength: 1, inversion: .direct),
            .fast: .init(steps: 20, guidance: 7.5, strength: 1, inversion: .direct),
        ],
        codes: [.google, .pnpInversion],
        conditions: [
            .init(
                [
                    blendThreshold.setting, blendStart.setting, blendSubtract.setting,
                    blendSubtractThreshold.setting, blendSide.setting,
                ], when: blend.isNot("none", "")),
            .init([blendSubtractThreshold.setting], when: blendSubtract.isNot("")),
            .init([correction.setting], when: .inversion([.direct])),
            .init([MaskSearch.option.setting], when: .notGiven(.mask)),
        ],
        options: [
            edit.description, crossSteps.description, selfSteps.description, wordSteps.description,
            weights.description, selfScale.description, blend.description, blendThreshold.description,
            blendStart.description, blendSubtract.description, blendSubtractThreshold.description,
            blendSide.description, correction.description, MaskSearch.option.description,
            publishedAlignment.description, extraRow.description,
        ])

    private let options: Options

    /// The method with its options.
    public init(_ options: Options) { self.options = options }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        guard let source = context.source else {
            throw EditingError.missing(.source(), method: Self.description.name)
        }
        let (levels, session) = (context.levels, context.session)
        let pair = PairSampling(
            session: session, source: source, target: context.prompt, guidance: context.guidance)
        // Mistakes in the options are told before anything is computed.
        var hold = try hold(pair, steps: context.startStep, latentShape: context.clean.shape)
        let region = try options[MaskSearch.option].mask(on: context)
        if let mask = region.mask, context.mask == nil, mask.sum.item == 0 {
            return EditOutput(context.clean, mask: mask, softMask: region.soft)
        }
        let path = try context.invert(prompt: source)
        var latents = (source: path.start, target: path.start)
        for (step, k) in session.steps(
            "editing", Array((1...max(path.startStep, 1)).reversed().prefix(path.startStep))
        )
        .enumerated() {
            let plans = hold.controller.step(step, watching: hold.blend?.sites ?? [])
            let noises = try pair.noises(
                in: latents, at: levels[k], negative: path.negative(at: k, or: context.negative), plans)
            let stepped = (
                source: path.step(latents.source, noises.source, from: k),
                target: path.step(latents.target, noises.target, from: k)
            )
            latents.source = path.source(stepped.source, reaching: k - 1)
            latents.target = stepped.target
            if path.kind == .direct, options[Self.correction] == .both {
                // Equal rows differ by zero, and so come back to the image exactly.
                latents.target = latents.source + (stepped.target - stepped.source)
            }
            latents.target = hold.blended(latents, plans, at: step)
            latents.target = EditContext.blend(latents.target, over: path.latents[k - 1], mask: region.mask)
        }
        var painting = EditOutput(
            latents.target, mask: region.mask, softMask: region.soft, path: path)
        painting.trace["source_latent"] = latents.source
        if let mask = hold.mask {
            painting.mask = region.mask.map { $0 * mask.like($0) } ?? mask
            painting.softMask = painting.softMask ?? hold.blend?.softMask
        }
        return painting
    }

    /// Both images of two prompts, painted from one noise; no photo is needed.
    ///
    /// Costs 4 forwards a step, 3 in the first; 2 at guidance 1.
    ///
    /// - `noise`: where both begin, [1, C, h, w].
    /// - `levels`: the trajectory, sampled from its noisiest level.
    /// - `negative`: what guidance leads away from; the empty prompt where nil.
    /// - Returns: the clean latents of source and target.
    public func generate(
        from noise: Tensor, source: String, target: String, levels: Trajectory, guidance: Double = 7.5,
        negative: String? = nil, in session: DiffusionSession
    ) throws -> (source: Tensor, target: Tensor) {
        let pair = PairSampling(
            session: session, source: try session.prompt(source), target: try session.prompt(target),
            guidance: guidance)
        let negative = try session.prompt(negative ?? "")
        var hold = try hold(pair, steps: levels.steps, latentShape: noise.shape)
        var plans: ControlledStep?
        let both = try session.sample(
            [noise, noise], from: levels.steps, of: levels, stage: "painting both",
            predicting: { latents, level in
                let step = hold.controller.step(
                    levels.steps - level.index, watching: hold.blend?.sites ?? [])
                plans = step
                let noises = try pair.noises(
                    in: (latents[0], latents[1]), at: level, negative: negative, step)
                return [noises.source, noises.target]
            },
            each: { index, latents in
                guard let plans else { return latents }
                let pair = (source: latents[0], target: latents[1])
                return [pair.source, hold.blended(pair, plans, at: levels.steps - index - 1)]
            })
        return (both[0], both[1])
    }

    /// What holds the target row during sampling: the controller, and the blend with its last mask.
    struct Hold {
        let controller: AttentionController
        var blend: LocalBlend?
        var mask: Tensor?

        /// The target's latent after a step's blend.
        mutating func blended(
            _ latents: (source: Tensor, target: Tensor), _ plans: ControlledStep, at step: Int
        ) -> Tensor {
            blend?.observe(plans.maps)
            guard let found = blend?.mask(at: step) else { return latents.target }
            mask = found
            return EditContext.blend(latents.target, over: latents.source, mask: found.like(latents.target))
        }
    }

    /// The hold that the options and prompts ask for.
    /// - Throws: `EditingError` for options that mean nothing, or words that the prompts lack.
    func hold(_ sampling: PairSampling, steps: Int, latentShape: [Int]) throws -> Hold {
        let tokenizer = try sampling.session.model.tokenizer()
        let name = Self.description.name
        let pair = try PromptPair(
            source: PromptWords(sampling.source, tokenizer, method: name),
            target: PromptWords(sampling.target, tokenizer, method: name),
            kind: options[Self.edit])
        let sites = try sampling.session.model.sites
        let weights = try weights(of: pair)
        guard pair.kind != .reweight || weights != nil else {
            throw EditingError.missing(
                .value(option: "weights", form: "word:number", for: "edit=reweight"), method: name)
        }
        let controller = AttentionController(
            mapper: pair.mapper(official: options[Self.publishedAlignment]),
            schedule: try schedule(of: pair.target, steps: steps), weights: weights,
            ownSteps: try bounds(Self.selfSteps).steps(of: steps), sites: sites,
            ownScale: options[Self.selfScale])
        return Hold(
            controller: controller,
            blend: try blend(pair, steps: steps, sites: sites, latentShape: latentShape))
    }

    private static let boundsExpectation =
        "a share of the way such as 0.8, or a first and a last one such as 0.2-0.8"

    private func bounds(_ option: TypedOption<String>) throws -> StepBounds {
        guard let bounds = StepBounds(options[option]) else {
            throw EditingError.badValue(
                name: "option \(option.name)", value: options[option], expected: Self.boundsExpectation)
        }
        return bounds
    }

    private func schedule(of prompt: PromptWords, steps: Int) throws -> AttentionSchedule {
        let words = try WordList.parse(
            options[Self.wordSteps], option: Self.wordSteps.name,
            expected: "words with \(Self.boundsExpectation), as in pear:0-0.5,table:1"
        ) { StepBounds($0) }
        return AttentionSchedule(
            steps: steps, length: prompt.length, usual: try bounds(Self.crossSteps),
            words: try words.map { (try prompt.positions(of: $0.word), $0.value) },
            official: options[Self.extraRow])
    }

    private func weights(of pair: PromptPair) throws -> Tensor? {
        let words = try WordList.parse(
            options[Self.weights], option: Self.weights.name,
            expected: "words with numbers, as in red:2,apple:-0.5"
        ) { text in Double(text).flatMap { abs($0) <= 1000 ? $0 : nil } }
        var factors = [Float](repeating: 1, count: pair.target.length)
        var isWeighted = false
        for (word, value) in words {
            let positions =
                word == "auto" ? pair.differing.target : Array(try pair.target.positions(of: word).joined())
            for position in positions { factors[position] = Float(value) }
            isWeighted = isWeighted || !positions.isEmpty
        }
        return isWeighted ? Tensor(factors, shape: [factors.count]) : nil
    }

    private func blend(
        _ pair: PromptPair, steps: Int, sites: [Site], latentShape: [Int]
    ) throws -> LocalBlend? {
        let names = WordList.words(options[Self.blend])
        guard names != ["none"], !names.isEmpty else { return nil }
        let words = names == ["auto"] ? pair.differing : try pair.positions(of: names)
        guard !words.source.isEmpty || !words.target.isEmpty else { return nil }
        return LocalBlend(
            words: words, subtract: try pair.positions(of: WordList.words(options[Self.blendSubtract])),
            threshold: options[Self.blendThreshold],
            subtractThreshold: options[Self.blendSubtractThreshold],
            firstStep: StepBounds(0, options[Self.blendStart]).steps(of: steps).upperBound,
            side: options[Self.blendSide], sites: sites, latentShape: latentShape,
            length: pair.target.length)
    }
}
