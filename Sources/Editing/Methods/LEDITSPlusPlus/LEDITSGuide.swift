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
        /// The columns of its maps that say where it looks.
        let columns: [Int]
        /// Whether those are columns of the source prompt's maps.
        let looksAtSource: Bool
    }

    private let phrases: [Phrase]
    private let masks: LEDITSMasks
    private let canvas: Canvas
    private let sourceGuidance: Double
    private let invertsOnly: Bool

    /// A guide by edits.
    /// - Parameter invertsOnly: whether source guidance leads the picture's own path alone.
    /// - Throws: `EditingError.badValue` for a phrase of which the model reads nothing.
    init(
        _ edits: [LEDITSEdit], _ masks: LEDITSMasks, _ canvas: Canvas, sourceGuidance: Double,
        invertsOnly: Bool = false
    ) throws {
        self.masks = masks
        self.canvas = canvas
        self.sourceGuidance = canvas.source == nil ? 0 : sourceGuidance
        self.invertsOnly = invertsOnly
        phrases = try edits.map { edit in
            let prompt = try canvas.studio.prompt(edit.phrase)
            // Only maps need to know about tokens.
            guard !masks.sites.isEmpty else {
                return Phrase(edit: edit, prompt: prompt, columns: [], looksAtSource: false)
            }
            if let differing = try Self.differingColumns(edit, prompt, canvas) {
                let isSource = differing.target.isEmpty
                return Phrase(
                    edit: edit, prompt: prompt, columns: isSource ? differing.source : differing.target,
                    looksAtSource: isSource)
            }
            let tokens = try canvas.studio.model.tokenizer().encode(edit.phrase).tokens.count
            guard tokens > 0 else {
                throw EditingError.badValue(
                    name: "option edits", value: "\"\(edit.phrase)\"",
                    expected: "words that the model can read")
            }
            return Phrase(edit: edit, prompt: prompt, columns: Array(1...tokens), looksAtSource: false)
        }
    }

    /// Where a whole prompt and the source prompt differ; nil for phrases, and for prompts whose words are the same.
    private static func differingColumns(
        _ edit: LEDITSEdit, _ prompt: Prompt, _ canvas: Canvas
    ) throws -> LocalBlend.Words? {
        guard edit.isAgainstSource, let source = canvas.source else { return nil }
        let tokenizer = try canvas.studio.model.tokenizer()
        let pair = try PromptPair(
            source: PromptWords(source, tokenizer, method: LEDITSPlusPlus.description.name),
            target: PromptWords(prompt, tokenizer, method: LEDITSPlusPlus.description.name), kind: .auto)
        let differing = pair.differing
        return differing.source.isEmpty && differing.target.isEmpty ? nil : differing
    }

    /// The noises of both paths in one step of so many, and where any edit acted, [1, 1, h, w].
    func noises(
        source: Tensor, edited: Tensor, at level: Level, step: Int, of steps: Int
    ) throws -> (source: Tensor, edited: Tensor, mask: Tensor) {
        let acting = phrases.filter { $0.edit.acts(in: step, of: steps) }
        var queries: [Query] = []
        func ask(_ latent: Tensor, _ prompt: Prompt, into recording: Recording? = nil) -> Int {
            let plan = recording.map { Plan.recording(into: $0) } ?? .none
            queries.append(Query(latent, at: level, prompt: prompt, plan: plan))
            return queries.count - 1
        }
        func recording(_ isWanted: Bool) -> Recording? {
            isWanted && !masks.sites.isEmpty ? Recording(masks.sites) : nil
        }
        let leads = sourceGuidance != 0
        // The picture's own path, then the edited one.
        let own = (
            empty: ask(source, invertsOnly ? canvas.empty : canvas.negative),
            prompted: leads ? canvas.source.map { ask(source, $0) } : nil
        )
        let empty = ask(edited, canvas.negative)
        let leadsEdited = leads && !invertsOnly
        let sourceMaps = recording(acting.contains(where: \.looksAtSource))
        let known =
            leadsEdited || acting.contains { $0.edit.isAgainstSource }
            ? canvas.source.map { ask(edited, $0, into: sourceMaps) } : nil
        let maps = acting.map { recording(!$0.looksAtSource) }
        let asked = zip(acting, maps).map { ask(edited, $0.prompt, into: $1) }
        let answers = try canvas.studio.predict(queries)

        func unprompted(_ empty: Int, _ prompted: Int?) -> Tensor {
            guard let prompted else { return answers[empty] }
            return guided(empty: answers[empty], prompted: answers[prompted], scale: sourceGuidance)
        }
        var noise = unprompted(empty, leadsEdited ? known : nil)
        var union = source.mean([1], keeping: true).zerosLike
        for (index, phrase) in acting.enumerated() {
            let base = phrase.edit.isAgainstSource ? known ?? empty : empty
            let difference = answers[asked[index]] - answers[base]
            let guidance = difference * (phrase.edit.isRemoval ? -phrase.edit.scale : phrase.edit.scale)
            let mask = masks.mask(
                of: guidance, (phrase.looksAtSource ? sourceMaps : maps[index]) ?? Recording([Site]()),
                columns: phrase.columns, threshold: phrase.edit.threshold, at: level)
            noise += guidance * mask
            union = union.maximum(mask)
        }
        return (unprompted(own.empty, own.prompted), noise, union)
    }
}
