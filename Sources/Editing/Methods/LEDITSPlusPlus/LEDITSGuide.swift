import Diffusion
import Networks
import Prompts
import Tensors

/// What leads both of LEDITS++'s paths: the unprompted noise, and every edit's guidance where its mask lets it.
struct LEDITSGuide {
    /// An edit made ready for a model.
    struct Phrase {
        let edit: LEDITSEdit
        let prompt: Conditioning
        /// The columns of its maps that say where it looks: its own tokens, after the start of the text.
        let columns: [Int]
    }

    private let phrases: [Phrase]
    private let masks: LEDITSMasks
    private let context: EditContext
    private let sourceGuidance: Double
    private let invertsOnly: Bool

    /// A guide by edits.
    /// - Parameter invertsOnly: whether source guidance leads the image's own path alone.
    /// - Throws: `EditingError.badValue` for a phrase of which the model reads nothing.
    init(
        _ edits: [LEDITSEdit], _ masks: LEDITSMasks, _ context: EditContext, sourceGuidance: Double,
        invertsOnly: Bool = false
    ) throws {
        self.masks = masks
        self.context = context
        self.sourceGuidance = context.source == nil ? 0 : sourceGuidance
        self.invertsOnly = invertsOnly
        phrases = try edits.map { edit in
            let prompt = try context.session.prompt(edit.phrase)
            // Only maps need to know about tokens.
            guard !masks.sites.isEmpty else { return Phrase(edit: edit, prompt: prompt, columns: []) }
            guard let tokens = prompt.tokens?.tokens.count, tokens > 0 else {
                throw EditingError.badValue(
                    name: "option edits", value: "\"\(edit.phrase)\"",
                    expected: "words that the model can read")
            }
            return Phrase(edit: edit, prompt: prompt, columns: Array(1...tokens))
        }
    }

    /// The noises of both paths in one step of so many, and where any edit acted, [1, 1, h, w].
    func noises(
        source: Tensor, edited: Tensor, at level: NoiseLevel, step: Int, of steps: Int
    ) throws -> (source: Tensor, edited: Tensor, mask: Tensor) {
        let acting = phrases.filter { $0.edit.acts(in: step, of: steps) }
        let led = sourceGuidance == 0 ? nil : context.source
        // ε_∅, led towards the source prompt where that is wanted.
        func unprompted(_ latent: Tensor, _ empty: Conditioning, _ led: Conditioning?) -> Query {
            Query(
                latent, at: level, prompt: led ?? empty,
                guidance: led.map { _ in Guidance(awayFrom: empty, scale: sourceGuidance) })
        }
        let recordings = acting.map { _ in Recording(masks.sites) }
        let prompted = zip(acting, recordings).map { phrase, recording in
            Query(
                edited, at: level, prompt: phrase.prompt,
                plan: masks.sites.isEmpty ? .none : .recording(into: recording))
        }
        let answers = try context.session.predict(
            [
                unprompted(source, invertsOnly ? context.empty : context.negative, led),
                unprompted(edited, context.negative, invertsOnly ? nil : led),
                unprompted(edited, context.negative, nil),
            ] + prompted)
        let (own, empty, estimates) = (answers[0], answers[2], answers[3...])
        var noise = answers[1]
        var union = source.mean([1], keeping: true).zerosLike
        for ((phrase, recording), estimate) in zip(zip(acting, recordings), estimates) {
            let guidance =
                (estimate - empty) * (phrase.edit.isRemoval ? -phrase.edit.scale : phrase.edit.scale)
            let mask = masks.mask(
                of: guidance, recording, columns: phrase.columns, threshold: phrase.edit.threshold,
                at: level)
            noise += guidance * mask
            union = union.maximum(mask)
        }
        return (own, noise, union)
    }
}
