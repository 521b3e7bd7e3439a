import Diffusion
import Foundation
import Layers
import Support
import Tensors

/// A run of an optimiser on the denoising loss of one image, resumed where an earlier one was interrupted.
///
/// Imagic, HiPer and others differ in what is tuned, in how many steps and in what the network is conditioned on; the
/// rest is one loop. Cost: 1 forward and 1 backward a step.
struct Tuning {
    /// What the progress calls it, such as "learning the embedding".
    let stage: String
    /// Steps in all.
    let steps: Int
    /// Adam's learning rate.
    let learningRate: Double
    /// The image's latent (x₀).
    let clean: Tensor
    /// Noise and timestep of each step.
    let draws: TuningDraws
    /// Where the run is resumed from; nil where nothing is kept.
    var checkpoints: Checkpoints?
    /// Seconds between checkpoints.
    var checkpointSeconds = 20.0

    /// Takes all steps that were not taken yet; the parameters are changed in place.
    /// - Parameters:
    ///   - session: over the model that is tuned, or conditioned on what is.
    ///   - prompt: the conditioning of a pass, which may depend on the parameters; asked with gradients on.
    /// - Returns: the losses of all steps, those of earlier runs included.
    /// - Throws: `CancellationError` after a checkpoint was written; `EditingError.diverged`.
    func run(
        _ parameters: ParameterSet, in session: DiffusionSession, prompt: () throws -> Conditioning
    ) throws -> [Float] {
        var position =
            try restored(parameters) ?? .init(step: 0, seconds: 0, smoothedLoss: 0, settings: [:], losses: [])
        var losses = position.losses ?? []
        var last = ContinuousClock.now
        func save() throws {
            guard let checkpoints else { return }
            (position.step, position.losses) = (losses.count, losses)
            _ = try checkpoints.save(parameters, at: position)
            last = .now
        }
        for step in session.steps(stage, 0..<steps) where step >= position.step {
            let (noise, timestep) = draws.draw(step, like: clean)
            let gradients: [Tensor]
            let value: Float
            do {
                let loss = try withGradients {
                    try session.denoisingLoss(of: clean, noise: noise, timestep: timestep, prompt: prompt())
                }
                gradients = try session.gradients(of: loss, withRespectTo: parameters.leaves, rows: 1)
                value = Float(loss.item)
            } catch let error as CancellationError {
                try save()
                throw error
            }
            guard value.isFinite else { throw EditingError.diverged(stage: stage, step: step + 1) }
            parameters.descend(along: gradients, step: step, learningRate: learningRate)
            losses.append(value)
            if (ContinuousClock.now - last) / .seconds(1) >= checkpointSeconds { try save() }
        }
        return losses
    }

    /// Where an earlier run of the same name was interrupted; the name says everything that it depends on.
    private func restored(_ parameters: ParameterSet) throws -> Checkpoints.Position? {
        guard let checkpoints else { return nil }
        // What does not fit is of a program that counted otherwise: the run begins anew.
        return try? checkpoints.restore(parameters, settings: [:])
    }
}
