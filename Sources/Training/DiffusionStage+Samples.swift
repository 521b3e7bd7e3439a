import Diffusion
import Imaging
import Networks
import Tensors

/// Pictures of the configuration's prompts, to look at while training goes on.
extension DiffusionStage {
    /// A sheet of pictures with their prompts, always from the same noise, by the averaged weights.
    func showSamples(step: Int) throws {
        let prompts = configuration.samples.prompts
        guard !prompts.isEmpty else { return }
        let (unet, text) = try averaged()
        let noise = RandomGenerator(seed: randomness.seed(.samples, 0)).normal(
            [prompts.count] + latents.shape)
        let decoded = try withoutGradients {
            let context = unet.context(text(tokens.tensor(prompts, device: device)).lastHiddenState)
            let empty = unet.context(
                text(tokens.tensor(prompts.map { _ in "" }, device: device)).lastHiddenState)
            let final = try sampled(noise.to(device: device), unet: unet, context: context, empty: empty)
            return autoencoder.decode(final / latents.measures.scalingFactor)
        }
        let cells = zip(decoded.separateRows, prompts).map { ContactSheet.Cell(Picture($0), caption: $1) }
        let columns = Int(Double(prompts.count).squareRoot().rounded(.up))
        try writeSheet(
            ContactSheet(cells, columns: columns, textScale: 1, gap: 4),
            to: "\(sampleFolder)/diffusion-\(step)",
            control: control)
    }

    /// All rows from noise to latents by DDIM under classifier-free guidance.
    private func sampled(
        _ noise: Tensor, unet: UNet, context: PromptContext, empty: PromptContext
    ) throws -> Tensor {
        let schedule = objective.schedule
        let levels = try schedule.levels(steps: configuration.samples.ddimSteps)
        let both = PromptContext.concatenated([empty, context])
        var latents = noise
        for index in stride(from: levels.steps, to: 0, by: -1) {
            let rows = Tensor([Int64](repeating: Int64(levels[index].timestep), count: noise.shape[0] * 2))
            let answers = unet(
                .concatenated([latents, latents]), timesteps: rows.to(device: device), context: both)
            let noises = answers.chunks(2, along: 0).map {
                schedule.prediction.noise(in: $0, latent: latents, at: levels[index])
            }
            let estimate = guided(
                empty: noises[0], prompted: noises[1], scale: configuration.samples.guidance)
            latents = DDIM.move(latents, estimate, from: levels[index], to: levels[index - 1])
        }
        return latents
    }
}
