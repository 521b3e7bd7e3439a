import Diffusion
import Networks
import Tensors

/// Source and target, painted region by region and laid one over the other at every step.
///
/// Every region is asked for its noise in its own tile, with a controller and a counter of steps of its own; backgrounds
/// are averaged, and the others laid over them by their feathers: (1 - M)·B + M·F, where F is the mean of the regions
/// that paint a cell and M the mean of their weights. The paper lays the latents over each other after the step; as the
/// step is linear in latent and noise and the weights add up to one, the noise may be laid so before it.
final class RegionPainting {
    /// What a pass leaves to be looked at: the region, its step, both rows' maps.
    struct Seen {
        let step: Int
        let maps: (Site) -> (source: Tensor, target: Tensor)
    }

    /// Where predictions come from.
    let session: DiffusionSession
    /// The regions, backgrounds first.
    let regions: [PairedRegion]
    /// The region over everything (r_total) with the levels at which it is painted; nil where it never is.
    let whole: (region: PairedRegion, levels: ClosedRange<Int>)?
    /// Guidance scale (w).
    let guidance: Double
    /// Maps of the whole picture that somebody reads afterwards.
    var watched: [Site] = []
    /// What is done in the whole picture's passes beside its controller.
    var whileWhole: () -> Sides<Plan> = { Sides(.none, .none) }
    /// What was seen in the last pass of the whole picture.
    private(set) var seen: Seen?
    private var counters: [Int]

    init(
        _ session: DiffusionSession, regions: [PairedRegion],
        whole: (region: PairedRegion, levels: ClosedRange<Int>)? = nil, guidance: Double
    ) {
        self.session = session
        self.regions = regions
        self.whole = whole
        self.guidance = guidance
        counters = Array(repeating: 0, count: regions.count + 1)
    }

    /// Whether the whole picture is painted at a level.
    func paintsWhole(at level: NoiseLevel) -> Bool {
        whole.map { $0.levels.contains(level.index) } ?? false
    }

    /// The guided noise of both pictures.
    /// - Parameter negative: what the rows of a region, by its place, are led away from where it is not their own.
    func noises(
        in latents: Sides<Tensor>, at level: NoiseLevel,
        negative: (Int) -> Conditioning? = { _ in nil }
    ) throws -> Sides<Tensor> {
        seen = nil
        var queries: [Query] = []
        var places: [(region: PairedRegion, side: PairSide)] = []
        let active = regions.enumerated().map { ($0.offset, $0.element) }
        let last = whole.flatMap { paintsWhole(at: level) ? (regions.count, $0.region) : nil }
        for (index, region) in active + [last].compactMap(\.self) {
            let plans = plans(of: region, at: index)
            for side in PairSide.allCases {
                guard let row = region.row(side) else { continue }
                let away = Guidance(
                    awayFrom: index < regions.count ? negative(index) ?? row.negative : row.negative,
                    scale: guidance)
                queries.append(
                    Query(
                        region.tile.crop(latents[side]), at: level, prompt: row.prompt.prompt, guidance: away,
                        plan: plans[side]))
                places.append((region, side))
            }
        }
        let noises = try session.predict(queries)
        return Sides { side in
            Self.composed(zip(places, noises).filter { $0.0.side == side }.map { ($0.0.region, $0.1) })
        }
    }

    /// What both rows of a region want of their next pass; its counter goes on.
    private func plans(of region: PairedRegion, at index: Int) -> Sides<Plan> {
        let step = counters[index]
        counters[index] += 1
        let isWhole = index == regions.count
        guard let controller = region.controller, region.source != nil, region.target != nil else {
            return Sides(.none, .none)
        }
        let control = controller.step(step, watching: isWhole ? watched : [])
        guard isWhole else { return Sides(control.source, control.target) }
        seen = Seen(step: step, maps: control.maps)
        let more = whileWhole()
        return Sides(control.source.then(more.source), control.target.then(more.target))
    }

    /// Tiles laid over one another by their weights.
    static func composed(_ tiles: [(region: PairedRegion, value: Tensor)]) -> Tensor {
        guard let first = tiles.first?.value else { preconditionFailure("there is always a background") }
        func sum(_ tiles: [Tensor]) -> Tensor? {
            tiles.first.map { tiles.dropFirst().reduce($0, +) }
        }
        let grounds = tiles.filter { $0.region.role == .background }
        let things = tiles.filter { $0.region.role != .background }
        guard let ground = sum(grounds.map(\.value)) else {
            preconditionFailure("there is always a background")
        }
        let behind = grounds.count == 1 ? ground : ground / Double(grounds.count)
        guard
            let front = sum(things.map { $0.region.tile.place($0.value * $0.region.tile.cells.like(first)) }),
            let weights = sum(things.map { $0.region.tile.place($0.region.weights.like(first)) }),
            let count = sum(things.map { $0.region.tile.box.like(first) })
        else { return behind }
        let painters = count.clamped(1, nil)
        let share = weights / painters
        return (1 - share) * behind + share * (front / painters)
    }
}
