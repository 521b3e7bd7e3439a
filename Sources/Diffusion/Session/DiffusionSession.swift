import Foundation
import Imaging
import Networks
public import Support
public import Tensors

/// A job's access to the model: it asks for predictions, keeps count, tells how far it is and stops when told to.
///
/// Lives on the engine's thread. Methods see queries and answers; which queries share a forward pass, and that guidance
/// doubles them, is decided here. Nothing is ever set on the model, so nothing must be restored.
public final class DiffusionSession {
    /// The model.
    public let model: any DiffusionModel
    /// How many queries may share a pass.
    public let limits: BatchLimits

    /// How what the user is told calls settings.
    private let naming: Naming
    private let isCancelled: () -> Bool
    private let notify: (Notice) -> Void
    private let start: ContinuousClock.Instant
    private let ledger: Ledger
    private var previewer: Previewer?
    private var prompts: [String: Conditioning] = [:]
    private var contexts = ContextCache()

    /// A session over a model.
    ///
    /// - `naming`: how warnings call settings.
    /// - `isCancelled`: asked before every pass.
    /// - `notify`: gets progress and warnings.
    public init(
        model: any DiffusionModel, limits: BatchLimits = BatchLimits(), naming: Naming = .plain,
        isCancelled: @escaping () -> Bool = { false }, notify: @escaping (Notice) -> Void = { _ in }
    ) {
        self.model = model
        schedule = model.schedule
        self.limits = limits
        self.naming = naming
        self.isCancelled = isCancelled
        self.notify = notify
        start = .now
        ledger = Ledger()
    }

    /// The same job on other weights: what it costs, and what the user is told, counts for both.
    ///
    /// For methods that tune a model for one image and edit with it; prompts are embedded anew.
    public init(continuing other: DiffusionSession, with model: any DiffusionModel) {
        self.model = model
        schedule = other.schedule
        limits = other.limits
        naming = other.naming
        isCancelled = other.isCancelled
        notify = other.notify
        start = other.start
        ledger = other.ledger
        previewer = other.previewer
    }

    /// Shows from now on what the job is painting, as `Notice.preview`; nil stops that.
    ///
    /// Nothing that is painted depends on it.
    public func showPreviews(_ settings: PreviewSettings?) { previewer = settings.map { Previewer($0) } }

    /// Tells what is being painted, where that is wanted and due.
    /// - Parameters:
    ///   - estimate: what the network saw in the latent.
    ///   - step: how many steps of the stage are done.
    func show(_ estimate: Estimate?, stage: String, step: Int, of count: Int) throws {
        guard let previewer, let estimate else { return }
        let image = try previewer.image(
            of: estimate.predictedOriginal, by: model, elapsed: ContinuousClock.now - start)
        if let image { notify(.preview(Preview(image: image, stage: stage, step: step, of: count))) }
    }

    /// Keeps what a latent looks like, for previews.
    func remember(_ image: Image, as latent: Tensor) { previewer?.encoded(image, latent) }

    /// What a job has cost and told so far, whichever models it uses.
    private final class Ledger {
        var cost = Cost()
        var warnings: [String] = []
    }

    /// The noise schedule that the job follows: the model's own, unless the job asks for another offset.
    public private(set) var schedule: NoiseSchedule

    /// Shifts the timesteps of all levels that are cut from now on, for this job alone (`NoiseSchedule.with(offset:)`).
    ///
    /// To be called before the first levels are cut.
    /// - Throws: `DiffusionError.badOffset`.
    public func setStepsOffset(_ offset: Int) throws(DiffusionError) {
        schedule = try schedule.with(offset: offset)
    }

    /// What the job has cost so far.
    public var spent: Cost {
        var spent = ledger.cost
        spent.seconds = (ContinuousClock.now - start) / .seconds(1)
        spent.peakBytes = PeakMemory.bytes(device: model.device)
        return spent
    }

    /// Ends the job where it was cancelled.
    /// - Throws: `CancellationError`.
    public func checkCancellation() throws {
        if isCancelled() { throw CancellationError() }
    }

    /// What the user was told, in order.
    public var warnings: [String] { ledger.warnings }

    /// Tells the user something in one line.
    public func warn(_ text: String) { warn(Message(text)) }

    /// The same of a line that points to settings, which it calls as the session's `Naming` has it.
    public func warn(_ message: Message) {
        let text = message.text(naming)
        ledger.warnings.append(text)
        notify(.warning(text))
    }

    /// Goes through the steps of a stage and tells how far it is before each, and after the last.
    /// - Parameters:
    ///   - before: how many steps of the stage an earlier run had done.
    ///   - loss: what the last steps lost, of stages that lose.
    public func steps<Steps: Collection>(
        _ stage: String, _ steps: Steps, after before: Int = 0,
        loss: @escaping () -> Double? = { nil }
    ) -> some Sequence<Steps.Element> {
        let count = before + steps.count
        var iterator = steps.makeIterator()
        var done = before
        return AnySequence(
            AnyIterator { [self] in
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                notify(
                    .progress(
                        Progress(stage: stage, step: done, of: count, seconds: seconds, loss: loss())))
                done += 1
                return iterator.next()
            })
    }

    /// A text as a prompt, embedded once per job; a warning shows where it was cut off if it did not fit.
    public func prompt(_ text: String) throws -> Conditioning { try prompt(text, as: "prompt") }

    /// The same of a text that the warning is to call otherwise, such as "source prompt".
    public func prompt(_ text: String, as role: String) throws -> Conditioning {
        if let known = prompts[text] { return known }
        try checkCancellation()
        let read = try guardingMemory { try model.embed(text) }
        if let cutOff = read.cutOff {
            let count = cutOff.split(whereSeparator: \.isWhitespace).count
            warn(
                "the \(role) is longer than the model reads; it was cut off from \"\(cutOff.beginning)\" on "
                    + "(\(count) \(count == 1 ? "word" : "words"))")
        }
        let prompt = Conditioning(text: text, read) { [model] in
            try guardingMemory { try withoutGradients { try model.context(of: read.embedding) } }
        }
        prompts[text] = prompt
        return prompt
    }

    /// Several texts as one prompt: their embeddings one after the other, kept for the job.
    func joined(_ texts: [String], _ text: String) throws -> Conditioning {
        let key = texts.joined(separator: "\0")
        if let known = prompts[key] { return known }
        let embedding = Tensor.concatenated(try texts.map { try prompt($0).embedding }, along: 1)
        let long = Conditioning(text: text, TextEmbedding(embedding)) { [model] in
            try guardingMemory { try withoutGradients { try model.context(of: embedding) } }
        }
        prompts[key] = long
        return long
    }

    /// The guided noise in each query's latent, in the order of the queries.
    ///
    /// Rows whose latents have the same shape share passes as far as memory allows, and equal ones are asked once. A
    /// query may read what the plan of an earlier one records. Gradients flow where the caller records them.
    /// - Throws: `CancellationError`, `TensorError.outOfMemory`.
    public func predict(_ queries: [Query]) throws -> [Tensor] {
        zip(try halves(queries), queries).map { $0.guided(scale: $1.guidance?.scale ?? 1) }
    }

    /// The conditional and unconditional noise in each query's latent, for methods that join them in ways of their own.
    ///
    /// As `predict(_:)` asks them: the unconditional one is there where guidance needs it.
    /// - Throws: `CancellationError`, `TensorError.outOfMemory`.
    public func halves(_ queries: [Query]) throws -> [Halves] {
        let batcher = RowBatcher(queries)
        var noises: [Tensor] = []
        noises.reserveCapacity(batcher.rows.count)
        while noises.count < batcher.rows.count {
            let batch = nextBatch(of: batcher.rows[noises.count...])
            try checkCancellation()
            noises += try guardingMemory { try pass(batch) }
        }
        return batcher.halves(noises)
    }

    /// As many of the first rows as go together: of one shape, and small enough.
    private func nextBatch(of rows: ArraySlice<RowBatcher.Row>) -> ArraySlice<RowBatcher.Row> {
        guard let first = rows.first else { return rows }
        let shape = first.latent.shape
        precondition(shape.count == 4 && shape[0] == 1, "a query's latent is [1, C, h, w], not \(shape)")
        var count = 0
        var largest = 0
        for row in rows {
            guard row.fits(first) else { break }
            largest = max(largest, model.bytesPerRow(latentShape: shape, plan: row.plan))
            guard count < limits.rows(of: largest) else { break }
            count += 1
        }
        return rows.prefix(count)
    }

    private func pass(_ rows: ArraySlice<RowBatcher.Row>) throws -> [Tensor] {
        let latents = Tensor.concatenated(rows.map(\.input))
        // Whole timesteps stay whole numbers; a level between two is told as it is, where no other timestep is.
        let times = rows.map { $0.timestep == $0.level.timestep ? $0.level.fraction : 0 }
        let timesteps =
            (times.allSatisfy { $0 == 0 }
            ? Tensor(rows.map { Int64($0.timestep) })
            : Tensor(zip(rows, times).map { Float($0.timestep) + Float($1) })).to(device: model.device)
        let plans = rows.allSatisfy(\.plan.isNone) ? [] : rows.map(\.plan)
        let context = try contexts.context(of: rows.map(\.prompt))
        let answers = try model.predict(latents, timesteps: timesteps, context: context, plans: plans)
        try checkMemory()
        // A model that is broken says so in its first pass; waiting for the image would waste all others.
        if ledger.cost.forwards == 0, !answers.detached.isFinite {
            throw notFinite(while: "looking at its first latent")
        }
        ledger.cost.forwards += rows.count
        return zip(answers.separateRows, rows).map { answer, row in
            schedule.prediction.noise(in: answer, latent: row.latent, at: row.level)
        }
    }

    /// Gradients of a loss over predictions, counted as backward passes.
    ///
    /// - `rows`: how many predictions the loss depends on.
    public func gradients(
        of loss: Tensor, withRespectTo tensors: [Tensor], rows: Int, keepingGraph: Bool = false
    ) throws -> [Tensor] {
        try checkCancellation()
        ledger.cost.backwards += rows
        return try guardingMemory {
            Tensors.gradients(of: loss, withRespectTo: tensors, keepingGraph: keepingGraph)
        }
    }
}

extension String {
    /// The first letters on one line, with dots where there are more.
    fileprivate var beginning: String {
        let line = split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 40 ? line.prefix(40) + "…" : line
    }
}
