import Diffusion
import Tensors

/// Fixed-point inversion: every DDIM step solved for the latent from which the sampler would come back.
///
/// The step down from level k evaluates the noise in x_k, which the plain inversion does not have yet and so evaluates
/// in x_{k-1}. Here x_k = c₁·x_{k-1} + c₂·ε(x_k, t_k) is iterated, beginning with x_{k-1} (so the first iterate is the
/// plain inversion's), as in Pan, Gherardi, Xie and Huang, "Effective Real Image Editing with Accelerated Iterative
/// Diffusion Inversion", ICCV 2023, and Garibi et al., "ReNoise", ECCV 2024. It converges where c₂ times the network's
/// Lipschitz constant is below 1, which guidance may spoil.
///
/// `acceleration` = average goes on with the mean of the last two iterates (AIDI-E); `averaging` = n ends with the mean
/// of the last n noise estimates (ReNoise). Draws no noise. Cost: at most K·(n + 1) forwards for n iterations, less
/// where the tolerance is met sooner; twice that with guidance.
struct FixedPointInversion: Inversion {
    enum Acceleration: String, OptionChoice { case none, average }
    enum Against: String, OptionChoice { case empty, source }

    static let iterations = TypedOption<Int>(
        "iterations", in: 0...1000, 5, presets: [.fast: 2], symbol: "n",
        help: "refinements of a step at most; 0 is plain DDIM inversion")
    static let tolerance = TypedOption<Double>(
        "tolerance", in: 0...1, 1e-5, help: "mean change of the latent at which a step is done")
    static let acceleration = TypedOption<Acceleration>(
        "acceleration", .none, help: "average: go on with the mean of the last two iterates (AIDI-E)")
    static let averaging = TypedOption<Int>(
        "averaging", in: 1...1000, 1,
        help: "how many of the last noise estimates the step is made with (ReNoise)")
    static let guidance = TypedOption<Double>(
        "guidance", in: Limits.guidance, 1,
        help: "guidance of the way up; with that of the way back the source returns, if it converges")
    static let against = TypedOption<Against>(
        "against", .empty,
        help:
            "source: guide away from the source prompt on the way back, which then spares the source")

    static let description = InversionDescription(
        kind: .fixedPoint, title: "Fixed-point inversion",
        summary: "Solves every DDIM step for the latent that the sampler would bring back.",
        paper: "Pan et al., Effective Real Image Editing with Accelerated Iterative Diffusion Inversion, "
            + "ICCV 2023, arXiv 2309.04907; averaging: Garibi et al., ReNoise, ECCV 2024, arXiv 2403.14602",
        year: 2023, cost: "at most K·(n + 1) F; twice that with guidance",
        options: [
            iterations.description, tolerance.description, acceleration.description, averaging.description,
            guidance.description, against.description,
        ])

    private let options: Options
    private let iterations: Int
    private let tolerance: Double
    private let acceleration: Acceleration
    private let averaging: Int
    private let guidance: Double
    private let against: Against

    init(_ options: Options) {
        self.options = options
        iterations = options[Self.iterations]
        tolerance = options[Self.tolerance]
        acceleration = options[Self.acceleration]
        averaging = options[Self.averaging]
        guidance = options[Self.guidance]
        against = options[Self.against]
    }

    func path(of inversion: InversionContext) throws -> InvertedTrajectory {
        guard inversion.startStep > 0 else { return inversion.path(.fixedPoint, [inversion.clean]) }
        let found = try inversion.kept(
            "fixed-point", of: guidance == 1 ? [inversion.prompt] : [inversion.prompt, inversion.negative],
            options: options, shapes: ["latents": inversion.stackedShape(of: inversion.clean)]
        ) { ["latents": .stacked(try invert(inversion))] }
        var path = inversion.path(.fixedPoint, [inversion.clean] + found.steps("latents"))
        if against == .source {
            path.negatives = path.latents.dropFirst().map { _ in inversion.prompt }
            inversion.warnOfNegative(.fixedPoint)
        }
        return path
    }

    /// The latents x_1…x_K.
    private func invert(_ inversion: InversionContext) throws -> [Tensor] {
        let levels = inversion.levels
        var latents = [inversion.clean]
        for k in inversion.session.steps(inversion.stage, 1...inversion.startStep) {
            latents.append(try solve(inversion, from: latents[k - 1], level: levels[k - 1], to: levels[k]))
        }
        return Array(latents.dropFirst())
    }

    private func solve(
        _ inversion: InversionContext, from below: Tensor, level: NoiseLevel, to above: NoiseLevel
    ) throws -> Tensor {
        var estimates: [Tensor] = []
        func mapped(_ latent: Tensor, seenAt seen: NoiseLevel) throws -> Tensor {  // g(z)
            let noise = try inversion.session.noise(
                in: latent, at: seen, timestep: above.timestep, prompt: inversion.prompt,
                negative: against == .source ? inversion.prompt : inversion.negative, scale: guidance)
            estimates.append(noise)
            return DDIM.step(below, noise, from: level, to: above)
        }
        // The first guess is the latent of the level below, and a velocity is read as of that level.
        var latest = try mapped(below, seenAt: level)
        var guess = latest
        for _ in 0..<iterations {
            let next = try mapped(guess, seenAt: above)
            let change = (next - guess).absolute.mean.item
            guess = acceleration == .average ? (next + latest) * 0.5 : next
            latest = next
            if change < tolerance { break }
        }
        guard averaging > 1, iterations > 0 else { return guess }
        let last = estimates.suffix(averaging)
        let noise = last.dropFirst().reduce(last[last.startIndex], +) / Double(last.count)
        return DDIM.step(below, noise, from: level, to: above)
    }
}
