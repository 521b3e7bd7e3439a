import Diffusion
import Tensors

/// DDIM inversion whose noise estimates are kept close to white noise (Pix2Pix-Zero, section 3.2).
///
/// What moves the latent is then not quite what the network said, so that the way back drifts a little; in
/// return the latent it ends at is more like the noise that the model was trained to begin with.
struct RegularisedInversion {
    /// Which steps are taken.
    enum Walk: String, CaseIterable {
        /// All of them, level by level.
        case whole
        /// Without the first and the last, and one timestep low, as the published code walks: the clean
        /// latent counts as one of level 2.
        case trimmed
    }

    /// One step: where the latent is taken to be, where it goes, what the network is told.
    private struct Rung {
        let start: Level
        let end: Level
        let told: Int
    }

    let regulariser: NoiseRegulariser
    let walk: Walk

    /// Climbs under a prompt, without guidance; one forward a step.
    func climb(_ canvas: Canvas, prompt: Prompt) throws -> SourcePath {
        let trims = walk == .trimmed && canvas.top >= 4
        let rungs = trims ? trimmed(canvas) : whole(canvas)
        // The published code has no latent of levels 1 and 2 but the clean one.
        var latents = Array(repeating: canvas.clean, count: canvas.top + 1 - rungs.count)
        var latent = canvas.clean
        for rung in canvas.studio.steps("inverting", rungs) {
            let noise = try canvas.studio.noise(in: latent, at: rung.start, told: rung.told, prompt: prompt)
            let white = regulariser(noise, random: canvas.random)
            latent = DDIM.move(latent, white, from: rung.start, to: rung.end)
            latents.append(latent)
        }
        var path = SourcePath(canvas.inversion, levels: canvas.levels, latents: latents, prompt: prompt)
        if canvas.inversion == .negativePrompt { path.negatives = latents.dropFirst().map { _ in prompt } }
        return path
    }

    private func whole(_ canvas: Canvas) -> [Rung] {
        (1..<(canvas.top + 1)).map { k in
            Rung(
                start: canvas.levels[k - 1], end: canvas.levels[k], told: canvas.levels[k].timestep)
        }
    }

    /// Steps 2…K-1, from ᾱ[t_k - 1] to ᾱ[t_k + Δ - 1].
    private func trimmed(_ canvas: Canvas) -> [Rung] {
        let alphaBars = canvas.studio.schedule.alphaBars
        return (2..<canvas.top).map { k in
            let told = canvas.levels[k].timestep
            let step = told - canvas.levels[k - 1].timestep
            let end = min(told + step, alphaBars.count) - 1
            return Rung(
                start: Level(index: k, timestep: told - 1, alphaBar: alphaBars[told - 1]),
                end: Level(index: k + 1, timestep: end, alphaBar: alphaBars[end]), told: told)
        }
    }
}
