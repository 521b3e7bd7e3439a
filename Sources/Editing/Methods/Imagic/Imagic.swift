import Diffusion
import Layers
import Support
import Tensors

/// Imagic: learns an embedding near that of the target prompt which makes the image, then tunes the UNet until it makes
/// it exactly, and paints what lies between the two embeddings.
///
/// Kawar et al., "Imagic: Text-Based Real Image Editing with Diffusion Models", CVPR 2023, arXiv 2210.09276; the numbers
/// are those that it gives for Stable Diffusion. No source prompt is needed. Three stages: e ← the target prompt's
/// embedding, moved down the denoising loss; θ, moved down the same loss under e; then e_η = η·e_tgt + (1-η)·e, fresh
/// noise, and DDIM with the tuned UNet. With a mask, what must stay is put back at every level, as in SDEdit.
///
/// Draws one noise of the latent's shape; the tuning draws from a seed of its own. Cost: M₁ + M₂ forwards and backwards,
/// none where the same image and prompt were tuned before; then 2N forwards.
public struct Imagic: TuningMethod {
    static let eta = TypedOption<Double>(
        "eta", in: 0...3, 0.7, symbol: "η",
        help: "how far the painted embedding lies from the picture's (0) towards the prompt's (1)")
    static let embeddingSteps = TypedOption<Int>(
        "embedding-steps", in: 0...100_000, 1000, presets: [.official: 500, .fast: 100],
        help: "Adam steps on the embedding")
    static let embeddingRate = TypedOption<Double>(
        "embedding-rate", in: 0...1, 2e-3, presets: [.official: 1e-3, .fast: 5e-3],
        help: "learning rate of the embedding")
    static let modelSteps = TypedOption<Int>(
        "model-steps", in: 0...100_000, 1500, presets: [.official: 1000, .fast: 150],
        help: "Adam steps on the UNet")
    static let modelRate = TypedOption<Double>(
        "model-rate", in: 0...1, 5e-7, presets: [.official: 2e-6, .fast: 1e-3],
        help: "learning rate of the UNet; adapters want about 1e-4")
    static let trainable = TypedOption<Trainable>(
        "trainable", .full, presets: [.fast: .lora],
        help: "what of the UNet is tuned; lora takes least memory")
    static let rank = TypedOption<Int>("rank", in: 1...128, 4, symbol: "r", help: "rank of the adapters")
    static let tuningSeed = TypedOption<Int>(
        "tuning-seed", in: 0...Int(Int32.max), 0,
        help: "what the noise and timesteps of the tuning follow from")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "imagic", title: "Imagic",
        summary:
            "Learns an embedding of this picture and tunes the model to it, then paints between that and the prompt.",
        paper:
            "Kawar et al., Imagic: Text-Based Real Image Editing with Diffusion Models, CVPR 2023, arXiv 2210.09276",
        year: 2023, needs: .init(tuning: true, gradients: true),
        standard: .init(steps: 50, guidance: 7.5, strength: nil),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: nil)],
        conditions: [.init([rank.setting], when: trainable.is(.lora))],
        options: [
            eta.description, embeddingSteps.description, embeddingRate.description, modelSteps.description,
            modelRate.description, trainable.description, rank.description, tuningSeed.description,
        ])

    static let tuningOptions = [
        embeddingSteps.description, embeddingRate.description, modelSteps.description,
        modelRate.description, trainable.description, rank.description, tuningSeed.description,
    ]
    static let tunesToPrompt = true

    private let eta: Double
    private let embeddingSteps: Int
    private let embeddingRate: Double
    private let modelSteps: Int
    private let modelRate: Double
    private let trainable: Trainable
    private let rank: Int
    private let seed: UInt64

    /// The method with its options.
    public init(_ options: Options) {
        eta = options[Self.eta]
        embeddingSteps = options[Self.embeddingSteps]
        embeddingRate = options[Self.embeddingRate]
        modelSteps = options[Self.modelSteps]
        modelRate = options[Self.modelRate]
        trainable = options[Self.trainable]
        rank = options[Self.rank]
        seed = UInt64(options[Self.tuningSeed])
    }

    func tune(_ context: EditContext) throws -> [(stage: String, tuned: Tuned)] {
        let embedding = try embedding(context)
        let weights = try weights(context, try base(context), under: embedding["embedding"])
        return [(Self.embeddingStage, embedding)] + (weights.map { [(Self.weightsStage, $0)] } ?? [])
    }

    private func base(_ context: EditContext) throws(EditingError) -> any TunableModel {
        guard let base = context.session.model as? any TunableModel else {
            throw .notTunable(method: Self.description.title)
        }
        return base
    }

    private static let embeddingStage = "imagic embedding"
    private static let weightsStage = "imagic weights"

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let base = try base(context)
        let embedding = try self.embedding(context)
        let optimised = embedding["embedding"]  // e_opt
        let weights = try self.weights(context, base, under: optimised)
        var trace = ["optimised_embedding": optimised, "embedding_losses": embedding["losses"]]
        trace["model_losses"] = weights?["losses"]
        var session = context.session
        if let weights {
            session = DiffusionSession(
                continuing: session, with: try TunableWeights.model(of: base, weights))
        }
        let target = context.prompt.embedding
        return try context.painted(
            under: Conditioning(
                embedding: target * eta + optimised * (1 - eta), pooled: context.prompt.pooled),
            in: session, trace: trace)
    }

    /// Stage 1: e_opt, [1, L, D], from the target prompt's embedding.
    private func embedding(_ context: EditContext) throws -> Tuned {
        try context.learnt(
            Self.embeddingStage, as: "embedding", from: context.prompt.embedding, of: context.prompt,
            settings: ["seed": "\(seed)"],
            by: Tuning(
                "learning the embedding", steps: embeddingSteps, learningRate: embeddingRate,
                seed: 2 * seed, of: context)
        ) { Conditioning(embedding: $0, pooled: context.prompt.pooled) }
    }

    /// Stage 2: the UNet's weights, or adapters beside them, under e_opt; nil for no steps.
    private func weights(
        _ context: EditContext, _ base: any TunableModel, under optimised: Tensor
    ) throws -> Tuned? {
        guard modelSteps > 0 else { return nil }
        let conditioning = Conditioning(embedding: optimised, pooled: context.prompt.pooled)
        return try context.tuned(
            Self.weightsStage, of: [conditioning],
            settings: [
                "steps": "\(modelSteps)", "rate": "\(modelRate)", "seed": "\(seed)",
                "trainable": trainable.rawValue, "rank": trainable == .lora ? "\(rank)" : "",
            ],
            shapes: try TunableWeights.shapes(trainable, of: base, rank: rank), steps: modelSteps,
            lighter: trainable == .lora
                ? nil : "tune adapters (\(Setting.message(Self.trainable.name, Trainable.lora.rawValue)))"
        ) { checkpoints in
            let weights = try TunableWeights(trainable, of: base, rank: rank, seed: seed)
            let tuning = Tuning(
                "tuning the model", steps: modelSteps, learningRate: modelRate, seed: 2 * seed + 1,
                of: context, checkpoints: checkpoints)
            let losses = try tuning.run(
                weights.parameters(weightDecay: 0),
                in: DiffusionSession(continuing: context.session, with: weights.model)
            ) { conditioning }
            return (weights.values, losses)
        }
    }
}
