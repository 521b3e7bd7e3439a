import Diffusion
import Tensors

/// DDIM inversion whose noise estimates are kept close to white noise (Pix2Pix-Zero, section 3.2).
///
/// What moves the latent is then not quite what the network said, so that the way back drifts a little; in return the
/// latent it ends at is more like the noise that the model was trained to begin with.
struct RegularisedInversion {
    /// Which steps are taken.
    enum Walk: String, OptionChoice {
        /// All of them, level by level.
        case whole
        /// Without the first and the last, and one timestep low, as the published code walks: the clean latent counts
        /// as one of level 2.
        case trimmed
    }

    /// One step: where the latent is taken to be, where it goes, the timestep passed to the UNet.
    private struct Rung {
        let start: NoiseLevel
        let end: NoiseLevel
        let timestep: Int
    }

    let regulariser: NoiseRegulariser
    let walk: Walk

    /// Inverts under a prompt, without guidance; one forward a step.
    func invert(_ context: EditContext, prompt: Conditioning) throws -> InvertedTrajectory {
        let trims = walk == .trimmed && context.startStep >= 4
        let rungs = trims ? trimmed(context) : whole(context)
        // The published code has no latent of levels 1 and 2 but the clean one.
        var latents = Array(repeating: context.clean, count: context.startStep + 1 - rungs.count)
        var latent = context.clean
        for rung in context.session.steps("inverting", rungs) {
            let noise = try context.session.noise(
                in: latent, at: rung.start, timestep: rung.timestep, prompt: prompt)
            let white = regulariser(noise, random: context.random)
            latent = DDIM.step(latent, white, from: rung.start, to: rung.end)
            latents.append(latent)
        }
        var path = InvertedTrajectory(
            context.inversion, levels: context.levels, latents: latents, prompt: prompt)
        if context.inversion == .negativePrompt { path.negatives = latents.dropFirst().map { _ in prompt } }
        return path
    }

    private func whole(_ context: EditContext) -> [Rung] {
        (1..<(context.startStep + 1)).map { k in
            Rung(
                start: context.levels[k - 1], end: context.levels[k], timestep: context.levels[k].timestep)
        }
    }

    /// Steps 2…K-1, from ᾱ[t_k - 1] to ᾱ[t_k + Δ - 1].
    private func trimmed(_ context: EditContext) -> [Rung] {
        let alphaBars = context.session.schedule.alphaBars
        return (2..<context.startStep).map { k in
            let timestep = context.levels[k].timestep
            let step = timestep - context.levels[k - 1].timestep
            let end = min(timestep + step, alphaBars.count) - 1
            return Rung(
                start: NoiseLevel(index: k, timestep: timestep - 1, alphaBar: alphaBars[timestep - 1]),
                end: NoiseLevel(index: k + 1, timestep: end, alphaBar: alphaBars[end]), timestep: timestep)
        }
    }
}
