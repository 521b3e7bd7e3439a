public import ImageMetrics

/// What contenders are worth on a benchmark, made of its rows alone.
///
/// A failed edit counts: by measures that tell of the edit as the picture before it, by those of what stayed as the worst
/// contender's on that edit. Intervals are percentile bootstraps over source pictures.
public struct BenchmarkSummary: Sendable, Hashable, Codable {
    /// One contender.
    public struct Contender: Sendable, Hashable, Codable {
        /// Its label in rows.
        public var label: String
        /// What it is called.
        public var title: String
        /// Means over all edits with 95 % intervals and how many edits count, by measure.
        public var measures: [String: Interval]
        /// Means over kinds of the means of each kind, by measure.
        public var macro: [String: Double]
        /// Means of each kind, by kind and measure.
        public var kinds: [String: [String: Double]]
        /// The median of seconds of the edits that ended.
        public var seconds: Double?
        /// Medians of passes forward and backward.
        public var forwards: Int?
        /// Medians of passes backward.
        public var backwards: Int?
        /// Edits that were asked for.
        public var count: Int
        /// Edits without a picture.
        public var failed: Int
    }

    /// Two contenders on the same edits.
    public struct Comparison: Sendable, Hashable, Codable {
        /// The measure.
        public var measure: String
        /// The contender with the best mean.
        public var best: String
        /// The other.
        public var other: String
        /// The mean of the best's values less the other's, with its 95 % interval.
        public var difference: Interval
        /// Two-sided, by sign flips over source pictures, adjusted after Holm over all comparisons.
        public var p: Double
        /// Edits on which the best is better.
        public var wins: Int
        /// Edits on which both are equal.
        public var ties: Int
        /// Edits on which it is worse.
        public var losses: Int
        /// The mean difference that as many edits would show four times in five, at 5 %; nil of a single edit.
        public var detectable: Double?
    }

    /// The contenders, in the order of the run.
    public var contenders: [Contender]
    /// The best of each measure that is compared against all others.
    public var comparisons: [Comparison]

    /// The measures that contenders are compared by: chosen beforehand, because tests of all would tell nothing.
    public static let compared = [
        "gain", "direction", "clip", "lpips.alex", "psnr", "psnr.kept", "ssim.kept",
    ]

    /// The contender whose mean of a measure is best, those that only stand for comparison aside.
    public func best(_ measure: String) -> Contender? {
        Self.best(measure, of: contenders)
    }

    /// The contenders that the best of a measure cannot be told from, itself among them.
    public func tied(_ measure: String) -> Set<String> {
        guard let best = best(measure) else { return [] }
        let alike = comparisons.filter { $0.measure == measure && $0.p >= 0.05 }.map(\.other)
        return Set(alike + [best.label])
    }

    static func best(_ measure: String, of contenders: [Contender]) -> Contender? {
        let known = contenders.filter {
            $0.measures[measure] != nil && !BenchmarkRows.references.contains($0.label)
        }
        let wantsMore = PictureMeasure(rawValue: measure)?.wantsMore ?? true
        return known.max {
            let (one, other) = ($0.measures[measure]?.value ?? 0, $1.measures[measure]?.value ?? 0)
            return wantsMore ? one < other : one > other
        }
    }
}

/// A run's rows, by contender and edit.
struct BenchmarkRows {
    /// Rows that every table has to compare with, and that nobody wins by.
    static let references: Set<String> = ["nothing", "autoencoder"]

    let labels: [String]
    let items: [String]
    let seed: UInt64
    private let rows: [String: [String: Row]]

    init(_ all: [Row], labels: [String], items: [String], seed: UInt64) {
        (self.items, self.seed) = (items, seed)
        let wanted = Set(items)
        var rows: [String: [String: Row]] = [:]
        var order = labels
        for row in all where wanted.contains(row.item) {
            rows[row.candidate, default: [:]][row.item] = row
            if !order.contains(row.candidate) { order.append(row.candidate) }
        }
        self.rows = rows
        self.labels = order.filter { rows[$0] != nil }
    }

    /// The measures that any row has, in the order of `PictureMeasure`, then others by name.
    var measures: [String] {
        let found = Set(rows.values.joined().flatMap { ($0.value.measures ?? [:]).keys })
        let known = PictureMeasure.allCases.map(\.rawValue).filter(found.contains)
        return known + found.subtracting(known).sorted()
    }

    func row(_ label: String, _ item: String) -> Row? { rows[label]?[item] }

    func all(_ label: String) -> [Row] { items.compactMap { rows[label]?[$0] } }

    /// A contender's value on an edit; what a failure counts as, and nil where nobody can tell.
    func value(_ measure: String, _ label: String, _ item: String) -> Double? {
        guard let row = rows[label]?[item] else { return nil }
        if row.status == .done { return row.measures?[measure] }
        let kind = PictureMeasure(rawValue: measure)
        if kind?.tellsOfEdit ?? true { return rows["nothing"]?[item]?.measures?[measure] }
        let others = labels.compactMap { rows[$0]?[item]?.measures?[measure] }
        return (kind?.wantsMore ?? true) ? others.min() : others.max()
    }

    func cluster(_ item: String) -> String {
        labels.lazy.compactMap { rows[$0]?[item]?.facts?.scene }.first ?? item
    }

    func kind(_ item: String) -> String {
        labels.lazy.compactMap { rows[$0]?[item]?.facts?.kind }.first ?? "all"
    }

    /// A contender's values with the pictures they come from.
    func observations(_ measure: String, _ label: String) -> [Observation] {
        items.compactMap { item in
            value(measure, label, item).map { Observation($0, cluster: cluster(item)) }
        }
    }
}

extension BenchmarkSummary {
    /// A summary of rows.
    /// - Parameters:
    ///   - labels: contenders in the order of the tables; those of other rows follow.
    ///   - items: the edits that count.
    ///   - seed: what intervals and tests are drawn from.
    public init(_ rows: [Row], labels: [String], items: [String], seed: UInt64) {
        let rows = BenchmarkRows(rows, labels: labels, items: items, seed: seed)
        let contenders = rows.labels.map { Self.contender($0, in: rows) }
        self.contenders = contenders
        comparisons = Self.comparisons(contenders, in: rows)
    }

    private static func contender(_ label: String, in rows: BenchmarkRows) -> Contender {
        let all = rows.all(label)
        let done = all.filter { $0.status == .done }
        var (measures, macro) = ([String: Interval](), [String: Double]())
        var kinds: [String: [String: Double]] = [:]
        for measure in rows.measures {
            measures[measure] = Statistics.bootstrap(rows.observations(measure, label), seed: rows.seed)
            var values: [String: [Double]] = [:]
            for item in rows.items {
                if let value = rows.value(measure, label, item) {
                    values[rows.kind(item), default: []].append(value)
                }
            }
            let means = values.compactMapValues(Statistics.mean)
            for (kind, mean) in means { kinds[kind, default: [:]][measure] = mean }
            macro[measure] = Statistics.mean(means.sorted { $0.key < $1.key }.map(\.value))
        }
        func middle(_ values: [Int]) -> Int? {
            values.isEmpty ? nil : values.sorted()[values.count / 2]
        }
        return Contender(
            label: label, title: Candidate.title(of: label), measures: measures, macro: macro,
            kinds: kinds,
            seconds: Statistics.median(done.map(\.seconds)), forwards: middle(done.map(\.forwards)),
            backwards: middle(done.map(\.backwards)), count: all.count, failed: all.count - done.count)
    }

    private static func comparisons(_ contenders: [Contender], in rows: BenchmarkRows) -> [Comparison] {
        var found: [Comparison] = []
        for measure in rows.measures where compared.contains(measure) {
            guard let best = best(measure, of: contenders) else { continue }
            for other in contenders
            where other.label != best.label && !BenchmarkRows.references.contains(other.label) {
                found += [comparison(measure, best.label, other.label, in: rows)].compactMap(\.self)
            }
        }
        let adjusted = Statistics.holm(found.map(\.p))
        for (index, p) in adjusted.enumerated() { found[index].p = p }
        return found
    }

    private static func comparison(
        _ measure: String, _ best: String, _ other: String, in rows: BenchmarkRows
    ) -> Comparison? {
        let pairs = rows.items.compactMap { item -> Observation? in
            guard let one = rows.value(measure, best, item), let two = rows.value(measure, other, item)
            else {
                return nil
            }
            return Observation(one - two, cluster: rows.cluster(item))
        }
        guard let difference = Statistics.bootstrap(pairs, seed: rows.seed),
            let p = Statistics.signFlip(pairs, seed: rows.seed)
        else { return nil }
        let sign = (PictureMeasure(rawValue: measure)?.wantsMore ?? true) ? 1.0 : -1.0
        let count = Double(pairs.count)
        let spread = pairs.reduce(0) {
            $0 + ($1.value - difference.value) * ($1.value - difference.value)
        }
        return Comparison(
            measure: measure, best: best, other: other, difference: difference, p: p,
            wins: pairs.count { $0.value * sign > 0 }, ties: pairs.count { $0.value == 0 },
            losses: pairs.count { $0.value * sign < 0 },
            detectable: count > 1 ? 2.8 * (spread / (count - 1)).squareRoot() / count.squareRoot() : nil)
    }
}
