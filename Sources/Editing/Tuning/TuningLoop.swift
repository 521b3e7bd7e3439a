import Diffusion
import Layers
import Tensors

/// Steps of an optimiser down a loss that the network's predictions make, resumed where an earlier run was interrupted.
///
/// Cost: as many forwards and backwards a step as the loss has rows.
struct TuningLoop {
    /// What the progress calls it, such as "learning the embedding".
    let stage: String
    /// Steps in all.
    let steps: Int
    /// The optimiser's learning rate in a step, counted from 0.
    let learningRate: (Int) -> Double
    /// The length that gradients are shortened to; nil leaves them.
    var clip: Double?
    /// Where the run is resumed from; nil where nothing is kept.
    var checkpoints: Checkpoints?
    /// Seconds between checkpoints.
    var checkpointSeconds: Double

    /// Steps whose learning rate may change.
    init(
        stage: String, steps: Int, learningRate: @escaping (Int) -> Double, clip: Double? = nil,
        checkpoints: Checkpoints? = nil, checkpointSeconds: Double = 20
    ) {
        self.stage = stage
        self.steps = steps
        self.learningRate = learningRate
        self.clip = clip
        self.checkpoints = checkpoints
        self.checkpointSeconds = checkpointSeconds
    }

    /// Steps of one learning rate.
    init(
        stage: String, steps: Int, learningRate: Double, clip: Double? = nil, checkpoints: Checkpoints? = nil,
        checkpointSeconds: Double = 20
    ) {
        self.init(
            stage: stage, steps: steps, learningRate: { _ in learningRate }, clip: clip,
            checkpoints: checkpoints, checkpointSeconds: checkpointSeconds)
    }

    /// Takes all steps that were not taken yet; the parameters are changed in place.
    /// - Parameters:
    ///   - session: over the model that is tuned, or conditioned on what is.
    ///   - rows: predictions that a loss depends on.
    ///   - loss: the loss of a step, counted from 0; asked with gradients on.
    /// - Returns: the losses of all steps, those of earlier runs included.
    /// - Throws: `CancellationError` after a checkpoint was written; `EditingError.diverged`.
    func run(
        _ parameters: ParameterSet, in session: DiffusionSession, rows: Int = 1,
        loss: (Int) throws -> Tensor
    ) throws -> [Float] {
        try run(parameters, in: session) { step in
            let loss = try withGradients { try loss(step) }
            let gradients = try session.gradients(of: loss, withRespectTo: parameters.leaves, rows: rows)
            return (loss.item, gradients)
        }
    }

    /// The same of a loss whose gradients are found in a way of their own, such as one pass at a time.
    /// - Parameter gradients: the loss of a step, counted from 0, and its gradients in the order of the leaves.
    func run(
        _ parameters: ParameterSet, in session: DiffusionSession,
        gradients: (Int) throws -> (loss: Double, gradients: [Tensor])
    ) throws -> [Float] {
        var position =
            restored(parameters) ?? .init(step: 0, seconds: 0, smoothedLoss: 0, settings: [:], losses: [])
        var losses = position.losses ?? []
        var last = ContinuousClock.now
        func save() throws {
            guard let checkpoints else { return }
            (position.step, position.losses) = (losses.count, losses)
            _ = try checkpoints.save(parameters, at: position)
            last = .now
        }
        func recentLoss() -> Double? {
            let recent = losses.suffix(50)
            return recent.isEmpty ? nil : recent.reduce(0) { $0 + Double($1) } / Double(recent.count)
        }
        let left = min(position.step, steps)..<steps
        for step in session.steps(stage, left, after: left.lowerBound, loss: recentLoss) {
            let found: (loss: Double, gradients: [Tensor])
            do {
                found = try gradients(step)
            } catch let error as CancellationError {
                try save()
                throw error
            }
            guard found.loss.isFinite else { throw EditingError.diverged(stage: stage, step: step + 1) }
            parameters.descend(
                along: found.gradients, step: step, learningRate: learningRate(step), clip: clip)
            losses.append(Float(found.loss))
            if (ContinuousClock.now - last) / .seconds(1) >= checkpointSeconds { try save() }
        }
        return losses
    }

    /// Where an earlier run of the same name was interrupted; the name says everything that it depends on.
    private func restored(_ parameters: ParameterSet) -> Checkpoints.Position? {
        // What does not fit is of a program that counted otherwise: the run begins anew.
        try? checkpoints?.restore(parameters, settings: [:])
    }
}
