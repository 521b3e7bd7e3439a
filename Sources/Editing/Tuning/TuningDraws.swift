import Diffusion
import Networks
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
        let (noises, timesteps) = draw(step, like: latent, rows: 1)
        return (noises[0], timesteps[0])
    }

    /// The noises and timesteps of a step whose batch has several rows: first all noises, then all timesteps.
    func draw(_ step: Int, like latent: Tensor, rows: Int) -> (noises: [Tensor], timesteps: [Int]) {
        let random = Self.generator(seed: seed, step: step)
        let noise = random.normal([rows] + latent.shape.dropFirst()).like(latent)
        let timesteps = random.integers(in: 0..<timesteps, [rows]).scalars(as: Int64.self)
        return (noise.separateRows, timesteps.map { Int($0) })
    }

    /// The generator of a step: steps of one seed, and seeds that follow each other, do not share any.
    static func generator(seed: UInt64, step: Int) -> RandomGenerator {
        RandomGenerator(seed: seed &* 0x9E37_79B9_7F4A_7C15 &+ UInt64(step) &* 0xD1B5_4A32_D192_ED03)
    }

    /// Which of some images a step sees: each once in an epoch, in an order of the epoch's own.
    func place(_ step: Int, of count: Int) -> Int {
        let random = RandomGenerator(
            seed: seed &* 0xD1B5_4A32_D192_ED03 &+ UInt64(step / count) &* 0x9E37_79B9_7F4A_7C15)
        return Int(random.permutation(count).scalars(as: Int64.self)[step % count])
    }
}

/// A row of a denoising loss.
struct DenoisingTerm {
    /// The latent (x₀), [1, C, h, w].
    let clean: Tensor
    /// The noise (ε).
    let noise: Tensor
    /// The timestep (t).
    let timestep: Int
    /// What the network is conditioned on.
    let prompt: Conditioning
    /// What is changed within the network.
    var plan = Plan.none
    /// What its mean square is multiplied by.
    var weight = 1.0
}

extension DiffusionSession {
    /// The denoising loss of a latent at a timestep, with gradients: the mean square of what the network answers less
    /// what it should (ε, or v for networks that predict velocities), as it was trained, without guidance.
    func denoisingLoss(
        of clean: Tensor, noise: Tensor, timestep: Int, prompt: Conditioning, plan: Plan = .none
    ) throws -> Tensor {
        try denoisingLoss(of: [
            DenoisingTerm(clean: clean, noise: noise, timestep: timestep, prompt: prompt, plan: plan)
        ])
    }

    /// The sum of the denoising losses of several rows, which share passes as far as memory allows.
    func denoisingLoss(of terms: [DenoisingTerm]) throws -> Tensor {
        let levels = terms.map {
            NoiseLevel(index: 1, timestep: $0.timestep, alphaBar: schedule.alphaBars[$0.timestep])
        }
        let predicted = try predict(
            zip(terms, levels).map {
                Query(
                    DDIM.addNoise($0.clean, $0.noise, to: $1), at: $1, prompt: $0.prompt, plan: $0.plan)
            })
        let losses = zip(zip(terms, levels), predicted).map { row, predicted in
            let (term, level) = row
            let loss = (predicted - term.noise).squared.mean
            // ε = √ᾱ·v + √(1-ᾱ)·x_t: an error of the velocity is 1/√ᾱ of that of the noise.
            let scale = schedule.prediction == .velocity ? term.weight / level.alphaBar : term.weight
            return scale == 1 ? loss : loss * scale
        }
        return losses.dropFirst().reduce(losses[0]) { $0 + $1 }
    }
}
