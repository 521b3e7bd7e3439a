import Diffusion
import Foundation
import Imaging
import Layers
import Tensors

/// What the settings of all stages say that learn to tell noise.
protocol DenoisingSection {
    var batch: Int { get }
    var steps: Int { get }
    var learningRate: Double { get }
    var finalLearningRateShare: Double { get }
    var warmup: Int { get }
    var weightDecay: Double { get }
    var gradientClip: Double { get }
    var averageDecay: Double { get }
    var snrGamma: Double { get }
    var snrFloor: Double { get }
    var channelsLast: Bool { get }
}

extension DiffusionSection: DenoisingSection {}
extension PixelsSection: DenoisingSection {}

/// A stage that learns to tell noise from clean latents or images; what differs is the network, and what it is told.
protocol DenoisingStage: TrainingStage {
    var section: any DenoisingSection { get }
    var objective: DenoisingLoss { get }
    var randomness: Randomness { get }
    var device: Device { get }
    /// What the network computes in.
    var dtype: DType { get }
    var sampleFolder: String { get }
    var control: TrainingControl { get }
}

extension DenoisingStage {
    var steps: Int { section.steps }
    var batch: Int { section.batch }
    var pace: LearningRateSchedule {
        LearningRateSchedule(
            learningRate: section.learningRate, warmup: section.warmup,
            finalShare: section.finalLearningRateShare, gradientClip: section.gradientClip)
    }

    /// The loss of a step on clean latents [B, C, h, w].
    /// - Parameter network: what the network answers to noisy ones at timesteps [B].
    func loss(of clean: Tensor, step: Int, _ network: (Tensor, Tensor) -> Tensor) -> Tensor {
        let noise = RandomGenerator(seed: randomness.seed(.noise, step), device: device).normal(clean.shape)
        // One timestep from each of `batch` equal parts of the range: all are as likely, with less scatter.
        var draws = randomness.draws(.timesteps, step)
        let all = objective.schedule.trainingSteps
        let timesteps = (0..<batch).map {
            min(Int((Double($0) + draws.unit()) / Double(batch) * Double(all)), all - 1)
        }
        let noisy = objective.noisy(clean, noise, timesteps: timesteps).to(dtype: dtype)
        let answer = network(
            section.channelsLast ? noisy.channelsLast : noisy,
            Tensor(timesteps.map(Int64.init)).to(device: device))
        let target = objective.target(clean, noise, timesteps: timesteps)
        return objective(answer, target, timesteps: timesteps)
    }

    /// Geometric mean, over noise levels, of the squared error of the noise in held-out latents.
    ///
    /// Levels are chosen by their signal-to-noise ratio and answers turned into noise, so that models of one
    /// autoencoder, or of none, compare whatever their schedule, their weights of timesteps and what they predict. The
    /// noise is always the same.
    /// - Parameters:
    ///   - clean: the clean latents of images.
    ///   - network: what makes, of images, the answers to their noisy latents at timesteps [B].
    func heldOutError(
        of images: ImageSet, clean: ([Int]) -> Tensor, _ network: ([Int]) -> (Tensor, Tensor) -> Tensor
    ) -> Double {
        let schedule = objective.schedule
        let levels = [-4.0, -2, 0, 2, 4].map { wanted in
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
                let clean = clean(part)
                let noise = RandomGenerator(seed: randomness.seed(.heldOut, start)).normal(clean.shape)
                    .to(device: device)
                let network = network(part)
                for (place, level) in levels.enumerated() {
                    let noisy = DDIM.addNoise(clean, noise, to: level)
                    let times = Tensor([Int64](repeating: Int64(level.timestep), count: part.count))
                    let found = schedule.prediction.noise(
                        in: network(noisy, times.to(device: device)), latent: noisy, at: level)
                    sums[place] += (found - noise).squared.mean([1, 2, 3]).sum.item
                }
            }
        }
        return exp(sums.reduce(0) { $0 + log($1 / Double(indices.count)) } / Double(sums.count))
    }

    /// Tells the error on held-out images, which rises again where a training has gone on for too long, and writes a
    /// sheet of samples.
    /// - Parameter sampled: the images by the averaged weights, with captions where they have any; none for no sheet.
    /// - Throws: `TrainingError.diverged` where the averaged weights no longer answer numbers.
    func showSamples(
        step: Int, heldOutError: Double, _ sampled: () throws -> [ContactSheet.Cell]
    ) throws {
        control.report(
            .message(
                "\(name): error of the noise in held-out latents " + String(format: "%.4f", heldOutError)))
        let cells: [ContactSheet.Cell]
        do {
            cells = try withoutGradients(sampled)
        } catch DiffusionError.notFinite, DiffusionError.brokenWeights {
            throw TrainingError.diverged(stage: name, step: step)
        }
        guard !cells.isEmpty else { return }
        let columns = Int(Double(cells.count).squareRoot().rounded(.up))
        try writeSheet(
            ContactSheet(cells, columns: columns, textScale: 1, gap: 4),
            to: "\(sampleFolder)/\(name)-\(step)",
            control: control)
    }

    /// Noise that samples always begin with, [1, C, h, w] each.
    func sampleNoise(_ count: Int, shape: [Int]) -> [Tensor] {
        RandomGenerator(seed: randomness.seed(.samples, 0)).normal([count] + shape).to(device: device)
            .separateRows
    }
}

extension NoiseSchedule {
    /// ln(ᾱ / (1-ᾱ)) of a timestep.
    fileprivate func logRatio(_ timestep: Int) -> Double {
        log(alphaBars[timestep] / (1 - alphaBars[timestep]))
    }
}
