import Diffusion
import Layers
import Tensors

/// Null-text inversion: for every step, an empty prompt is learnt that keeps the guided way back on the stored path.
///
/// Mokady, Hertz, Aberman, Pritch and Cohen-Or, "Null-text Inversion for Editing Real Images using Guided Diffusion
/// Models", CVPR 2023. From the noisiest level down, a few Adam steps on the empty prompt's embedding alone; the
/// embedding goes on to the next step, the optimiser begins anew. Draws no noise.
///
/// Cost at guidance other than 1: K forwards up; then per step 1 for the source prompt, n forwards and n backwards for
/// the n ≤ N Adam steps, and 2 to walk on: 4K + Σn forwards, Σn backwards. At guidance 1 the empty prompt has no say,
/// and nothing is learnt: K forwards.
struct NullTextInversion: Inversion {
    static let iterations = TypedOption<Int>(
        "iterations", in: 0...1000, 10, presets: [.fast: 3], symbol: "N", help: "Adam steps per level at most"
    )
    static let learningRate = TypedOption<Double>(
        "learning-rate", in: 0...10, 0.01,
        help: "at the noisiest level; less by a hundredth of it for each level below")
    static let stop = TypedOption<Double>(
        "stop", in: -1...1e9, 1e-5, symbol: "ε",
        help: "error at which the noisiest level is done; 2e-5 more for each level below")
    static let leastRate = TypedOption<Double>(
        "least-rate", in: 0...1, 0.01, presets: [.official: 0],
        help: "share of the rate below which it never falls; zero is reached after a hundred levels")

    static let description = InversionDescription(
        kind: .nullText, title: "Null-text inversion",
        summary:
            "Learns an empty prompt for every step, so that the guided way back follows the stored path.",
        paper: "Mokady et al., Null-text Inversion for Editing Real Images using Guided Diffusion Models, "
            + "CVPR 2023, arXiv 2211.09794",
        year: 2023, cost: "4K F + at most N·K (F + B)",
        options: [iterations.description, learningRate.description, stop.description, leastRate.description])

    let iterations: Int
    let learningRate: Double
    let stop: Double
    let leastRate: Double
    private let options: Options

    init(_ options: Options) {
        self.options = options
        iterations = options[Self.iterations]
        learningRate = options[Self.learningRate]
        stop = options[Self.stop]
        leastRate = options[Self.leastRate]
    }

    func path(of inversion: InversionContext) throws -> InvertedTrajectory {
        var path = inversion.path(.nullText, try inversion.invert())
        inversion.warnOfNegative(.nullText)
        guard inversion.startStep > 0 else { return path }
        guard inversion.guidance != 1 else {
            path.negatives = path.latents.dropFirst().map { _ in inversion.empty }
            return path
        }
        let learnt = try inversion.kept(
            "null-text", of: [inversion.prompt, inversion.empty], numbers: [inversion.guidance],
            options: options,
            shapes: ["negatives": inversion.stackedShape(of: inversion.empty.embedding)]
        ) { ["negatives": .stacked(try embeddings(along: path, of: inversion))] }
        path.negatives = learnt.steps("negatives").map { Conditioning(embedding: $0) }
        return path
    }

    /// The embeddings u_1…u_K, cleanest level first.
    private func embeddings(along path: InvertedTrajectory, of inversion: InversionContext) throws -> [Tensor]
    {
        let (session, levels) = (inversion.session, inversion.levels)
        let wanted = inversion.empty.embedding.dtype
        var embedding = Self.start(from: inversion.empty)
        var latent = path.start
        var learnt: [Tensor] = []
        for k in session.steps("learning the empty prompt", (1...inversion.startStep).reversed()) {
            embedding = try next(
                after: embedding, latent: latent, target: path.latents[k - 1], level: k, of: inversion)
            learnt.append(embedding.to(dtype: wanted).copied)
            // As the method will sample, in one pass of two rows, so that both see the same latents.
            let noise = try session.noise(
                in: latent, at: levels[k], prompt: inversion.prompt,
                negative: Conditioning(embedding: learnt[inversion.startStep - k]),
                scale: inversion.guidance)
            latent = DDIM.step(latent, noise, from: levels[k], to: levels[k - 1])
        }
        return learnt.reversed()
    }

    /// The embedding learnt at a level from that of the level above, [1, L, D]: a few Adam steps towards `target`, the
    /// latent below.
    func next(
        after embedding: Tensor, latent: Tensor, target: Tensor, level k: Int, of inversion: InversionContext
    ) throws -> Tensor {
        let index = inversion.startStep - k
        let prompted = try inversion.session.predict([
            Query(latent, at: inversion.levels[k], prompt: inversion.prompt)
        ])[0]
        let leaf = embedding.copied.requiringGradient
        let adam = AdamW(parameters: [leaf], weightDecay: 0)
        for _ in 0..<iterations {
            let (loss, gradient) = try slope(
                at: leaf, latent: latent, prompted: prompted, target: target, level: k, of: inversion)
            adam.step(gradients: [gradient], learningRate: rate(index))
            // The loss is that before the update; the update counts all the same.
            if loss < stop + 2e-5 * Double(index) { break }
        }
        return leaf.detached
    }

    /// An embedding as it is learnt: in float32 even where the network computes in less, since such small steps would
    /// vanish.
    static func start(from prompt: Conditioning) -> Tensor {
        let embedding = prompt.embedding
        return embedding.to(dtype: embedding.dtype == .float64 ? .float64 : .float32)
    }

    /// How fast to learn at a step counted from the noisiest: by the published rule, which says 100 whatever K is.
    ///
    /// It would turn negative after a hundred steps, which the published code's optimiser refuses: it never falls below
    /// a hundredth, and with `official` it ends at zero, so that later levels take over what was learnt.
    func rate(_ index: Int) -> Double { learningRate * max(1 - Double(index) / 100, leastRate) }

    /// The mean squared distance of a guided step from the stored path, and its slope in the embedding.
    func slope(
        at leaf: Tensor, latent: Tensor, prompted: Tensor, target: Tensor, level k: Int,
        of inversion: InversionContext
    ) throws -> (loss: Double, gradient: Tensor) {
        let (session, levels) = (inversion.session, inversion.levels)
        let loss = try withGradients {
            let null = Conditioning(embedding: leaf.to(dtype: inversion.empty.embedding.dtype))
            let unprompted = try session.predict([Query(latent, at: levels[k], prompt: null)])[0]
            let noise = classifierFreeGuidance(
                unconditional: unprompted, conditional: prompted, scale: inversion.guidance)
            return (DDIM.step(latent, noise, from: levels[k], to: levels[k - 1]) - target).squared.mean
        }
        let gradient = try session.gradients(of: loss, withRespectTo: [leaf], rows: 1)[0]
        return (loss.item, gradient)
    }
}
