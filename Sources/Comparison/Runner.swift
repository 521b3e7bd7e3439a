public import Diffusion
public import Editing
public import Imaging
import Tensors

/// What a contender made, and its row.
public struct Outcome: Sendable {
    /// Status, cost and scores.
    public var row: Row
    /// The result at the picture's size; nil where there is none.
    public var picture: Picture?
    /// Where it was allowed to change the picture, if anything limited it.
    public var mask: Mask?
}

/// Runs contenders one after the other with one loaded model.
public struct Runner: Sendable {
    /// How a request becomes a result; a caller with a cache of inversions passes it on here.
    public typealias Edit = @Sendable (Studio, EditRequest) throws -> EditResult

    /// The model's engine.
    public let engine: Engine
    private let edit: Edit

    /// A runner over an engine.
    public init(engine: Engine, edit: @escaping Edit = { try $0.edit($1) }) {
        self.engine = engine
        self.edit = edit
    }

    /// What a contender makes of an edit; whatever goes wrong becomes its row's reason.
    /// - Throws: `CancellationError` alone.
    public func outcome(
        of contender: Contender, on compared: ComparedEdit, notify: (Notice) -> Void = { _ in }
    ) async throws -> Outcome {
        let start = ContinuousClock.now
        var row = Row(
            item: compared.id, contender: contender.label, status: .done, seed: compared.request.seed,
            seconds: 0, forwards: 0, backwards: 0, scores: Scores(), warnings: [])
        do {
            let made = try await made(by: contender, on: compared.request, notify: notify)
            row.seconds = made.cost.seconds
            row.forwards = made.cost.forwards
            row.backwards = made.cost.backwards
            row.warnings = made.warnings
            row.scores = compared.scores(of: made.picture, mask: made.mask)
            return Outcome(row: row, picture: made.picture, mask: made.mask)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            row.status = .failed
            row.reason = "\(error)"
            row.seconds = (ContinuousClock.now - start) / .seconds(1)
            return Outcome(row: row)
        }
    }

    /// Sizes and name of the model; loads its settings, not its weights.
    public func facts() async throws -> ModelFacts {
        try await engine.result { $0.model.facts }
    }

    private struct Made: Sendable {
        var picture: Picture
        var mask: Mask?
        var cost = Cost()
        var warnings: [String] = []
    }

    private func made(
        by contender: Contender, on request: EditRequest, notify: (Notice) -> Void
    ) async throws -> Made {
        switch contender.kind {
        case .nothing: return Made(picture: request.picture)
        case .autoencoder:
            return try await engine.result(notify: notify) { studio in
                let picture = try studio.throughAutoencoder(request.picture, workingSide: request.workingSide)
                return Made(picture: picture, cost: studio.spent)
            }
        case .method(let name, let options):
            var request = request
            request.method = name
            request.options = options
            // Settings are shared, and not every method makes use of all of them.
            let (edit, final) = (edit, try request.withoutUnusedSettings())
            let result = try await engine.result(notify: notify) { try edit($0, final) }
            return Made(
                picture: result.picture, mask: result.reach, cost: result.account.cost,
                warnings: result.account.warnings)
        }
    }
}

extension Studio {
    /// A picture encoded and decoded at the model's size, brought back to its own.
    func throughAutoencoder(_ picture: Picture, workingSide: Int?) throws -> Picture {
        let facts = model.facts
        let size = WorkingSize(
            fitting: picture.width, picture.height,
            longSide: max(workingSide ?? facts.pictureSide, facts.latentFactor),
            multipleOf: facts.latentFactor)
        return try decode(try encode(picture.resized(to: size))).resized(
            width: picture.width, height: picture.height)
    }
}
