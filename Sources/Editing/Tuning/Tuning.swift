import Diffusion
import Layers
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
        let loop = TuningLoop(
            stage: stage, steps: steps, learningRate: learningRate, checkpoints: checkpoints,
            checkpointSeconds: checkpointSeconds)
        return try loop.run(parameters, in: session) { step in
            let (noise, timestep) = draws.draw(step, like: clean)
            return try session.denoisingLoss(
                of: clean, noise: noise, timestep: timestep, prompt: prompt())
        }
    }
}

extension Tuning {
    /// A run on the image of a context.
    /// - Parameter seed: what noise and timesteps follow from.
    init(
        _ stage: String, steps: Int, learningRate: Double, seed: UInt64, of context: EditContext,
        checkpoints: Checkpoints? = nil
    ) {
        self.init(
            stage: stage, steps: steps, learningRate: learningRate, clean: context.clean,
            draws: TuningDraws(seed: seed, timesteps: context.session.schedule.trainingSteps),
            checkpoints: checkpoints)
    }
}
