import Diffusion
import Tensors

/// What the steps of a tuning see: at each a fresh noise and a timestep, which follow from a seed and the step alone.
///
/// So a run that was interrupted goes on with the very numbers that it would have drawn. As in the published code of
/// these methods the noise is drawn before the timestep.
struct TuningDraws {
    /// Where the draws follow from.
    let seed: UInt64
    /// Timesteps of the schedule (T).
    let timesteps: Int

    /// The noise [1, C, h, w] (ε) and the timestep (t, uniform) of a step.
    func draw(_ step: Int, like latent: Tensor) -> (noise: Tensor, timestep: Int) {
        let random = Self.generator(seed: seed, step: step)
        let noise = random.normal(latent.shape).like(latent)
        let timestep = random.integers(in: 0..<timesteps, [1]).scalars(as: Int64.self)[0]
        return (noise, Int(timestep))
    }

    /// The generator of a step: steps of one seed, and seeds that follow each other, do not share any.
    static func generator(seed: UInt64, step: Int) -> RandomGenerator {
        RandomGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(step) &* 0xD1B5_4A32_D192_ED03)
    }
}

extension DiffusionSession {
    /// The denoising loss of a latent at a timestep, with gradients: the mean square of what the network answers less
    /// what it should (ε, or v for networks that predict velocities), as it was trained, without guidance.
    func denoisingLoss(
        of clean: Tensor, noise: Tensor, timestep: Int, prompt: Conditioning
    ) throws -> Tensor {
        let level = NoiseLevel(index: 1, timestep: timestep, alphaBar: schedule.alphaBars[timestep])
        let noisy = DDIM.addNoise(clean, noise, to: level)
        let predicted = try predict([Query(noisy, at: level, prompt: prompt)])[0]
        let loss = (predicted - noise).squared.mean
        // ε = √ᾱ·v + √(1-ᾱ)·x_t: an error of the velocity is 1/√ᾱ of that of the noise.
        return schedule.prediction == .velocity ? loss / level.alphaBar : loss
    }
}
