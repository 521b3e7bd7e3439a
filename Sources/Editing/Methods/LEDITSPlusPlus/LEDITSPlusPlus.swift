import Diffusion
import Foundation
import Tensors

/// LEDITS++: several edits at once, each by a phrase and kept to where the phrase looks.
///
/// Brack, Friedrich, Kornmeier, Tsaban, Schramowski, Kersting and Passos, "LEDITS++: Limitless Image Editing
/// using Text-to-Image Models", CVPR 2024. The picture's latents of all levels are noised independently; what
/// a random sampler must add to its unprompted steps to go from one to the next is kept and added again while
/// phrases guide the way: ε = ε_∅ + Σ s_e·m_e⊙(ε_e - ε_∅), minus where a phrase is removed. m_e is where the
/// phrase's maps and the guidance itself are largest. Both paths are walked side by side. Without an edit the
/// picture comes back to the last bit. The guidance setting is s_e; a negative prompt takes the empty one's
/// place.
///
/// Draws one noise of the latent's shape for each level 1…k, the cleanest first. Cost: k·(2 + E) forwards on
/// average over k = ⌊strength·N⌋ steps, with E the number of edits that act, and 2k more with
/// `source-guidance`.
public struct LEDITSPlusPlus: EditingMethod {
    /// Which sampler's noises are found.
    enum Solver: String, CaseIterable {
        /// DPM-Solver++ of second order as a stochastic differential equation, the paper's.
        case dpm = "dpm-solver"
        /// DDIM with η = 1, as in edit-friendly DDPM inversion.
        case ddim
    }

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "ledits", title: "LEDITS++",
        summary: "Adds and removes things by phrases, each only where the phrase looks.",
        paper: "Brack et al., LEDITS++: Limitless Image Editing using Text-to-Image Models, CVPR 2024, "
            + "arXiv 2311.16711",
        year: 2023, needs: .init(source: .optional, inversion: true),
        // 30 of 34 steps: the first tenth or so is skipped.
        standard: .init(steps: 34, guidance: 5, strength: 0.885),
        presets: [.fast: .init(steps: 20, guidance: 5, strength: 0.85)],
        conditions: [
            .init([.negative], when: .always),
            .init(
                [.source], when: .any([.option("edits", [""]), .optionIsNot("source-guidance", ["0"])])),
        ],
        options: [
            .init(
                "edits", .text, .text(""),
                help: "phrases divided by ;, a minus before what goes, e.g. \"red hat,scale=7; -beard,"
                    + "threshold=0.8\"; empty: the phrases with words that --source lacks"),
            .init(
                "threshold", .number(0...1), .number(0.9), symbol: "λ",
                help: "share of the picture that stays as it is in each mask"),
            .init(
                "warm-up", .integer(0...1000), .integer(0),
                help: "steps at the beginning in which edits do nothing"),
            .init(
                "cool-down", .integer(0...1000), .integer(0),
                help: "step from which on edits do nothing; 0: they never end"),
            .init(
                "masks", .choice(LEDITSMasks.Kind.allCases.map(\.rawValue)), .text("both"), symbol: "m_e",
                help: "where an edit acts: where its words look, where its guidance is largest, or both"),
            .init(
                "solver", .choice(Solver.allCases.map(\.rawValue)), .text("dpm-solver"),
                help: "the sampler whose noises are found"),
            .init(
                "source-guidance", .number(0...100), .number(0),
                help: "guidance towards --source on both paths; 0: they see the empty prompt alone"),
        ])

    private let edits: String
    private let threshold: Double
    private let warmUp: Int
    private let coolDown: Int
    private let masks: LEDITSMasks.Kind
    private let solver: Solver
    private let sourceGuidance: Double

    /// The method with its options.
    public init(_ options: Options) {
        edits = options.text("edits")
        threshold = options.number("threshold")
        warmUp = options.integer("warm-up")
        coolDown = options.integer("cool-down")
        masks = options.choice("masks", as: LEDITSMasks.Kind.self)
        solver = options.choice("solver", as: Solver.self)
        sourceGuidance = options.number("source-guidance")
    }

    /// Edits.
    /// - Throws: `EditingError.badValue` where the edits cannot be read.
    public func edit(_ canvas: Canvas) throws -> Painting {
        let edits = try wanted(on: canvas)
        if edits.isEmpty {
            canvas.studio.warn(
                "the prompts do not differ, so there is nothing to edit and the picture stays as it is; "
                    + "say what to add or remove with --option edits=…")
        }
        guard canvas.top > 0, !edits.isEmpty else { return Painting(canvas.clean, mask: canvas.mask) }
        let guide = try LEDITSGuide(
            edits, LEDITSMasks(masks, model: canvas.studio.model), canvas, sourceGuidance: sourceGuidance)
        return try walk(canvas, guide)
    }

    /// What the edits are.
    private func wanted(on canvas: Canvas) throws -> [LEDITSEdit] {
        let usual = LEDITSEdit(
            phrase: "", scale: canvas.guidance, threshold: threshold, warmUp: warmUp, coolDown: coolDown)
        let given = try LEDITSEdit.parse(edits, usual: usual)
        guard given.isEmpty else { return given }
        guard let source = canvas.source?.text, let target = canvas.prompt.text else {
            var edit = usual
            edit.phrase = canvas.prompt.text ?? ""
            return [edit]
        }
        return LEDITSEdit.between(source, target, usual: usual)
    }

    /// Both paths down, with a guide over the edited one.
    private func walk(_ canvas: Canvas, _ guide: LEDITSGuide) throws -> Painting {
        let levels = canvas.levels
        // x_1…x_K, each with a noise of its own.
        let latents =
            [canvas.clean]
            + (1...canvas.top).map { DDIM.noised(canvas.clean, canvas.freshNoise(), to: levels[$0]) }
        var edited = latents[canvas.top]
        var means = (source: StochasticMean(solver), edited: StochasticMean(solver))
        var areas = canvas.clean.mean([1], keeping: true).zerosLike
        for (step, k) in canvas.studio.steps("decoding", Array((1...canvas.top).reversed().enumerated())) {
            let answer = try guide.noises(source: latents[k], edited: edited, at: levels[k], step: step)
            areas += answer.mask
            // μ(y_k) + σz with σz = x_{k-1} - μ(x_k).
            let drift =
                means.edited.next(edited, answer.edited, from: levels[k], to: levels[k - 1])
                - means.source.next(latents[k], answer.source, from: levels[k], to: levels[k - 1])
            edited = Canvas.blend(latents[k - 1] + drift, over: latents[k - 1], mask: canvas.mask)
        }
        return Painting(
            edited, mask: canvas.mask, softMask: areas / Double(canvas.top), levels: latents)
    }
}

/// Where a random sampler's steps lead on average (μ).
struct StochasticMean {
    private let solver: LEDITSPlusPlus.Solver
    /// The last step's prediction of the clean latent, and where it was made.
    private var last: (clean: Tensor, level: Level)?

    init(_ solver: LEDITSPlusPlus.Solver) { self.solver = solver }

    /// The mean of the step from one level to the next.
    ///
    /// DPM-Solver++ (Lu et al. 2022, SDE of second order) in λ = log(√ᾱ/√(1-ᾱ)): with h the step in λ and D
    /// the predicted clean latent, led on by half its last change, σ_t/σ_s·e⁻ʰ·x + √ᾱ_t·(1 - e⁻²ʰ)·D.
    mutating func next(_ latent: Tensor, _ noise: Tensor, from start: Level, to end: Level) -> Tensor {
        guard solver == .dpm else { return DDIM.mean(latent, noise, from: start, to: end, eta: 1) }
        let clean = DDIM.clean(latent, noise, at: start)
        defer { last = (clean, start) }
        // e⁻ʰ is the quotient of the ratios; h is endless where the step ends without noise.
        let decay = end.ratio / start.ratio
        var direction = clean
        if let last, decay > 0 {
            let quotient = log(last.level.ratio / start.ratio) / log(1 / decay)
            direction = direction + (clean - last.clean) * (0.5 / quotient)
        }
        return latent * (end.spread / start.spread * decay) + direction * (end.signal * (1 - decay * decay))
    }
}
