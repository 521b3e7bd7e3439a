import Diffusion
import Foundation
import Imaging
import Layers
import Networks
import Tensors

/// Images of the configuration's prompts, to look at while training goes on.
extension DiffusionStage {
    /// A sheet of images with their prompts, always from the same noise, by the averaged weights.
    func showSamples(step: Int) throws {
        let prompts = configuration.samples.prompts
        try showSamples(step: step, heldOutError: try heldOutError()) {
            guard !prompts.isEmpty else { return [] }
            let images = try sampled(prompts, by: DiffusionSession(model: averagedModel()))
            return zip(images, prompts).map { ContactSheet.Cell($0, caption: $1) }
        }
    }

    /// Samples prompts by DDIM under classifier-free guidance, all of them side by side.
    func sampled(_ texts: [String], by session: DiffusionSession) throws -> [Image] {
        let (prompts, empty) = (try texts.map { try session.prompt($0) }, try session.prompt(""))
        let levels = try session.schedule.levels(steps: configuration.samples.ddimSteps)
        let away = Guidance(awayFrom: empty, scale: configuration.samples.guidance)
        let final = try session.sample(
            sampleNoise(texts.count, shape: latents.shape), from: levels.steps, of: levels, prompts: prompts,
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
