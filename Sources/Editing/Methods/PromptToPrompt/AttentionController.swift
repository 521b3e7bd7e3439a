public import Diffusion
public import Networks
public import Tensors

/// Prompt-to-Prompt's hold on the target row: whose attention it uses at which step.
///
/// Hertz et al. 2022. The source row is only listened to; every change happens in the target row, and only where the
/// network sees the prompts themselves, never in the rows that guidance leads away from.
public struct AttentionController {
    /// Which source columns become which target columns (M).
    public var mapper: TokenMapper
    /// How much of the mapped columns is taken (α), by step and target token.
    public var schedule: AttentionSchedule
    /// What mapped columns are multiplied by (c), [L]; nil for ones.
    public var weights: Tensor?
    /// The steps whose maps of the image's own tokens come from the source, counted from the noisiest.
    public var ownSteps: Range<Int>
    /// The maps over the prompt that are taken over.
    public let promptMaps: [Site]
    /// Queries and keys of the image's own attention that are taken over: together they are its map.
    ///
    /// softmax(Q·Kᵀ/√d) of the source with the values of the target is what the paper does; handing over Q and K needs
    /// no map of N × N entries.
    public let ownSites: [Site]

    /// A controller for a network.
    ///
    /// - `sites`: the network's.
    /// - `ownScale`: own attention is taken over in layers at least so many times coarser than the latent.
    public init(
        mapper: TokenMapper, schedule: AttentionSchedule, weights: Tensor? = nil, ownSteps: Range<Int>,
        sites: [Site], ownScale: Int
    ) {
        self.mapper = mapper
        self.schedule = schedule
        self.weights = weights
        self.ownSteps = ownSteps
        promptMaps = sites.filter(\.isCrossAttentionMap)
        ownSites = sites.filter {
            $0.attention == .selfAttention && ($0.value == .query || $0.value == .key) && $0.scale >= ownScale
        }
    }

    /// The target's map of a step from both rows' own: α·c·E(S, T) + (1 - α)·T, [1, heads, N, L].
    public func edited(_ source: Tensor, _ target: Tensor, at step: Int) -> Tensor {
        guard schedule.isActive(at: step) else { return target }
        var mapped = mapper.apply(source, target)
        if let weights { mapped = mapped * weights.like(target) }
        let alpha = schedule.row(step).like(target)
        return mapped * alpha + target * (1 - alpha)
    }

    /// What both rows want of a step's pass, and where it leaves what was seen.
    ///
    /// - `watched`: maps over the prompt that somebody reads afterwards.
    public func step(_ step: Int, watching watched: some Sequence<Site> = []) -> ControlledStep {
        let taken = schedule.isActive(at: step) ? promptMaps : []
        let own = ownSteps.contains(step) ? ownSites : []
        let source = Recording(Set(taken).union(own).union(watched))
        let target = Recording(Set(watched))
        var plan = Plan.recording(into: target)
        if !taken.isEmpty {
            plan = plan.then(.editing(taken) { site, map in edited(source[site], map, at: step) })
        }
        if !own.isEmpty { plan = plan.then(.replaying(source, at: Set(own))) }
        return ControlledStep(
            source: .recording(into: source), target: plan,
            maps: { site in (source[site], edited(source[site], target[site], at: step)) })
    }
}

/// The plans of one step's two prompted rows; the source's must come first.
public struct ControlledStep {
    /// Listens to the source row.
    public let source: Plan
    /// Changes the target row.
    public let target: Plan
    /// After the pass: both rows' maps at a watched site, the target's as it was used.
    public let maps: (Site) -> (source: Tensor, target: Tensor)
}

/// A source and a target that are sampled side by side through one network.
public struct PairSampling {
    /// Where predictions come from.
    public let session: DiffusionSession
    /// What the source row sees.
    public let source: Conditioning
    /// What the target row sees.
    public let target: Conditioning
    /// Guidance scale (w).
    public let guidance: Double

    /// A pair of rows.
    public init(session: DiffusionSession, source: Conditioning, target: Conditioning, guidance: Double) {
        self.session = session
        self.source = source
        self.target = target
        self.guidance = guidance
    }

    /// The guided noise of both rows at a level.
    ///
    /// Costs 4 forwards; 2 at guidance 1, and 3 where guidance leads away from the source prompt itself, because then
    /// the source row's two estimates are one.
    public func noises(
        in latents: (source: Tensor, target: Tensor), at level: NoiseLevel, negative: Conditioning,
        _ step: ControlledStep
    ) throws -> (source: Tensor, target: Tensor) {
        let away = Guidance(awayFrom: negative, scale: guidance)
        let noises = try session.predict([
            Query(latents.source, at: level, prompt: source, guidance: away, plan: step.source),
            Query(latents.target, at: level, prompt: target, guidance: away, plan: step.target),
        ])
        return (noises[0], noises[1])
    }
}
