public import Diffusion
public import Tensors

/// Several networks that share one trajectory: ε̄ = Σ γᵢ(t)·εᵢ with weights that add up to 1.
///
/// Because a DDIM move is affine in ε, mixing noises is the same as mixing noises and predicted clean images, as the paper
/// writes it. Networks without weight are not asked, so that a weight of 1 gives what that network alone does, to the bit.
public struct NoiseMixture {
    /// Weights that hold from a timestep on upwards.
    public struct Part: Sendable, Hashable {
        /// The least timestep that they hold at.
        public var from: Int
        /// γ, one for each model.
        public var weights: [Double]

        /// Weights from a timestep on.
        public init(from: Int, weights: [Double]) {
            self.from = from
            self.weights = weights
        }
    }

    /// The networks.
    public let models: [PixelModel]
    /// The weights, for the noisiest timesteps first.
    public let parts: [Part]

    /// One network alone.
    public init(_ model: PixelModel) {
        models = [model]
        parts = [Part(from: 0, weights: [1])]
    }

    /// Networks with weights over time.
    ///
    /// - `parts`: the first whose timestep is reached counts, so they go from noisy to clean, and the last begins at 0.
    /// - Throws: `DiffusionCLIPError.weights` where they are not one for each model, lie below 0 or do not add up to 1,
    ///   or where timesteps do not descend to 0.
    public init(_ models: [PixelModel], parts: [Part]) throws(DiffusionCLIPError) {
        guard let last = parts.last, last.from == 0,
            zip(parts, parts.dropFirst()).allSatisfy({ $0.from > $1.from })
        else {
            throw .weights("their timesteps must descend to 0, not \(parts.map(\.from))")
        }
        for part in parts {
            guard part.weights.count == models.count, part.weights.allSatisfy({ $0 >= 0 }) else {
                throw .weights(
                    "\(part.weights) from timestep \(part.from) are not \(models.count) numbers from 0 on, one for "
                        + "each model")
            }
            let sum = part.weights.reduce(0, +)
            guard abs(sum - 1) < 1e-6 else {
                throw .weights("\(part.weights) from timestep \(part.from) add up to \(sum) and not to 1")
            }
        }
        self.models = models
        self.parts = parts
    }

    /// The degree of a change: ε = r·ε_θ̂ + (1-r)·ε_θ.
    /// - Throws: `DiffusionCLIPError.weights` for r outside of 0…1.
    public static func degree(
        _ degree: Double, of tuned: PixelModel, over base: PixelModel
    ) throws(DiffusionCLIPError) -> NoiseMixture {
        try NoiseMixture([base, tuned], parts: [Part(from: 0, weights: [1 - degree, degree])])
    }

    /// The weights at a timestep.
    public func weights(at timestep: Int) -> [Double] {
        (parts.first { timestep >= $0.from } ?? parts[parts.count - 1]).weights
    }

    /// A predictor whose passes a session counts.
    func predictor(in session: DiffusionSession) -> DDIMChain.Predictor {
        let sessions = models.map { DiffusionSession(continuing: session, with: $0) }
        let nothing = Conditioning.unconditional()
        return { latents, level in
            let queries = latents.map { Query($0, at: level, prompt: nothing) }
            let asked = zip(sessions, weights(at: level.timestep)).filter { $0.1 > 0 }
            let noises = try asked.map { session, weight in
                try session.predict(queries).map { weight == 1 ? $0 : $0 * weight }
            }
            return latents.indices.map { row in
                noises.dropFirst().reduce(noises[0][row]) { $0 + $1[row] }
            }
        }
    }
}
