import Diffusion
import Networks
import Prompts
import Tensors

/// What leads both of LEDITS++'s paths: the unprompted noise, and every edit's guidance where its mask lets
/// it.
struct LEDITSGuide {
    /// An edit made ready for a model.
    struct Phrase {
        let edit: LEDITSEdit
        let prompt: Prompt
        /// Tokens that the model reads of it.
        let tokens: Int
    }

    private let phrases: [Phrase]
    private let masks: LEDITSMasks
    private let canvas: Canvas
    private let sourceGuidance: Double

    /// A guide by edits.
    /// - Throws: `EditingError.badValue` for a phrase of which the model reads nothing.
    init(_ edits: [LEDITSEdit], _ masks: LEDITSMasks, _ canvas: Canvas, sourceGuidance: Double) throws {
        self.masks = masks
        self.canvas = canvas
        self.sourceGuidance = canvas.source == nil ? 0 : sourceGuidance
        phrases = try edits.map { edit in
            // Only maps need to know about tokens.
            let tokens =
                try masks.sites.isEmpty ? 1 : canvas.studio.model.tokenizer().encode(edit.phrase).tokens.count
            guard tokens > 0 else {
                throw EditingError.badValue(
                    name: "option edits", value: "\"\(edit.phrase)\"",
                    expected: "words that the model can read")
            }
            return Phrase(edit: edit, prompt: try canvas.studio.prompt(edit.phrase), tokens: tokens)
        }
    }

    /// The noises of both paths in one step, and where any edit acted, [1, 1, h, w].
    func noises(
        source: Tensor, edited: Tensor, at level: Level, step: Int
    ) throws -> (source: Tensor, edited: Tensor, mask: Tensor) {
        let acting = phrases.filter { $0.edit.acts(in: step) }
        let recordings = acting.map { _ in Recording(masks.sites) }
        let base = [canvas.negative] + (sourceGuidance == 0 ? [] : [canvas.source].compactMap(\.self))
        let queries =
            base.map { Query(source, at: level, prompt: $0) }
            + base.map { Query(edited, at: level, prompt: $0) }
            + zip(acting, recordings).map {
                Query(
                    edited, at: level, prompt: $0.prompt,
                    plan: masks.sites.isEmpty ? .none : .recording(into: $1))
            }
        let answers = try canvas.studio.predict(queries)
        let count = base.count
        var noise = unprompted(answers[count..<(2 * count)])
        var union = source.mean([1], keeping: true).zerosLike
        for (index, phrase) in acting.enumerated() {
            let difference = answers[2 * count + index] - answers[count]
            let guidance = difference * (phrase.edit.isRemoval ? -phrase.edit.scale : phrase.edit.scale)
            let mask = masks.mask(
                of: guidance, recordings[index], tokens: phrase.tokens, threshold: phrase.edit.threshold,
                at: level)
            noise += guidance * mask
            union = union.maximum(mask)
        }
        return (unprompted(answers[..<count]), noise, union)
    }

    /// ε_∅, led towards the source prompt where that is wanted.
    private func unprompted(_ answers: ArraySlice<Tensor>) -> Tensor {
        guard let empty = answers.first, let prompted = answers.dropFirst().first else {
            return answers[answers.startIndex]
        }
        return guided(empty: empty, prompted: prompted, scale: sourceGuidance)
    }
}
