public import Diffusion
import Imaging
import Layers
import Support
import Tensors

/// A method that learns from the image before it edits it, and whose learning can be kept in a file.
protocol TuningMethod: EditingMethod {
    /// The options that what is learnt depends on; all others count when it is used.
    static var tuningOptions: [OptionDescription] { get }
    /// Whether what is learnt depends on the target prompt.
    static var tunesToPrompt: Bool { get }
    /// Learns from the image: what was learnt, by the name of its stage.
    func tune(_ context: EditContext) throws -> [(stage: String, tuned: Tuned)]
}

extension ModelFacts {
    /// Pixels of the side of squares that are learnt from: what was asked for, or the model's own, in whole latent elements.
    func squareSide(_ asked: Int?) -> Int { max((asked ?? imageSide) / latentFactor, 1) * latentFactor }
}

extension EditSettings {
    /// Refuses what `DiffusionSession.tune` would refuse, before anything is loaded.
    /// - Throws: `EditingError`.
    public func checkTuning() throws {
        let type = try Registry.method(named: method)
        guard type is any TuningMethod.Type else {
            throw EditingError.notTuning(method: type.description.name, known: Registry.tuning)
        }
        _ = try checked()
    }
}

extension DiffusionSession {
    /// Learns from an image what a method learns before it edits, and writes it into a file for later edits.
    ///
    /// Nothing is painted. What an earlier run or edit had kept in the cache is taken from there, and an interrupted run
    /// goes on from its checkpoints, which are removed once the file is there.
    /// - Parameters:
    ///   - asked: the image, the method, its options and the prompts; the sampling's settings do not count.
    ///   - cache: where results and checkpoints are kept; nil keeps none.
    ///   - program: what to call the writer in the record.
    ///   - path: the file, written whole or not at all.
    /// - Throws: `EditingError`: `.notTuning` for a method that learns nothing; `DiffusionError`, `CancellationError`.
    public func tune(
        _ asked: EditRequest, cache: InversionCache? = nil, program: String? = nil, to path: String
    ) throws -> TunedRecord {
        let checked = try asked.checked(with: model.settings)
        guard let method = checked.method as? any TuningMethod else {
            throw EditingError.notTuning(method: checked.description.name, known: Registry.tuning)
        }
        advise(on: asked)
        let levels = try checked.levels(of: schedule)
        let working = asked.image.resized(to: workingSize(of: asked))
        var context = try context(of: asked, checked, levels, working, cache: cache)
        context.isForFile = true
        let stages = try method.tune(context)
        let type = Swift.type(of: method)
        let unused = checked.description.unused(
            of: type.tuningOptions.map(\.setting), checked.options, checked.settings
        ).map(\.setting)
        let options = type.tuningOptions.filter { !unused.contains($0.setting) }
        let record = TunedRecord(
            program: program, method: checked.description.name, model: model.facts.name,
            base: model.facts.fingerprint, prompt: type.tunesToPrompt ? asked.prompt : nil,
            source: checked.description.needs.source == .unused ? nil : asked.source, images: 1,
            image: TunedFile.hash(of: working), size: [working.width, working.height],
            settings: options.reduce(into: [:]) {
                $0[$1.name] = checked.options.values[$1.name]?.description
            },
            losses: stages.reduce(into: [:]) { $0[$1.stage] = $1.tuned["losses"].floats }, cost: spent)
        let tensors = stages.flatMap { $0.tuned.tensors }.filter { $0.key != "losses" }
        try TunedFile.write(
            tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, record: record, to: path)
        stages.forEach { $0.tuned.checkpoints?.remove() }
        return record
    }
}
