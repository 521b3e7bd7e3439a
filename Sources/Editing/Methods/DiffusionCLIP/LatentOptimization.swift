public import Diffusion
import Layers
public import Perception
public import Tensors

/// The baseline that DiffusionCLIP is compared with: the latent at t₀ is moved until the image made of it fits a text, and
/// the model stays as it is.
///
/// Costs 2·S_gen forwards and S_gen backwards a step, and S_gen forwards for the image at the end.
public struct LatentOptimization {
    /// What generates.
    public let editing: DiffusionCLIPEditing
    /// What says how images and texts fit.
    public let network: any EmbeddingNetwork
    /// Adam's learning rate.
    public var learningRate = 2e-2
    /// Steps.
    public var steps = 40
    /// Sentences that the text is put into.
    public var templates = DirectionalLoss.templates

    /// The baseline over a model's generation.
    public init(_ editing: DiffusionCLIPEditing, network: any EmbeddingNetwork) {
        self.editing = editing
        self.network = network
    }

    /// The image [1, 3, H, W] of a latent at t₀ after its optimisation toward a text, and the losses on the way: 1 - cos of
    /// image and text, the global CLIP loss.
    /// - Throws: `EditingError.diverged`, `CancellationError`.
    public func callAsFunction(
        _ latent: Tensor, toward text: String, in session: DiffusionSession
    ) throws -> (image: Tensor, losses: [Double]) {
        let mean = withoutGradients {
            network.embed(templates.map { $0.replacing("{}", with: text) }).mean([0], keeping: true).detached
        }
        let wanted = mean / mean.norm([-1], keeping: true)
        let leaf = latent.detached.copied.requiringGradient
        let parameters = ParameterSet(
            names: ["latent"], working: [leaf], masters: [leaf], weightDecay: 0, averageDecay: nil)
        let chain = editing.generation
        let predict = NoiseMixture(editing.base).predictor(in: session)
        var losses: [Double] = []
        for step in session.steps("optimising the latent", 0..<steps) {
            let found = try chain.gradients(
                from: leaf, withRespectTo: [], in: session, predicting: predict
            ) { 1 - (network.embed(images: $0) * wanted).sum([-1]).mean }
            guard found.loss.isFinite else {
                throw EditingError.diverged(stage: "optimising the latent", step: step + 1)
            }
            parameters.descend(along: [found.start], step: step, learningRate: learningRate)
            losses.append(found.loss)
        }
        return (
            try editing.generate(from: [leaf.detached], by: NoiseMixture(editing.base), in: session)[0],
            losses
        )
    }
}
