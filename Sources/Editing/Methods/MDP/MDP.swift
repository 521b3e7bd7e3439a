import Diffusion
import Networks
import Tensors

/// MDP: sample under the new prompt, but mix one variable of every step with the image's own path.
///
/// Wang, Zhang, Birsak and Wonka, "MDP: A Generalized Framework for Text-Guided Image Editing by Manipulating the
/// Diffusion Path", TMLR 2024. The variable is the predicted noise (MDP-ε, which the paper recommends), the latent
/// (MDP-x), the condition (MDP-c), the prompt's attention maps (as in Prompt-to-Prompt) or the guidance (MDP-β); how
/// much of the source goes in at which step is the schedule's to say. Both paths are sampled side by side, the source's
/// only where something of it is still to come. With `inversion` direct, the source's noise is that of the inversion;
/// an inversion with a guidance of its own (edit-friendly) is sampled at that one.
///
/// Draws no noise. Cost on N steps, T of them in the window and all of weight 1: N to invert; then noise and latent 2(N
/// - T), and condition 2N. `guidance` takes 2N, and 1 more where the weight lies between 0 and 1; `attention` 2N and 1
/// more in every step of the window. Unless the inversion is direct, noise, latent and attention also sample the source
/// path down to the window's end, for 1 each step where the source prompt is what guidance leads away from, else 2.
/// Guidance of 1, and prompts that are what guidance leads away from, halve the twos; both paths begin with one latent,
/// and share a row of the first step.
public struct MDP: EditingMethod {
    /// What is mixed.
    enum Variable: String, OptionChoice { case noise, latent, condition, attention, guidance }

    static let variable = TypedOption<Variable>(
        "variable", .noise, help: "what is mixed: MDP-ε, MDP-x, MDP-c, Prompt-to-Prompt's maps, MDP-β")
    static let schedule = TypedOption<MDPSchedule.Shape>(
        "schedule", .constant, symbol: "w", help: "how the source's weight falls within the window")
    static let windowStart = TypedOption<Int>(
        "window-start", in: 0...MDPSchedule.countedSteps, 48, presets: [.official: 47], symbol: "t_max",
        help: "steps of 50 that are left when the window begins; lower changes the layout more")
    static let windowLength = TypedOption<Int>(
        "window-length", in: 0...MDPSchedule.countedSteps, 25, presets: [.official: 26], symbol: "T_M",
        help: "steps of 50 that the window lasts; longer keeps more of the picture")
    static let weight = TypedOption<Double>(
        "weight", in: 0...1, 1, symbol: "c", help: "the source's weight where the window begins")
    static let amplify = TypedOption<Double>(
        "amplify", in: 0...4, 1, symbol: "A",
        help: "what the source's noise is multiplied by (variable=noise)")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "mdp", title: "MDP",
        summary:
            "Mixes the noise, latents, prompts or maps of the picture's own path into the new one's steps.",
        paper: "Wang et al., MDP: A Generalized Framework for Text-Guided Image Editing by Manipulating the "
            + "Diffusion Path, TMLR 2024, arXiv 2303.16765",
        year: 2023, needs: .init(source: .optional, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: nil, inversion: .direct),
        presets: [
            .official: .init(steps: 50, guidance: 7.5, strength: nil, inversion: .nullText),
            .fast: .init(steps: 20, guidance: 7.5, strength: nil, inversion: .direct),
        ],
        conditions: [.init([amplify.setting], when: variable.is(.noise))],
        options: [
            variable.description, schedule.description, windowStart.description, windowLength.description,
            weight.description, amplify.description,
        ])

    private let variable: Variable
    private let schedule: MDPSchedule
    private let amplify: Double

    /// The method with its options.
    public init(_ options: Options) {
        variable = options[Self.variable]
        schedule = MDPSchedule(
            shape: options[Self.schedule],
            start: options[Self.windowStart], length: options[Self.windowLength],
            first: options[Self.weight])
        amplify = options[Self.amplify]
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let path = try context.invert()
        let weights = schedule.weights(steps: context.startStep)
        var branches = try Branches(context, path: path, mixing: variable)
        // The source is sampled down to the last step that needs it (i counts from the noisiest).
        let lastMixed = weights.lastIndex { $0 > 0 } ?? -1
        for i in context.session.steps("decoding", weights.indices) {
            let k = context.startStep - i
            try branches.step(from: k, weight: weights[i], amplify: amplify, needsSource: i <= lastMixed)
            branches.edited = EditContext.blend(
                branches.edited, over: path.latents[k - 1], mask: context.mask)
        }
        return EditOutput(
            branches.edited, mask: context.mask, path: path,
            trace: ["source_weights": Tensor(weights.map { Float($0) })])
    }
}

/// Both paths on their way down.
private struct Branches {
    let context: EditContext
    let path: InvertedTrajectory
    let variable: MDP.Variable
    let maps: MapMixing?
    /// The source's latent (xᴬ).
    var source: Tensor
    /// The edited latent (x).
    var edited: Tensor
    /// The condition of the last weight, which most schedules use again.
    private var mixed: (weight: Double, prompt: Conditioning)?

    init(_ context: EditContext, path: InvertedTrajectory, mixing variable: MDP.Variable) throws {
        self.context = context
        self.path = path
        self.variable = variable
        maps = variable == .attention ? try MapMixing(context, source: path.prompt) : nil
        (source, edited) = (path.start, path.start)
    }

    /// One step of both paths.
    mutating func step(from k: Int, weight: Double, amplify: Double, needsSource: Bool) throws {
        let level = context.levels[k]
        let negative = path.negative(at: k, or: context.negative)
        var queries: [Query] = []
        func ask(_ query: Query) -> Int {
            queries.append(query)
            return queries.count - 1
        }
        // What is asked of the source's latent, unless its noise is known already.
        var asked: (source: Int?, edited: Int?, underSource: Int?)
        var sourceNoise: Tensor?
        let recording = weight > 0 ? maps?.recording() : nil
        if needsSource, variable.walksSource {
            let plan = recording.map { Plan.recording(into: $0) } ?? .none
            if path.kind == .direct {
                sourceNoise = knownNoise(from: k)
                if recording != nil { _ = ask(Query(source, at: level, prompt: path.prompt, plan: plan)) }
            } else {
                let guidance = Guidance(awayFrom: negative, scale: path.guidance ?? context.guidance)
                asked.source = ask(
                    Query(source, at: level, prompt: path.prompt, guidance: guidance, plan: plan))
            }
        }
        // What is asked of the edited latent, unless all of it is replaced.
        let away = context.away(from: negative)
        let target = prompt(weight: weight)
        let isReplaced = weight == 1 && (variable == .noise || variable == .latent)
        let plan = recording.flatMap { maps?.plan(from: $0, weight: weight) } ?? .none
        if !isReplaced {
            asked.edited = ask(Query(edited, at: level, prompt: target, guidance: away, plan: plan))
        }
        if variable == .guidance, weight > 0, weight < 1 {
            asked.underSource = ask(Query(edited, at: level, prompt: path.prompt, guidance: away))
        }
        let noises = try context.session.predict(queries)

        if let place = asked.source { sourceNoise = noises[place] }
        var noise = asked.edited.map { noises[$0] }
        if let place = asked.underSource, let own = noise {
            noise = Self.mix(noises[place], own, weight: weight)
        }
        if variable == .noise, weight > 0, let sourceNoise {
            noise = Self.mix(sourceNoise * amplify, noise, weight: weight)
        }
        if let sourceNoise {
            source = path.source(path.step(source, sourceNoise, from: k), reaching: k - 1)
        }
        if let noise { edited = path.step(edited, noise, from: k) }
        if variable == .latent, weight > 0 {
            edited = Self.mix(source, isReplaced ? nil : edited, weight: weight)
        }
    }

    /// The noise that leads from the source's latent exactly to the next one: that of the inversion.
    ///
    /// A step between levels of the same noise adds none of it, so that any would do; then it is zero.
    private func knownNoise(from k: Int) -> Tensor {
        let (kept, added) = DDIM.coefficients(from: context.levels[k], to: context.levels[k - 1])
        guard added != 0 else { return path.latents[k].zerosLike }
        return (path.latents[k - 1] - path.latents[k] * kept) / added
    }

    /// What the edited latent is told to become.
    private mutating func prompt(weight: Double) -> Conditioning {
        guard path.prompt !== context.prompt else { return context.prompt }
        switch variable {
        case .condition, .guidance:
            if weight == 0 { return context.prompt }
            if weight == 1 { return path.prompt }
            guard variable == .condition else { return context.prompt }
            if let mixed, mixed.weight == weight { return mixed.prompt }
            let prompt = context.prompt.mixed(with: path.prompt, share: weight)
            mixed = (weight, prompt)
            return prompt
        case .noise, .latent, .attention: return context.prompt
        }
    }

    /// w of the source's value and 1 - w of the edit's own, which nobody needs where w is 1.
    private static func mix(_ source: Tensor, _ own: Tensor?, weight: Double) -> Tensor {
        guard let own, weight < 1 else { return source }
        return source * weight + own * (1 - weight)
    }
}

extension MDP.Variable {
    /// Whether anything of the source's own latents is mixed in.
    fileprivate var walksSource: Bool {
        switch self {
        case .noise, .latent, .attention: true
        case .condition, .guidance: false
        }
    }
}
