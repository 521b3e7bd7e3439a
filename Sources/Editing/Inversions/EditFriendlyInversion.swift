import Diffusion
import Tensors

/// Edit-friendly DDPM inversion: independently noised latents, and the noise that each step must add to join them.
///
/// Huberman-Spiegelglas, Kulikov and Michaeli, "An Edit Friendly DDPM Noise Space: Inversion and Manipulations", CVPR
/// 2024. x_k = √ᾱ_k·x₀ + √(1-ᾱ_k)·ε_k with fresh ε_k for every level; then, from the noisiest level down, z_k =
/// (x_{k-1} - μ_k)/σ_k, and x_{k-1} is set to μ_k + σ_k·z_k, so that rounding does not add up. The image itself stays
/// as it is. Edits reuse the z_k, which know the image's layout.
///
/// The source branch of such a path is its stored latents: sampling at the inversion's own guidance would lead through
/// them, and so methods may guide as they like. Where ᾱ of the clean level is 1 the last step has no noise to add; its
/// z is zero.
///
/// Draws K noises of the latent's shape, for levels 1…K, from a generator of its own. Cost: 2K forwards; K where the
/// source guidance is 1 or the source prompt empty.
struct EditFriendlyInversion: Inversion {
    static let sourceGuidance = TypedOption<Double>(
        "source-guidance", in: Limits.guidance, 3.5, symbol: "g_src",
        help: "guidance towards the source prompt while the noise is read off")
    static let lastNoise = TypedOption<Bool>(
        "last-noise", true, presets: [.official: false], symbol: "z₁",
        help: "whether the last step adds its noise; the published code leaves it out")

    static let description = InversionDescription(
        kind: .editFriendly, title: "Edit-friendly DDPM inversion",
        summary: "Noises the picture independently at every level and keeps the noise that joins the levels.",
        paper: "Huberman-Spiegelglas, Kulikov, Michaeli, An Edit Friendly DDPM Noise Space: Inversion and "
            + "Manipulations, CVPR 2024, arXiv 2304.06140",
        year: 2024, cost: "2K F", isExact: true,
        options: [sourceGuidance.description, lastNoise.description])

    private let options: Options
    private let sourceGuidance: Double
    private let keepsLast: Bool

    init(_ options: Options) {
        self.options = options
        sourceGuidance = options[Self.sourceGuidance]
        keepsLast = options[Self.lastNoise]
    }

    func path(of inversion: InversionContext) throws -> InvertedTrajectory {
        guard inversion.startStep > 0 else { return inversion.path(.editFriendly, [inversion.clean]) }
        // The seed in two halves, each exact as a number.
        let seed = [Double(inversion.seed >> 32), Double(inversion.seed & 0xffff_ffff)]
        let shape = inversion.stackedShape(of: inversion.clean)
        let found = try inversion.kept(
            "edit-friendly", of: [inversion.prompt, inversion.negative], numbers: seed, options: options,
            shapes: ["latents": shape, "noises": shape]
        ) { try walk(inversion) }
        var path = inversion.path(.editFriendly, [inversion.clean] + found.steps("latents"))
        path.noises = found.steps("noises")
        path.guidance = sourceGuidance
        return path
    }

    private func walk(_ inversion: InversionContext) throws -> [String: Tensor] {
        let (clean, levels, session) = (inversion.clean, inversion.levels, inversion.session)
        let (random, ddpm) = (RandomGenerator(seed: inversion.seed), DDIM(eta: 1))
        var latents = [clean]
        for k in 1...inversion.startStep {
            latents.append(DDIM.addNoise(clean, random.normal(clean.shape).like(clean), to: levels[k]))
        }
        var noises = latents.dropFirst().map(\.zerosLike)
        for k in session.steps(inversion.stage, (1...inversion.startStep).reversed()) {
            let noise = try session.noise(
                in: latents[k], at: levels[k], prompt: inversion.prompt, negative: inversion.negative,
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
