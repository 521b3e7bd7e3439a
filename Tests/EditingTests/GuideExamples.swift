import Diffusion
import Tensors

@testable import Editing

/// Fade: sample back under both prompts at once, the new one with a share that grows to 1.
///
/// Draws no noise. Cost: 3k forwards, k = ⌊strength·N⌋, and those of the inversion.
struct Fade: EditingMethod {
    static let from = TypedOption<Double>(
        "from", in: 0...1, 0.5, symbol: "a", help: "the new prompt's share in the noisiest step")

    static let description = MethodDescription(
        name: "fade", title: "Fade", summary: "Fades from one prompt into the other while it paints.",
        paper: "none: an example", year: 2026, needs: .init(source: .required, inversion: true),
        standard: .init(steps: 20, guidance: 5, strength: 0.7, inversion: .ddim),
        options: [from.description])

    private let from: Double

    init(_ options: Options) { from = options[Self.from] }

    func edit(_ context: EditContext) throws -> EditOutput {
        let path = try context.invert()
        let latent = try context.session.sample(
            path.start, from: path.startStep, of: path.levels, by: path.sampler, fresh: path.freshNoise,
            predicting: { latent, level in
                let negative = path.negative(at: level.index, or: context.negative)
                let guidance = Guidance(awayFrom: negative, scale: context.guidance)
                let noises = try context.session.predict(
                    [path.prompt, context.prompt].map {
                        Query(latent, at: level, prompt: $0, guidance: guidance)
                    })
                let way = 1 - Double(level.index) / Double(path.startStep)
                let share = from + (1 - from) * way
                return noises[0] * (1 - share) + noises[1] * share
            },
            each: { EditContext.blend($1, over: path.latents[$0], mask: context.mask) })
        return EditOutput(latent, mask: context.mask, path: path)
    }
}

/// Euler's rule on the probability-flow ODE (Karras and others 2022, algorithm 1 without churn).
struct Euler: Sampler {
    var name: String { "Euler" }

    func mean(_ estimate: Estimate, after previous: Estimate?, to end: NoiseLevel) -> Tensor {
        let start = estimate.level
        let scaled = estimate.latent / start.sqrtAlphaBar  // u = x/√ᾱ, which moves by du = ε·dσ
        return (scaled + estimate.noise * (end.sigma - start.sigma)) * end.sqrtAlphaBar
    }

    func deviation(from start: NoiseLevel, to end: NoiseLevel) -> Double { 0 }

    func drawsNoise(to end: NoiseLevel) -> Bool { false }
}
