import Diffusion
import Foundation
import Imaging
import Layers
import Networks
import Tensors

/// Images of the configuration's prompts, to look at while training goes on.
extension DiffusionStage {
    /// A sheet of images with their prompts, always from the same noise, by the averaged weights, and their error on
    /// held-out images, which rises again where a training has gone on for too long.
    /// - Throws: `TrainingError.diverged` where the averaged weights no longer answer numbers.
    func showSamples(step: Int) throws {
        control.report(
            .message(
                "diffusion: error of the noise in held-out latents "
                    + String(format: "%.4f", try heldOutError())))
        let prompts = configuration.samples.prompts
        guard !prompts.isEmpty else { return }
        let images: [Image]
        do {
            images = try withoutGradients {
                try sampled(prompts, by: DiffusionSession(model: averagedModel()))
            }
        } catch DiffusionError.notFinite, DiffusionError.brokenWeights {
            throw TrainingError.diverged(stage: name, step: step)
        }
        let cells = zip(images, prompts).map { ContactSheet.Cell($0, caption: $1) }
        let columns = Int(Double(prompts.count).squareRoot().rounded(.up))
        try writeSheet(
            ContactSheet(cells, columns: columns, textScale: 1, gap: 4),
            to: "\(sampleFolder)/diffusion-\(step)",
            control: control)
    }

    /// Samples prompts by DDIM under classifier-free guidance, all of them side by side.
    func sampled(_ texts: [String], by session: DiffusionSession) throws -> [Image] {
        let (prompts, empty) = (try texts.map { try session.prompt($0) }, try session.prompt(""))
        let levels = try session.schedule.levels(steps: configuration.samples.ddimSteps)
        let noise = RandomGenerator(seed: randomness.seed(.samples, 0)).normal([texts.count] + latents.shape)
        let away = Guidance(awayFrom: empty, scale: configuration.samples.guidance)
        let final = try session.sample(
            noise.to(device: device).separateRows, from: levels.steps, of: levels, prompts: prompts,
            guidance: away)
        return try final.map { try session.decode($0) }
    }

    /// The averaged networks and the autoencoder as a model.
    func averagedModel() throws -> InMemoryModel {
        let (unet, text) = try averaged()
        let weights = [("unet", parameters.averages(of: "unet")), ("text encoder", textWeights)]
        return InMemoryModel(
            unet: unet, autoencoder: autoencoder, textEncoder: text, tokenizer: tokens.tokenizer,
            schedule: objective.schedule,
            facts: ModelFacts(
                name: name, fingerprint: Fingerprint.of(weights: weights.flatMap(\.1)),
                unet: unetConfiguration, autoencoder: autoencoder.configuration),
            latentScale: latents.measures.scalingFactor, device: device, weights: weights)
    }
}
