public import Benchmarks
import Foundation
import ImageMetrics

/// The tables of the region benchmark, made of its rows alone.
public struct RegionReport: Sendable {
    private let pairs: RegionPairs
    private let labels: [String]
    private let rows: [String: [Row]]
    private let model: String

    /// The columns: the name of a measure, its heading, and digits behind the point.
    private static let columns: [(name: String, heading: String, digits: Int)] = [
        ("clip", "CLIP", 3), ("ssim.entire", "SSIM entire (SSIM-e)", 3),
        ("ssim.inherent", "SSIM inherent (SSIM-i)", 3), ("ssim.edited", "SSIM edited", 3),
        ("ssim.outside", "SSIM outside", 3), ("ssim.border", "SSIM border", 3), ("gain", "gain", 2),
        ("inherent.kept", "inherent kept", 2), ("edit.seen", "edit seen", 2),
    ]

    /// A report over rows.
    ///
    /// - `labels`: candidates in the order of the tables.
    /// - `items`: the pairs that count.
    /// - `model`: name and fingerprint.
    public init(pairs: RegionPairs, labels: [String], items: [String], rows: [Row], model: String) {
        self.pairs = pairs
        self.labels = labels
        self.model = model
        let wanted = Set(items)
        self.rows = Dictionary(grouping: rows.filter { wanted.contains($0.item) }, by: \.candidate)
    }

    /// How many pairs count.
    private var count: Int { rows.values.map(\.count).max() ?? 0 }

    /// The whole report as Markdown, without a title.
    public var markdown: String {
        var parts = [
            "\(pairs.introduction(count: count)); model \(model). \(Self.notes) \(pairs.answersNote)"
        ]
        parts.append(overall.markdown)
        for kind in pairs.kindNames where rows.values.joined().contains(where: { $0.facts?.kind == kind }) {
            parts += ["## Kind \(kind)", table(where: { $0.facts?.kind == kind }).markdown]
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private static let notes = """
        Every method edits the render by the same lists of regions, with the same seeds. *CLIP* is the cosine of the result \
        with the target's caption by the still-life pair of towers. *SSIM* compares the result with the source: over all \
        of it (this is what we take SSIM-e of the papers for; they do not define it), in the boxes of the objects that stay without that \
        of the edit (SSIM-i), in the edit's box, outside of it, and in a band of a thirty-second of the side on both sides of \
        its edge; the map of SSIM is averaged over the windows with their centre there. *Gain* is 1 − d(result, truth) / \
        d(before, truth) where the true edit changes pixels, d the mean squared error, −1 at least. *Inherent kept* is the \
        share of objects that stay which the judge sees with kind and colour; *edit seen* the share of results in which it \
        sees the edit. Brackets hold 95 % intervals: percentile bootstrap over scenes. Costs are medians.
        """

    /// All pairs, one line a method.
    public var overall: TextTable { table(where: { _ in true }) }

    private func table(where holds: (Row) -> Bool) -> TextTable {
        TextTable(
            header: ["method"] + Self.columns.map(\.heading) + [
                "forwards", "backwards", "seconds", "n", "failed",
            ],
            rows: labels.compactMap { label in
                let rows = (rows[label] ?? []).filter(holds)
                guard !rows.isEmpty else { return nil }
                let done = rows.filter { $0.status == .done }
                return [Candidate.title(of: label)]
                    + Self.columns.map { cell($0.name, digits: $0.digits, of: done) } + [
                        Statistics.median(done.map { Double($0.forwards) }).map { "\(Int($0))" } ?? "–",
                        Statistics.median(done.map { Double($0.backwards) }).map { "\(Int($0))" } ?? "–",
                        Statistics.median(done.map(\.seconds)).map { String(format: "%.1f", $0) } ?? "–",
                        "\(rows.count)", "\(rows.count - done.count)",
                    ]
            })
    }

    private func cell(_ name: String, digits: Int, of rows: [Row]) -> String {
        let found = rows.compactMap { row in
            Self.value(name, of: row).map { Observation($0, cluster: row.facts?.scene ?? row.item) }
        }
        guard let interval = Statistics.bootstrap(found, seed: pairs.seed) else { return "–" }
        let numbers = [interval.value, interval.low, interval.high].map { String(format: "%.\(digits)f", $0) }
        return "\(numbers[0]) [\(numbers[1]), \(numbers[2])]"
    }

    private static func value(_ name: String, of row: Row) -> Double? {
        name == "gain" ? row.scores.gain.map { max($0, -1) } : row.measures?[name]
    }
}
