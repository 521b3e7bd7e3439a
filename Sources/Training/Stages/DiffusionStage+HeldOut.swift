import Diffusion
import Foundation
import Networks
import Tensors

/// How well images that were never trained on are denoised, in a number that different trainings share.
extension DiffusionStage {
    /// Logarithms of the signal-to-noise ratios that are measured at: from almost noise to almost clean.
    private static let ratios = [-4.0, -2, 0, 2, 4]

    /// Geometric mean, over noise levels, of the squared error of the noise in held-out latents, by the averaged weights.
    ///
    /// Trajectory are chosen by their signal-to-noise ratio and answers turned into noise, so that models of one
    /// autoencoder compare whatever their schedule, their weights of timesteps and what they predict. The noise is
    /// always the same.
    func heldOutError() throws -> Double {
        let (unet, text) = try averaged()
        let schedule = objective.schedule
        let levels = Self.ratios.map { wanted in
            let nearest = schedule.alphaBars.indices.min {
                abs(schedule.logRatio($0) - wanted) < abs(schedule.logRatio($1) - wanted)
            }
            return NoiseLevel(index: 1, timestep: nearest ?? 0, alphaBar: schedule.alphaBars[nearest ?? 0])
        }
        var sums = levels.map { _ in 0.0 }
        let indices = Array(images.count..<(images.count + images.heldOut))
        for start in stride(from: 0, to: indices.count, by: 32) {
            let part = Array(indices[start..<min(start + 32, indices.count)])
            withoutGradients {
                let clean =
                    autoencoder.encode(images.tensor(part, device: device)).mean.to(dtype: .float32)
                    * latents.measures.scalingFactor
                let noise = RandomGenerator(seed: randomness.seed(.heldOut, start)).normal(clean.shape)
                    .to(device: device)
                let ids = tokens.tensor(part.map { images.captions[$0].first ?? "" }, device: device)
                let context = unet.context(text(ids).lastHiddenState)
                for (place, level) in levels.enumerated() {
                    let noisy = DDIM.addNoise(clean, noise, to: level)
                    let times = Tensor([Int64](repeating: Int64(level.timestep), count: part.count))
                    let answer = unet(noisy, timesteps: times.to(device: device), context: context)
                    let found = schedule.prediction.noise(in: answer, latent: noisy, at: level)
                    sums[place] += (found - noise).squared.mean([1, 2, 3]).sum.item
                }
            }
        }
        return exp(sums.reduce(0) { $0 + log($1 / Double(indices.count)) } / Double(sums.count))
    }
}

extension NoiseSchedule {
    /// ln(ᾱ / (1-ᾱ)) of a timestep.
    fileprivate func logRatio(_ timestep: Int) -> Double {
        log(alphaBars[timestep] / (1 - alphaBars[timestep]))
    }
}
