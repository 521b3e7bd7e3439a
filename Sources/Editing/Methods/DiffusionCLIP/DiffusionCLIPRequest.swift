public import Diffusion
public import Imaging
import Layers
import Support
import Tensors

/// What DiffusionCLIP is to learn from some images of one kind, for any image of that kind.
public struct DiffusionCLIPRequest: Sendable {
    /// The images, sRGB; the largest square in the middle of each is learnt from.
    public var images: [Image]
    /// What they show, such as "a photo of a flower".
    public var source: String
    /// What they are to show, such as "a painting of a flower".
    public var prompt: String
    /// The method's options, as texts.
    public var options: [String: String]
    /// Which defaults count.
    public var preset: Preset
    /// The pair of CLIP towers.
    public var clip: CLIPSource
    /// Side of the squares in pixels; the model's own where nil.
    public var side: Int?

    /// A request; by default a hundred steps on adapters.
    public init(
        images: [Image], source: String, prompt: String, options: [String: String] = [:],
        preset: Preset = .paper, clip: CLIPSource, side: Int? = nil
    ) {
        self.images = images
        self.source = source
        self.prompt = prompt
        self.options = options
        self.preset = preset
        self.clip = clip
        self.side = side
    }

    /// The options, checked.
    /// - Throws: `EditingError`, `DiffusionCLIPError.images` where there are none.
    public func check() throws { _ = try checked() }

    fileprivate func checked() throws -> (options: Options, learning: DiffusionCLIPEdit.Learning) {
        guard !images.isEmpty else { throw DiffusionCLIPError.images("there are none") }
        let settings = EditSettings(
            prompt: prompt, source: source, method: DiffusionCLIPEdit.description.name
        ) {
            ($0.options, $0.preset, $0.workingSide) = (options, preset, side)
        }
        let checked = try settings.checked()
        return (checked.options, DiffusionCLIPEdit.Learning(checked.options))
    }
}

extension DiffusionSession {
    /// Teaches the model the way from one text to another on some images, and writes what it learnt into a file for later
    /// edits of any image like them.
    ///
    /// What an earlier run had kept in the cache is taken from there, and an interrupted run goes on from its checkpoints.
    /// Cost: S_for - 1 forwards for each image, then 2·S_gen forwards and S_gen backwards a step.
    /// - Parameters:
    ///   - cache: where results and checkpoints are kept; nil keeps none.
    ///   - program: what to call the writer in the record.
    ///   - path: the file, written whole or not at all.
    /// - Throws: `EditingError`, `DiffusionCLIPError`, `DiffusionError`, `CancellationError`.
    public func tune(
        _ request: DiffusionCLIPRequest, cache: InversionCache? = nil, program: String? = nil,
        to path: String
    ) throws -> TunedRecord {
        let (options, learning) = try request.checked()
        guard let base = model as? any TunableModel else {
            throw EditingError.notTunable(method: DiffusionCLIPEdit.description.title)
        }
        let facts = model.facts
        let side = facts.squareSide(request.side)
        let latents = try steps("encoding", request.images).map { try encode($0.middleSquare(side: side)) }
        let clip = try request.clip.network(on: model.device)
        var keeper = TuningCache(session: self, cache: cache)
        keeper.isForFile = true
        let texts = try [request.source, request.prompt].map { try prompt($0).embedding }
        let tuned = try keeper.tuned(
            LatentDirection.name, of: latents + texts, settings: learning.settings(clip),
            shapes: try TunableWeights.shapes(learning.trainable, of: base, rank: learning.rank),
            steps: learning.steps, lighter: learning.lighter
        ) { checkpoints in
            let run = try LatentDirection(
                base, network: clip, from: request.source, to: request.prompt, learning)
            let weights = try TunableWeights(
                learning.trainable, of: base, rank: learning.rank, seed: learning.seed)
            let examples = try latents.map {
                try run.example($0, inverted: LatentDirection.inverted($0, learning, in: self))
            }
            return (weights.values, try run.run(on: examples, weights, in: self, checkpoints))
        }
        let record = TunedRecord(
            program: program, method: DiffusionCLIPEdit.description.name, model: facts.name,
            base: facts.fingerprint, prompt: request.prompt, source: request.source,
            images: request.images.count,
            image: request.images.count == 1
                ? TunedFile.hash(of: request.images[0].middleSquare(side: side)) : nil,
            size: [side, side],
            settings: DiffusionCLIPEdit.tuningOptions.reduce(into: [:]) {
                $0[$1.name] = options.values[$1.name]?.description
            },
            losses: [LatentDirection.name: tuned["losses"].floats], cost: spent)
        let tensors = tuned.tensors.filter { $0.key != "losses" }.sorted { $0.key < $1.key }
        try TunedFile.write(tensors.map { ($0.key, $0.value) }, record: record, to: path)
        tuned.checkpoints?.remove()
        return record
    }
}
