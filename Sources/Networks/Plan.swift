public import Tensors

/// Values that a forward pass leaves at wanted sites, as the network computed them (before any edit).
///
/// The wanted sites are fixed before the pass, so fused attention stays wherever nobody looks.
public final class Recording {
    /// The wanted sites.
    public let sites: Set<Site>
    private let detached: Bool
    private let averagingHeads: Bool
    /// Whether values stay in the graph for gradients.
    var isLive: Bool { !detached }
    private var values: [Site: Tensor] = [:]

    /// An empty recording.
    ///
    /// - `detached`: whether values leave the graph for gradients; a loss over maps needs them in it.
    /// - `averagingHeads`: whether maps are kept as their mean over heads.
    public init(_ sites: some Sequence<Site>, detached: Bool = true, averagingHeads: Bool = false) {
        self.sites = Set(sites)
        self.detached = detached
        self.averagingHeads = averagingHeads
    }

    /// The value of a site; ends the process where no pass has reached it yet.
    public subscript(_ site: Site) -> Tensor {
        guard let value = values[site] else {
            preconditionFailure(
                "\(site) was read from a recording that \(sites.contains(site) ? "has not reached it" : "never wanted it")"
            )
        }
        return value
    }

    /// Whether a pass has reached a site.
    public func holds(_ site: Site) -> Bool { values[site] != nil }

    /// Keeps a value; a second pass over the same site replaces the first, so that a block may be run again.
    func record(_ value: Tensor, at site: Site) {
        var kept = detached ? value.detached : value
        if averagingHeads && site.value == .map { kept = kept.mean([1], keeping: true) }
        values[site] = kept
    }
}

/// What one row of a batch wants of a forward pass: values recorded, values replaced.
///
/// Edits are pure functions of the value the network computed and must not write anything, because a block may be run
/// twice (gradient checkpointing). The recording of one pass is the plan of the next.
public struct Plan {
    /// A pure edit: the site and the value computed there; answers a value of the same shape.
    public typealias Edit = (Site, Tensor) -> Tensor

    private(set) var recordings: [Recording] = []
    private(set) var edits: [Site: [Edit]] = [:]
    /// What is added to the first convolution's result, [1, channels, height, width].
    private(set) var positions: Tensor?

    /// Nothing wanted, nothing changed.
    public static var none: Plan { Plan() }

    /// Records into `recording`.
    public static func recording(into recording: Recording) -> Plan {
        var plan = Plan()
        plan.recordings = [recording]
        return plan
    }

    /// Replaces the values at sites by `edit`'s.
    public static func editing(_ sites: some Sequence<Site>, _ edit: @escaping Edit) -> Plan {
        var plan = Plan()
        for site in sites { plan.edits[site] = [edit] }
        return plan
    }

    /// Replaces the values at sites by those that another pass recorded; all of its sites where none are named.
    public static func replaying(_ recording: Recording, at sites: Set<Site>? = nil) -> Plan {
        editing(sites ?? recording.sites) { site, _ in recording[site] }
    }

    /// Adds a map of positions, [1, channels, height, width], to what the first convolution makes.
    ///
    /// For networks that were trained on patches and are told where a patch lies (SINE); the first skip connection has it
    /// too.
    public static func adding(positions: Tensor) -> Plan {
        var plan = Plan()
        plan.positions = positions
        return plan
    }

    /// This plan, then another's edits on top of it.
    public func then(_ other: Plan) -> Plan {
        var plan = self
        plan.positions = [positions, other.positions].compactMap(\.self).reduce(nil) { sum, map in
            sum.map { $0 + map } ?? map
        }
        plan.recordings += other.recordings
        plan.edits.merge(other.edits) { $0 + $1 }
        return plan
    }

    /// Whether nothing is wanted and nothing changed.
    package var isNone: Bool { recordings.isEmpty && edits.isEmpty && positions == nil }

    /// Every site the plan looks at.
    public var sites: Set<Site> { recordings.reduce(into: Set(edits.keys)) { $0.formUnion($1.sites) } }
}

/// One forward pass and what its rows want.
struct Pass {
    private let plans: [Plan]
    private let interests: [Set<Site>]
    private let touched: Set<Site>
    private let liveSites: Set<Site>
    private let checkpointing: Bool

    /// A pass whose rows have these plans; none at all where the list is empty.
    init(_ plans: [Plan], checkpointing: Bool = false) {
        self.plans = plans
        self.checkpointing = checkpointing
        liveSites = plans.reduce(into: []) { sites, plan in
            for recording in plan.recordings where recording.isLive { sites.formUnion(recording.sites) }
        }
        interests = plans.map(\.sites)
        touched = interests.reduce(into: []) { $0.formUnion($1) }
    }

    /// Whether a part with these sites is run again for its gradients rather than kept.
    ///
    /// Not where a recording wants values that are part of the graph: they must come from the one forward pass.
    func checkpoints(_ sites: [Site]) -> Bool { checkpointing && !sites.contains(where: liveSites.contains) }

    /// Whether any row looks at a site.
    func touches(_ site: Site) -> Bool { !touched.isEmpty && touched.contains(site) }

    /// Whether a row looks at a site.
    func touches(_ site: Site, row: Int) -> Bool { interests[row].contains(site) }

    /// What the first convolution made of a batch, with the positions of the rows that have some.
    func placed(_ x: Tensor) -> Tensor {
        guard plans.contains(where: { $0.positions != nil }) else { return x }
        return .concatenated(
            zip(x.separateRows, plans).map { row, plan in plan.positions.map { row + $0.like(row) } ?? row })
    }

    /// Shows a batch at a site to the rows that look at it and answers what goes on.
    func touch(_ value: Tensor, at site: Site) -> Tensor {
        guard touches(site) else { return value }
        let rows = value.separateRows
        return .concatenated(rows.indices.map { touch(rows[$0], at: site, row: $0) })
    }

    /// Shows one row, [1, …], to its plan.
    func touch(_ value: Tensor, at site: Site, row: Int) -> Tensor {
        let plan = plans[row]
        for recording in plan.recordings where recording.sites.contains(site) {
            recording.record(value, at: site)
        }
        return (plan.edits[site] ?? []).reduce(value) { current, edit in
            let edited = edit(site, current)
            precondition(
                edited.shape == value.shape,
                "an edit at \(site) answered \(edited.shape) where \(value.shape) belongs")
            return edited
        }
    }
}
