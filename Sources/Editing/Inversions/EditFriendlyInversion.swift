import Diffusion
import Tensors

/// Edit-friendly DDPM inversion: independently noised latents, and the noise that each step must add to join
/// them.
///
/// Huberman-Spiegelglas, Kulikov and Michaeli, "An Edit Friendly DDPM Noise Space: Inversion and
/// Manipulations", CVPR 2024. x_k = √ᾱ_k·x₀ + √(1-ᾱ_k)·ε_k with fresh ε_k for every level; then, from the
/// noisiest level down, z_k = (x_{k-1} - μ_k)/σ_k, and x_{k-1} is set to μ_k + σ_k·z_k, so that rounding does
/// not add up. The picture itself stays as it is. Edits reuse the z_k, which know the picture's layout.
///
/// The source branch of such a path is its stored latents: a walk at the inversion's own guidance would lead
/// through them, and so methods may guide as they like. Where ᾱ of the clean level is 1 the last step has no
/// noise to add; its z is nought.
///
/// Draws K noises of the latent's shape, for levels 1…K, from a generator of its own. Cost: 2K forwards; K
/// where the source guidance is 1 or the source prompt empty.
struct EditFriendlyInversion: Inversion {
    static let description = InversionDescription(
        kind: .editFriendly, title: "Edit-friendly DDPM inversion",
        summary: "Noises the picture independently at every level and keeps the noise that joins the levels.",
        paper: "Huberman-Spiegelglas, Kulikov, Michaeli, An Edit Friendly DDPM Noise Space: Inversion and "
            + "Manipulations, CVPR 2024, arXiv 2304.06140",
        year: 2024, cost: "2K F", isExact: true,
        options: [
            .init(
                "source-guidance", .number(0...100), .number(3.5), symbol: "g_src",
                help: "guidance towards the source prompt while the noise is read off"),
            .init(
                "last-noise", .flag, .flag(true), presets: [.official: .flag(false)], symbol: "z₁",
                help: "whether the last step adds its noise; the published code leaves it out"),
        ])

    private let options: Options
    private let sourceGuidance: Double
    private let keepsLast: Bool

    init(_ options: Options) {
        self.options = options
        sourceGuidance = options.number("source-guidance")
        keepsLast = options.flag("last-noise")
    }

    func path(of ascent: Ascent) throws -> SourcePath {
        guard ascent.top > 0 else { return ascent.path(.editFriendly, [ascent.clean]) }
        // The seed in two halves, each exact as a number.
        let seed = [Double(ascent.seed >> 32), Double(ascent.seed & 0xffff_ffff)]
        let shape = ascent.stackedShape(of: ascent.clean)
        let found = try ascent.kept(
            "edit-friendly", of: [ascent.prompt, ascent.negative], numbers: seed, options: options,
            shapes: ["latents": shape, "noises": shape]
        ) { try walk(ascent) }
        var path = ascent.path(.editFriendly, [ascent.clean] + found.steps("latents"))
        path.noises = found.steps("noises")
        path.guidance = sourceGuidance
        return path
    }

    private func walk(_ ascent: Ascent) throws -> [String: Tensor] {
        let (clean, levels, studio) = (ascent.clean, ascent.levels, ascent.studio)
        let (random, ddpm) = (RandomGenerator(seed: ascent.seed), DDIM(eta: 1))
        var latents = [clean]
        for k in 1...ascent.top {
            latents.append(DDIM.noised(clean, random.normal(clean.shape).like(clean), to: levels[k]))
        }
        var noises = latents.dropFirst().map(\.zerosLike)
        for k in studio.steps(ascent.stage, (1...ascent.top).reversed()) {
            let noise = try studio.noise(
                in: latents[k], at: levels[k], prompt: ascent.prompt, against: ascent.negative,
                scale: sourceGuidance)
            let (estimate, below) = (Estimate(latents[k], noise: noise, at: levels[k]), levels[k - 1])
            let mean = ddpm.mean(estimate, after: nil, to: below)  // μ_k
            let deviation = ddpm.deviation(from: levels[k], to: below)  // σ_k
            guard deviation > 0, k > 1 || keepsLast else { continue }
            noises[k - 1] = (latents[k - 1] - mean) / deviation
            if k > 1 { latents[k - 1] = ddpm.step(estimate, to: below, noise: noises[k - 1]) }
        }
        return ["latents": .stacked(Array(latents.dropFirst())), "noises": .stacked(noises)]
    }
}
