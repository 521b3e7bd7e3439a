import Diffusion
import Prompts
import Tensors

/// HiPer: learns the last few places of the source prompt's embedding until they stand for the one image, and puts them
/// behind the embedding of the target prompt.
///
/// Han, Yang, Kim and Kwon, "Highly Personalized Text Embedding for Image Manipulation by Stable Diffusion",
/// arXiv 2303.08767. The rows at the end of the embedding are those of padding: nothing else is trained, and the image
/// comes from fresh noise, its layout and objects from what was learnt. With a mask, what must stay is put back at every
/// level, as in SDEdit.
///
/// Draws one noise of the latent's shape; the tuning draws from a seed of its own. Cost: M forwards and backwards for M
/// tuning steps, none where the same image and source prompt were tuned before; then 2N forwards.
public struct HiPer: TuningMethod {
    static let tokens = TypedOption<Int>(
        "tokens", in: 0...64, 5, symbol: "N", help: "how many places at the end of the embedding are learnt")
    static let tuningSteps = TypedOption<Int>(
        "tuning-steps", in: 1...100_000, 1000, presets: [.fast: 200], help: "Adam steps on the embedding")
    static let learningRate = TypedOption<Double>(
        "learning-rate", in: 0...1, 5e-3, help: "Adam's learning rate")
    static let scale = TypedOption<Double>(
        "scale", in: 0...2, 0.8, symbol: "s", help: "what is learnt is multiplied by this in the edit")
    static let tuningSeed = TypedOption<Int>(
        "tuning-seed", in: 0...Int(Int32.max), 0,
        help: "what the noise and timesteps of the tuning follow from")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "hiper", title: "HiPer",
        summary:
            "Learns a few places of the source prompt's embedding that stand for this picture, and paints the new "
            + "prompt with them.",
        paper:
            "Han et al., Highly Personalized Text Embedding for Image Manipulation by Stable Diffusion, 2023, arXiv "
            + "2303.08767",
        year: 2023, needs: .init(source: .required, tuning: true, gradients: true),
        standard: .init(steps: 50, guidance: 7.5, strength: nil),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: nil)],
        conditions: [
            .init(
                [tuningSteps.setting, learningRate.setting, scale.setting, tuningSeed.setting],
                when: tokens.isNot(0))
        ],
        options: [
            tokens.description, tuningSteps.description, learningRate.description, scale.description,
            tuningSeed.description,
        ])

    static let tuningOptions = [
        tokens.description, tuningSteps.description, learningRate.description, tuningSeed.description,
    ]
    static let tunesToPrompt = false

    private let tokens: Int
    private let tuningSteps: Int
    private let learningRate: Double
    private let scale: Double
    private let seed: UInt64

    /// The method with its options.
    public init(_ options: Options) {
        tokens = options[Self.tokens]
        tuningSteps = options[Self.tuningSteps]
        learningRate = options[Self.learningRate]
        scale = options[Self.scale]
        seed = UInt64(options[Self.tuningSeed])
    }

    func tune(_ context: EditContext) throws -> [(stage: String, tuned: Tuned)] {
        let source = try source(context)
        guard tokens > 0 else {
            throw EditingError.badValue(
                name: Self.tokens.name, value: "0", expected: "at least 1 to learn any")
        }
        try check(source)
        return [(Self.stage, try personal(source, context))]
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let source = try source(context)
        guard tokens > 0 else { return try context.painted(under: context.prompt, trace: [:]) }
        try [source, context.prompt].forEach(check)
        let tuned = try personal(source, context)
        let target = Self.replacingTail(of: context.prompt.embedding, by: tuned["personal"] * scale)
        return try context.painted(
            under: Conditioning(embedding: target, pooled: context.prompt.pooled),
            trace: ["personal_embedding": tuned["personal"], "tuning_losses": tuned["losses"]])
    }

    private func source(_ context: EditContext) throws(EditingError) -> Conditioning {
        guard let source = context.source else {
            throw .missing(.source(), method: Self.description.name)
        }
        return source
    }

    /// Refuses a prompt whose words or end reach into the places that are learnt.
    private func check(_ prompt: Conditioning) throws {
        let length = prompt.embedding.shape[1]
        guard tokens <= length else {
            throw EditingError.badValue(
                name: Self.tokens.name, value: "\(tokens)",
                expected: "at most \(length), which this model reads")
        }
        guard let words = prompt.tokens else { return }
        let most = words.ids.count - tokens
        // Its start and its end are tokens too.
        let taken = words.tokens.count + 2
        guard taken <= most else {
            throw EditingError.promptTooLong(prompt: words.text, tokens: taken, most: max(most, 0))
        }
    }

    private static let stage = "hiper"

    /// P, [1, N, D]: what the last N places of the source prompt's embedding became.
    private func personal(_ source: Conditioning, _ context: EditContext) throws -> Tuned {
        let embedding = source.embedding
        let start = embedding.narrowed(1, from: embedding.shape[1] - tokens, count: tokens)
        return try context.learnt(
            Self.stage, as: "personal", from: start, of: source,
            settings: ["tokens": "\(tokens)", "seed": "\(seed)"],
            by: Tuning(
                "learning the embedding", steps: tuningSteps, learningRate: learningRate, seed: seed,
                of: context)
        ) { personal in
            Conditioning(
                embedding: Self.replacingTail(of: embedding, by: personal), pooled: source.pooled)
        }
    }

    /// An embedding [1, L, D] whose last rows are others, [1, N, D].
    static func replacingTail(of embedding: Tensor, by tail: Tensor) -> Tensor {
        .concatenated(
            [embedding.narrowed(1, from: 0, count: embedding.shape[1] - tail.shape[1]), tail], along: 1)
    }
}
