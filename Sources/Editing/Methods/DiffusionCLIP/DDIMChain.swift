public import Diffusion
public import Tensors

/// A chain of deterministic DDIM moves through levels, and its gradients, accumulated step by step.
///
/// Each move asks the network at the level that it starts from, z_s = A·z_t + B·ε(z_t, t), on the way up too.
public struct DDIMChain {
    /// The levels, one more than there are moves.
    public let levels: [NoiseLevel]
    /// What the progress calls it.
    public let stage: String

    /// What the network sees in latents at a level: the noise in each.
    public typealias Predictor = (_ latents: [Tensor], _ level: NoiseLevel) throws -> [Tensor]

    /// A chain.
    public init(_ levels: [NoiseLevel], stage: String) {
        self.levels = levels
        self.stage = stage
    }

    /// Moves (S): what one latent costs in forward passes.
    public var moves: Int { levels.count - 1 }

    /// Where a move leads a latent with some noise in it.
    func end(of move: Int, _ latent: Tensor, _ noise: Tensor) -> Tensor {
        DDIM.step(latent, noise, from: levels[move], to: levels[move + 1])
    }

    /// Where latents end that begin at the first level.
    public func callAsFunction(
        _ latents: [Tensor], in session: DiffusionSession, _ predict: Predictor
    ) throws -> [Tensor] {
        var latents = latents
        for move in session.steps(stage, 0..<moves) {
            latents = zip(latents, try predict(latents, levels[move])).map { end(of: move, $0, $1) }
        }
        return latents
    }

    /// The gradients of a loss over where one latent ends, by parameters that the predictor depends on.
    ///
    /// Forward without a graph, keeping the latents of all levels; then backward over one move at a time, which asks the
    /// network again: ∂L/∂θ += (∂ε/∂θ)ᵀ·B·g and g ← A·g + (∂ε/∂z)ᵀ·B·g. That is the gradient of the whole chain at the
    /// memory of one pass. Costs 2·S forwards and S backwards.
    /// - Parameter loss: of the last latent; called with gradients on.
    /// - Returns: the loss's value, its gradients in the order of the parameters and by the first latent, and the last one.
    public func gradients(
        from latent: Tensor, withRespectTo parameters: [Tensor], in session: DiffusionSession,
        predicting predict: Predictor, of loss: (Tensor) throws -> Tensor
    ) throws -> (loss: Double, gradients: [Tensor], start: Tensor, end: Tensor) {
        var states = [latent.detached]
        try withoutGradients {
            for move in 0..<moves {
                let noise = try predict([states[move]], levels[move])[0]
                states.append(end(of: move, states[move], noise))
            }
        }
        let last = states[moves].requiringGradient
        let value = try withGradients { try loss(last) }
        var slope = try session.gradients(of: value, withRespectTo: [last], rows: 0)[0]
        var sums: [Tensor]?
        for move in (0..<moves).reversed() {
            let (kept, added) = DDIM.coefficients(from: levels[move], to: levels[move + 1])
            let state = states[move].requiringGradient
            let product = try withGradients {
                (try predict([state], levels[move])[0] * (slope * added)).sum
            }
            let found = try session.gradients(of: product, withRespectTo: parameters + [state], rows: 1)
            sums = sums.map { zip($0, found).map { $0 + $1 } } ?? Array(found.dropLast())
            slope = slope * kept + found[parameters.count]
        }
        return (value.item, sums ?? parameters.map(\.zerosLike), slope, last.detached)
    }
}
