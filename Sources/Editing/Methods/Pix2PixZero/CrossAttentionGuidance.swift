import Diffusion
import Networks
import Tensors

/// Keeps the prompt maps of an edit close to those of the unedited image, by gradients to the latent.
///
/// L_xa = Σ over layers of Σ (M - M_ref)²/(2·heads), and x ← x - λ_xa·∇L_xa before every step. The 2 is that of the
/// published code, which averages over heads and over both rows of guidance; with it one λ_xa means the same in both
/// ways of going on.
struct CrossAttentionGuidance {
    /// Whose latent goes on after a nudge.
    enum Kept: String, OptionChoice {
        /// One latent, nudged by the maps of the edited prompt; both noises are estimated in it.
        case edited
        /// Each row of guidance has a latent of its own, and that of the negative prompt goes on.
        ///
        /// The maps of the edited prompt then only act through the noise estimated in the other one, as in the
        /// published code.
        case negative
    }

    /// The maps of the unedited image in one step.
    struct Reference {
        /// Those of the negative prompt, where they are wanted.
        var negative: Recording?
        /// Those of the source prompt; nil where nothing is to be guided.
        var source: Recording?
    }

    let session: DiffusionSession
    let weight: Double  // λ_xa
    let scale: Double  // g
    let kept: Kept
    /// All maps over the prompt that the network has.
    let sites: [Site]

    init(session: DiffusionSession, weight: Double, scale: Double, kept: Kept) throws {
        self.session = session
        self.weight = weight
        self.scale = scale
        self.kept = kept
        sites = try session.model.sites.filter(\.isCrossAttentionMap)
    }

    private var guides: Bool { weight > 0 && !sites.isEmpty }

    /// The noise of the unedited image at a level, and its maps.
    func reference(
        _ latent: Tensor, at level: NoiseLevel, source: Conditioning, negative: Conditioning
    ) throws -> (noise: Tensor, maps: Reference) {
        var maps = Reference()
        var plans = (source: Plan.none, negative: Plan.none)
        if guides {
            let seen = Recording(sites)
            (maps.source, plans.source) = (seen, .recording(into: seen))
            if kept == .negative {
                let seen = negative === source ? seen : Recording(sites)
                (maps.negative, plans.negative) = (seen, .recording(into: seen))
            }
        }
        let away = Guidance(awayFrom: negative, scale: scale, plan: plans.negative)
        var queries = [Query(latent, at: level, prompt: source, guidance: away, plan: plans.source)]
        // Without guidance nobody asks the negative prompt, whose maps are wanted all the same.
        if maps.negative != nil, scale == 1, negative !== source {
            queries.append(Query(latent, at: level, prompt: negative, plan: plans.negative))
        }
        return (try session.predict(queries)[0], maps)
    }

    /// The edit's latent, nudged towards the reference's maps, and the guided noise in it.
    func edit(
        _ latent: Tensor, at level: NoiseLevel, edited: Conditioning, negative: Conditioning,
        towards maps: Reference
    ) throws -> (latent: Tensor, noise: Tensor) {
        let forEdited = try nudged(latent, at: level, prompt: edited, towards: maps.source)
        let forNegative =
            kept == .edited
            ? forEdited : try nudged(latent, at: level, prompt: negative, towards: maps.negative)
        let isOne = edited === negative && (kept == .edited || !guides)  // one latent, and one prompt
        let away = Guidance(awayFrom: negative, scale: scale, latent: isOne ? nil : forNegative)
        let query = Query(forEdited, at: level, prompt: edited, guidance: away)
        return (forNegative, try session.predict([query])[0])
    }

    /// x - λ_xa·∇L_xa.
    ///
    /// One row at a time: rows do not depend on each other, and a graph for gradients is the largest thing here.
    private func nudged(
        _ latent: Tensor, at level: NoiseLevel, prompt: Conditioning, towards reference: Recording?
    ) throws -> Tensor {
        guard guides, let reference else { return latent }
        return latent - (try slope(in: latent, at: level, prompt: prompt, towards: reference).slope) * weight
    }

    /// L_xa and ∂L_xa/∂x of one row.
    func slope(
        in latent: Tensor, at level: NoiseLevel, prompt: Conditioning, towards reference: Recording
    ) throws -> (loss: Double, slope: Tensor) {
        try withGradients {
            let leaf = latent.requiringGradient
            let maps = Recording(sites, detached: false)
            let query = Query(leaf, at: level, prompt: prompt, plan: .recording(into: maps))
            _ = try session.predict([query])
            let loss = sites.map { site in
                let map = maps[site]  // [1, heads, places, tokens]
                return (map - reference[site]).squared.sum / Double(2 * map.shape[1])
            }.reduce(Tensor.zeros([]).like(leaf)) { $0 + $1 }
            let slope = try session.gradients(of: loss, withRespectTo: [leaf], rows: 1)[0]
            return (loss.detached.item, slope)
        }
    }
}
