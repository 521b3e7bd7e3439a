import Diffusion
import Imaging
import Layers
import Networks
import Tensors

/// SINE: tunes the model to the one picture and lets the tuned and the untouched model guide the same noise together.
///
/// Zhang, Han, Ghosh, Metaxas and Ren, "SINE: SINgle Image Editing with Text-to-Image Diffusion Models", CVPR 2023,
/// arXiv 2212.04489. Above timestep K the conditional estimate is v·ε_θ(z, c) +
/// (1-v)·ε̂(z, ĉ), where ε̂ is the model that was tuned to the picture under the text ĉ and c is the prompt; below it
/// ε_θ(z, c) alone. The unconditional estimate is the untouched model's everywhere. With patches the tuning sees random parts
/// of the picture and is told where they lie, and the tuned model paints at sizes above its own. With a mask, what must stay is put
/// back at every level, as in SDEdit.
///
/// Draws one noise of the latent's shape; the tuning draws from a seed of its own. Cost: M forwards and backwards for M
/// tuning steps, none where the same picture and text were tuned before or the tuned model has no say; then 2N forwards and
/// one for each level above K.
public struct SINE: EditingMethod {
    /// What of the UNet is tuned.
    enum Choice: String, OptionChoice {
        /// All of it, or adapters where that would not fit: on a CPU, of more than 100 million numbers.
        case auto
        case full, attention, lora
    }

    static let subject = TypedOption<String>(
        "subject", symbol: "ĉ",
        help:
            "the text that the tuned model knows the picture by, such as \"photo of a sks dog\"; where empty, the "
            + "source prompt")
    static let weight = TypedOption<Double>(
        "weight", in: 0...1, 0.7, presets: [.official: 0.4, .fast: 0.5], symbol: "v",
        help: "what the untouched model counts under the prompt; the tuned one counts the rest")
    static let until = TypedOption<Int>(
        "until", in: 0...1000, 400, presets: [.official: 500, .fast: 500], symbol: "K",
        help: "the timestep above which the tuned model has a say")
    static let tuningSteps = TypedOption<Int>(
        "tuning-steps", in: 0...100_000, 800, presets: [.fast: 400], help: "Adam steps on the UNet")
    static let learningRate = TypedOption<Double>(
        "learning-rate", in: 0...1, 0, presets: [.fast: 1e-3],
        help: "their learning rate; 0 for 1e-6 on weights and 1e-4 on adapters")
    static let trainable = TypedOption<Choice>(
        "trainable", .auto, presets: [.fast: .lora],
        help: "what of the UNet is tuned; auto takes adapters where all of it would not fit")
    static let rank = TypedOption<Int>(
        "rank", in: 1...128, 4, presets: [.fast: 8], symbol: "r", help: "rank of the adapters")
    static let patches = TypedOption<Bool>(
        "patches", false,
        help:
            "whether random parts of the picture are learnt, with where they lie; for sizes above the model's own"
    )
    static let tuningSeed = TypedOption<Int>(
        "tuning-seed", in: 0...Int(Int32.max), 0,
        help: "what the noise and timesteps of the tuning follow from")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "sine", title: "SINE",
        summary:
            "Tunes the model to this picture, and lets the tuned model lead the large shapes and the untouched one the prompt.",
        paper:
            "Zhang et al., SINE: SINgle Image Editing with Text-to-Image Diffusion Models, CVPR 2023, arXiv 2212.04489",
        year: 2023, needs: .init(source: .required, tuning: true, gradients: true),
        standard: .init(steps: 100, guidance: 7.5, strength: nil),
        presets: [
            .official: .init(steps: 100, guidance: 10, strength: nil),
            .fast: .init(steps: 20, guidance: 5, strength: nil),
        ],
        conditions: [
            .init([.source], when: subject.is("")),
            .init([rank.setting], when: trainable.is(.auto, .lora)),
            .init(
                [
                    tuningSteps.setting, learningRate.setting, trainable.setting, rank.setting,
                    patches.setting, tuningSeed.setting, subject.setting, until.setting, .source,
                ], when: weight.isNot(1)),
        ],
        options: [
            subject.description, weight.description, until.description, tuningSteps.description,
            learningRate.description, trainable.description, rank.description, patches.description,
            tuningSeed.description,
        ])

    /// The most numbers of a UNet that are all tuned on a CPU where nothing else is said.
    private static let mostOnCPU = 100_000_000
    private static let weightDecay = 0.01

    private let subject: String
    private let weight: Double
    private let until: Int
    private let tuningSteps: Int
    private let learningRate: Double
    private let trainable: Choice
    private let rank: Int
    private let usesPatches: Bool
    private let seed: UInt64

    /// The method with its options.
    public init(_ options: Options) {
        subject = options[Self.subject]
        weight = options[Self.weight]
        until = options[Self.until]
        tuningSteps = options[Self.tuningSteps]
        learningRate = options[Self.learningRate]
        trainable = options[Self.trainable]
        rank = options[Self.rank]
        usesPatches = options[Self.patches]
        seed = UInt64(options[Self.tuningSeed])
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        guard let base = context.session.model as? any TunableModel else {
            throw EditingError.notTunable(method: Self.description.title)
        }
        guard
            let known = try subject.isEmpty ? context.source : context.session.prompt(subject, as: "subject")
        else { throw EditingError.missing(.source(), method: Self.description.name) }
        guard context.levels[1...context.startStep].contains(where: isJoint) else {
            return try context.painted(under: context.prompt, trace: [:])
        }
        var (own, trace) = (context.session, [String: Tensor]())
        let patches = try usesPatches ? self.patches(of: context, base) : nil
        if let weights = try weights(context, base, under: known, patches) {
            trace["tuning_losses"] = weights["losses"]
            own = DiffusionSession(continuing: own, with: try TunableWeights.model(of: base, weights))
        }
        // Keys and values of its own: the tuned network makes others of the same text.
        let personal = Conditioning(embedding: known.embedding, pooled: known.pooled)
        let plan = patches.map { Plan.adding(positions: $0.whole(like: context.clean)) } ?? .none
        return try context.painted(trace: trace) { latent, level in
            let query = Query(latent, at: level, prompt: context.prompt, guidance: context.away())
            var halves = try context.session.halves([query])[0]
            if isJoint(level) {
                let tuned = try own.predict([Query(latent, at: level, prompt: personal, plan: plan)])[0]
                halves.conditional = halves.conditional * weight + tuned * (1 - weight)
            }
            return halves.guided(scale: context.guidance)
        }
    }

    /// The parts of the photo that are learnt.
    private func patches(of context: EditContext, _ base: any TunableModel) throws -> PicturePatches {
        let channels = base.unetConfiguration.blockOutChannels[0]
        guard channels % 4 == 0 else {
            throw EditingError.badValue(
                name: Self.patches.name, value: "true",
                expected:
                    "false for a network whose first convolution has \(channels) channels, no multiple of 4")
        }
        return PicturePatches(
            of: try context.photo ?? context.session.decode(context.clean), for: base.facts,
            channels: channels, seed: seed)
    }

    /// Whether the tuned model has a say at a level.
    private func isJoint(_ level: NoiseLevel) -> Bool { weight < 1 && level.timestep > until }

    /// The UNet's weights, or adapters beside them, tuned to the picture under ĉ; nil for no steps.
    private func weights(
        _ context: EditContext, _ base: any TunableModel, under known: Conditioning,
        _ patches: PicturePatches?
    ) throws -> Tuned? {
        guard tuningSteps > 0 else { return nil }
        let trainable = try chosen(for: base)
        let rate = learningRate > 0 ? learningRate : trainable == .lora ? 1e-4 : 1e-6
        return try context.tuned(
            "sine", of: [known],
            settings: [
                "steps": "\(tuningSteps)", "rate": "\(rate)", "seed": "\(seed)",
                "trainable": trainable.rawValue, "rank": trainable == .lora ? "\(rank)" : "",
                "patches": "\(patches != nil)",
            ],
            shapes: try TunableWeights.shapes(trainable, of: base, rank: rank), steps: tuningSteps
        ) { checkpoints in
            let weights = try TunableWeights(trainable, of: base, rank: rank, seed: seed)
            let losses = try losses(
                of: weights.parameters(weightDecay: Self.weightDecay),
                in: DiffusionSession(continuing: context.session, with: weights.model), rate: rate,
                under: known,
                context, patches, checkpoints)
            return (weights.values, losses)
        }
    }

    /// Runs the optimiser on the denoising loss of the picture, or of patches of it.
    private func losses(
        of parameters: ParameterSet, in session: DiffusionSession, rate: Double, under known: Conditioning,
        _ context: EditContext, _ patches: PicturePatches?, _ checkpoints: Checkpoints?
    ) throws -> [Float] {
        let prompt = Conditioning(embedding: known.embedding, pooled: known.pooled)
        let draws = TuningDraws(seed: seed, timesteps: session.schedule.trainingSteps)
        return try TuningLoop(
            stage: "tuning the model", steps: tuningSteps, learningRate: rate, checkpoints: checkpoints
        ).run(parameters, in: session) { step in
            let patch = try patches?.draw(step, in: context.session)
            let clean = patch?.latent ?? context.clean
            let (noise, timestep) = draws.draw(step, like: clean)
            return try session.denoisingLoss(
                of: clean, noise: noise, timestep: timestep, prompt: prompt,
                plan: patch.map { .adding(positions: $0.positions) } ?? .none)
        }
    }

    /// What is tuned of a model.
    private func chosen(for base: any TunableModel) throws -> Trainable {
        switch trainable {
        case .full: return .full
        case .attention: return .attention
        case .lora: return .lora
        case .auto:
            guard base.device == .cpu else { return .full }
            let count = try base.unetTensors().reduce(0) { $0 + $1.tensor.count }
            return count > Self.mostOnCPU ? .lora : .full
        }
    }
}
