public import Diffusion
public import Editing
public import Imaging
import Support
import Tensors

/// What a candidate made, and its row.
public struct Outcome: Sendable {
    /// Status, cost and scores.
    public var row: Row
    /// The result at the image's size; nil where there is none.
    public var image: Image?
    /// Where it was allowed to change the image, if anything limited it.
    public var mask: Mask?
}

/// Runs candidates one after the other with one loaded model.
public struct Runner: Sendable {
    /// How a request becomes a result; a caller with a cache of inversions passes it on here.
    public typealias Edit = @Sendable (DiffusionSession, EditRequest) throws -> EditResult

    /// The model's engine.
    public let engine: Engine
    private let edit: Edit

    /// A runner over an engine.
    public init(engine: Engine, edit: @escaping Edit = { try $0.edit($1) }) {
        self.engine = engine
        self.edit = edit
    }

    /// What a candidate makes of an edit; whatever goes wrong becomes its row's reason.
    /// - Throws: `CancellationError` alone.
    public func outcome(
        of candidate: Candidate, on compared: ComparedEdit, notify: (Notice) -> Void = { _ in }
    ) async throws -> Outcome {
        let start = ContinuousClock.now
        var row = Row(
            item: compared.id, candidate: candidate.label, status: .done, seed: compared.request.seed,
            seconds: 0, forwards: 0, backwards: 0, scores: Scores(), warnings: [])
        do {
            let made = try await made(by: candidate, on: compared, notify: notify)
            row.seconds = made.cost.seconds
            row.forwards = made.cost.forwards
            row.backwards = made.cost.backwards
            row.warnings = made.warnings
            row.scores = compared.scores(of: made.image, mask: made.mask)
            return Outcome(row: row, image: made.image, mask: made.mask)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            row.status = .failed
            row.reason = engine.naming.text(of: error)
            row.seconds = (ContinuousClock.now - start) / .seconds(1)
            return Outcome(row: row)
        }
    }

    /// Sizes and name of the model; loads its settings, not its weights.
    public func facts() async throws -> ModelFacts {
        try await engine.result { $0.model.facts }
    }

    private struct Made: Sendable {
        var image: Image
        var mask: Mask?
        var cost = Cost()
        var warnings: [String] = []
    }

    private func made(
        by candidate: Candidate, on compared: ComparedEdit, notify: (Notice) -> Void
    ) async throws -> Made {
        let request = compared.request
        switch candidate.kind {
        case .nothing: return Made(image: request.image)
        case .autoencoder:
            let (shown, side) = (request.image, request.workingSide)
            return try await engine.result(notify: notify) { session in
                let image = try session.throughAutoencoder(shown, workingSide: side)
                return Made(image: image, cost: session.spent)
            }
        case .pictures(_, let folder):
            let (image, warning) = try compared.result(in: folder)
            return Made(image: image, warnings: warning.map { [$0] } ?? [])
        case .method(let name, let options):
            // Settings are shared, and not every method makes use of all of them.
            let (edit, asked) = (edit, try compared.request(of: name, options: options))
            let result = try await engine.result(notify: notify) {
                try edit($0, asked.withoutUnusedRegions().withoutUnusedSettings(with: $0.model.settings))
            }
            return Made(
                image: result.image, mask: result.reach, cost: result.account.cost,
                warnings: result.account.warnings)
        }
    }
}

extension DiffusionSession {
    /// An image encoded and decoded at the model's size, brought back to its own.
    func throughAutoencoder(_ image: Image, workingSide: Int?) throws -> Image {
        let facts = model.facts
        let size = WorkingSize(
            fitting: image.width, image.height,
            longSide: max(workingSide ?? facts.imageSide, facts.latentFactor),
            multipleOf: facts.latentFactor)
        return try decode(try encode(image.resized(to: size))).resized(
            width: image.width, height: image.height)
    }
}
