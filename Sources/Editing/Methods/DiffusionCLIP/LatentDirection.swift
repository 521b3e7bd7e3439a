import Diffusion
import Layers
import Perception
import Tensors

/// DiffusionCLIP on a latent diffusion model: its UNet, or adapters beside it, learn to generate from inverted latents what
/// CLIP sees moved from one text towards another.
///
/// What generates and what inverts is conditioned on nothing, without guidance, which would break the inversion. Losses
/// look at decoded images; what they are compared with is what the autoencoder makes of the image, so that its own errors
/// are no part of a change.
struct LatentDirection {
    /// What its stage is called among losses.
    static let name = "diffusionclip"

    /// An image to learn from.
    struct Example {
        /// What the autoencoder makes of it, [1, 3, H, W] in about -1…1.
        let image: Tensor
        /// What it is inverted to, at t₀.
        let start: Tensor
    }

    let base: any TunableModel
    let network: any EmbeddingNetwork
    let direction: DirectionalLoss
    let options: DiffusionCLIPEdit.Learning

    /// A run from one text to another.
    /// - Throws: `DiffusionCLIPError.sameTexts`.
    init(
        _ base: any TunableModel, network: any EmbeddingNetwork, from source: String, to target: String,
        _ options: DiffusionCLIPEdit.Learning
    ) throws {
        self.base = base
        self.network = network
        self.options = options
        direction = try DirectionalLoss(from: source, to: target, in: network)
    }

    /// An image as the run sees it, from its latent x₀ and what that is inverted to.
    func example(_ clean: Tensor, inverted start: Tensor) throws -> Example {
        Example(image: try withoutGradients { try base.image(of: clean) }, start: start)
    }

    /// The latent at t₀ that a latent x₀ is inverted to by the model as it is.
    ///
    /// Costs S_for - 1 forwards.
    static func inverted(
        _ clean: Tensor, _ options: DiffusionCLIPEdit.Learning, in session: DiffusionSession
    ) throws -> Tensor {
        let grid = TimeGrid(steps: options.inversionSteps, top: options.top)
        let chain = DDIMChain(grid.ascending(in: session.schedule), stage: "inverting")
        let nothing = try session.prompt("")
        return try withoutGradients {
            try chain([clean], in: session) { latents, level in
                try session.predict(latents.map { Query($0, at: level, prompt: nothing) })
            }[0]
        }
    }

    /// Takes all steps, an image each and by turns; answers the losses.
    ///
    /// Gradients through the generating steps are accumulated one pass at a time. Cost of a step: 2·S_gen forwards and
    /// S_gen backwards.
    func run(
        on examples: [Example], _ weights: TunableWeights, in session: DiffusionSession,
        _ checkpoints: Checkpoints? = nil
    ) throws -> [Float] {
        let parameters = weights.parameters(weightDecay: 0)
        let loop = TuningLoop(
            stage: "tuning the model", steps: options.steps, learningRate: options.learningRate,
            checkpoints: checkpoints)
        let tuned = DiffusionSession(continuing: session, with: weights.model)
        let grid = TimeGrid(steps: options.generationSteps, top: options.top)
        let chain = DDIMChain(grid.descending(in: session.schedule), stage: "generating")
        let embedding = try session.prompt("").embedding
        return try loop.run(parameters, in: tuned) { step in
            let example = examples[step % examples.count]
            let found = try chain.gradients(
                from: example.start, withRespectTo: parameters.leaves, in: tuned,
                predicting: { latents, level in
                    // Anew in each pass: keys and values are among what is tuned.
                    let nothing = Conditioning(embedding: embedding)
                    return try tuned.predict(latents.map { Query($0, at: level, prompt: nothing) })
                },
                of: { loss(of: try base.image(of: $0), for: example.image) })
            return (found.loss, found.gradients)
        }
    }

    /// λ_clip·L_clip + λ_L1·mean|made - image|.
    func loss(of made: Tensor, for image: Tensor) -> Tensor {
        let apart = (made - image).absolute.mean * options.l1Weight
        guard options.clipWeight > 0 else { return apart }
        return apart + DirectionalLoss.stretched(direction(made, from: image)).mean * options.clipWeight
    }
}
