import Benchmarks
import ImageMetrics

/// What became of edits of colour, one after the other.
struct ColourTally {
    /// Gains with their photos.
    private var gains: [Observation] = []
    private var overlaps: [Double] = []
    private var outside: [Double] = []
    private var byColour: [String: [Double]] = [:]
    private var count = 0
    /// Whether the judge sees the colour that was asked for: in results, in photos before, in true results.
    var colour: [Bool] = []
    var before: [Bool] = []
    var truths: [Bool] = []

    /// A gain counts as this at least, as in studies.
    static let leastGain = -1.0

    /// Counts an edit.
    mutating func add(_ scores: Scores, _ item: BenchmarkItem) {
        count += 1
        if let gain = scores.gain {
            gains.append(Observation(gain, cluster: item.facts?.scene ?? item.id))
            byColour[item.facts?.kind ?? "", default: []].append(gain)
        }
        if let overlap = scores.maskOverlap { overlaps.append(overlap) }
        if let preservation = scores.preservation { outside.append(preservation) }
    }

    /// What they are worth together.
    func summary(seed: UInt64) -> PhotoEvaluationReport.ColourEdits {
        let bounded = gains.map { Observation(max($0.value, Self.leastGain), cluster: $0.cluster) }
        return .init(
            count: count, medianGain: Statistics.median(gains.map(\.value)),
            meanGain: Statistics.bootstrap(bounded, seed: seed), nearer: Share(gains.map { $0.value > 0 }),
            maskOverlap: Statistics.mean(overlaps), outside: Statistics.mean(outside),
            colour: colour.isEmpty ? nil : Share(colour), before: before.isEmpty ? nil : Share(before),
            truths: truths.isEmpty ? nil : Share(truths),
            byColour: byColour.compactMapValues { Statistics.median($0) })
    }
}

/// What became of edits of kind, one after the other.
struct KindTally {
    private var kinds: [Bool] = []
    private var both: [Bool] = []
    private var before: [Bool] = []
    private var areas: [Double] = []
    private var outside: [Double] = []
    private var byPair: [String: [Bool]] = [:]

    /// Counts an edit and what the judge says of it.
    mutating func add(_ scores: Scores, kind: Bool, colour: Bool, before: Bool, _ item: BenchmarkItem) {
        kinds.append(kind)
        both.append(kind && colour)
        self.before.append(before)
        byPair[item.facts?.kind ?? "", default: []].append(kind)
        if let area = scores.area { areas.append(area) }
        if let preservation = scores.preservation { outside.append(preservation) }
    }

    /// What they are worth together.
    var summary: PhotoEvaluationReport.KindEdits {
        .init(
            count: kinds.count, kind: Share(kinds), before: Share(before), kindAndColour: Share(both),
            area: Statistics.mean(areas), outside: Statistics.mean(outside),
            byPair: byPair.mapValues { Share($0) })
    }
}
