import Editing
import Foundation
import ImageMetrics

/// The tables of a study, made of its rows alone.
public struct StudyReport<Items: BenchmarkItems>: Sendable {
    private let plan: StudyPlan<Items>
    private let items: [String]
    private let labels: [String]
    private let rows: [String: [String: Row]]
    private let leftOut: [(method: String, reason: String)]

    /// What a gain is at least worth: one result that went wrong everywhere does not outweigh a dozen good ones.
    static var leastGain: Double { -1 }

    /// A report over the rows of some items.
    ///
    /// - `labels`: candidates in the order of the tables; those of other rows follow.
    /// - `items`: the edits that count; rows of others are left out.
    /// - `leftOut`: methods that had no part, with the reason.
    public init(
        plan: StudyPlan<Items>, labels: [String], items: [String], rows all: [Row],
        leftOut: [(method: String, reason: String)] = []
    ) {
        self.plan = plan
        self.items = items
        self.leftOut = leftOut
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

    /// The whole report as Markdown, without a title.
    public var markdown: String {
        var parts = [preface, overall.markdown, notes]
        parts += ["## Median gain by kind of edit", kinds.markdown]
        parts += ["## Median gain by the area that the true edit changes", areas.markdown]
        if let sights { parts += ["## What the judge sees", sights.markdown] }
        if let leads = leads { parts += ["## Is the lead real?", leads] }
        let failures = failureLines
        if !failures.isEmpty { parts += ["## What failed, and why", failures.joined(separator: "\n")] }
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var preface: String {
        var settings = [plan.preset.map { "preset \($0.rawValue)" } ?? "the model's own settings"]
        if plan.steps == nil, plan.guidance == nil {
            settings.append("each method at its own steps and guidance")
        }
        if let steps = plan.steps { settings.append("\(steps) steps") }
        if let guidance = plan.guidance { settings.append("guidance \(guidance)") }
        if let inversion = plan.inversion { settings.append("inversion \(inversion)") }
        settings.append(plan.givesMask ? "the true mask given" : "no mask given")
        settings.append(
            plan.pastes
                ? "the picture's own pixels pasted back outside masks" : "nothing pasted back outside masks")
        let absent = leftOut.map { " \(Candidate.title(of: $0.method)) is left out: it \($0.reason)." }
            .joined()
        return """
            \(plan.edits.introduction(count: items.count)); model `\(plan.model)` (\(plan.modelFingerprint)); \
            \(settings.joined(separator: ", ")). \(told) everybody's noise has the same seed.\(absent)
            """
    }

    private var told: String {
        switch plan.edits.commands {
        case .none, .some: "Both prompts are given to everybody;"
        case .all: "Both prompts are given to everybody, a command to those that follow commands;"
        case .only: "The prompt before and a command are given to everybody;"
        }
    }

    private var notes: String {
        """
        *Gain* is 1 − d(result, truth) / d(before, truth) over the area that the true edit changes, d the mean squared \
        error: 1 is the true picture, 0 is doing nothing, below 0 is worse than that. It has no lower bound and counts as \
        −1 at least, so that a few results do not decide a mean. \(apart)\(answersNote)*Outside* compares the result with the \
        picture before where nothing should change; equal pixels count as 100 dB. A failed edit counts as doing nothing. *Edit shows* is the share of edits that gain more than doing \
        nothing and more than the autoencoder alone, which softens and so gains a little by itself. Brackets hold 95 % intervals: percentile bootstrap \
        over \(Statistics.draws) draws of source scenes; for that share, Wilson's. \(bound)
        """
    }

    private var answersNote: String {
        plan.edits.answersNote.isEmpty ? "" : plan.edits.answersNote + " "
    }

    private var apart: String {
        counted.count == items.count
            ? ""
            : "Edits of style change every pixel and have gains of another size: they stand in the table by kind alone. "
    }

    private var bound: String {
        plan.pastes
            ? "Methods with a mask have the picture's own pixels outside of it, which nobody who decodes a latent reaches: "
                + "their preservation is the paste's."
            : "The autoencoder alone bounds what a method can preserve."
    }

    /// One line a candidate: gain, preservation, cost.
    public var overall: TextTable {
        TextTable(
            header: [
                "method", "median gain", "mean gain", "edit shows", "outside, dB", "SSIM outside", "seconds",
                "forwards", "backwards", "n", "failed",
            ],
            rows: labels.map { label in
                let rows = ordered(label, counted)
                let done = rows.filter { $0.status == .done }
                guard !done.isEmpty else {
                    return [Candidate.title(of: label)] + Array(repeating: "–", count: 8)
                        + ["\(rows.count)", "\(rows.count)"]
                }
                let gains = rows.compactMap { row in gain(row).map { Observation($0, cluster: cluster(row)) }
                }
                let better = shows(label)
                let sorted = gains.map(\.value).sorted()
                return [
                    Candidate.title(of: label),
                    sorted.isEmpty ? "–" : Statistics.quantile(0.5, of: sorted).fixed(2),
                    mean(gains, digits: 2),
                    better.map { Self.percent($0) } ?? "–",
                    mean(observations(rows) { preservation($0) }, digits: 1),
                    mean(
                        observations(rows) { $0.status == .done ? $0.scores.preservedSimilarity : 1 },
                        digits: 3),
                    Statistics.quantile(0.5, of: done.map(\.seconds).sorted()).fixed(1),
                    "\(Self.median(done.map(\.forwards)))", "\(Self.median(done.map(\.backwards)))",
                    "\(rows.count)", "\(rows.count - done.count)",
                ]
            })
    }

    /// Median gain of each candidate on each kind of edit.
    public var kinds: TextTable {
        let present = plan.edits.kindNames.filter { kind in
            kind != "nothing" && !items(where: { $0.kind == kind }).isEmpty
        }
        return split(present.map { kind in (kind, { $0.kind == kind }) }, of: items)
    }

    /// Median gain of each candidate on small, middling and large edits.
    public var areas: TextTable {
        split(
            [
                ("under 3 %", { $0.area < 0.03 }), ("3 to 20 %", { (0.03...0.2).contains($0.area) }),
                ("over 20 %", { $0.area > 0.2 }),
            ], of: counted)
    }

    /// How often a judge sees in results what was asked, with Wilson's intervals; nil where nobody judged.
    public var sights: TextTable? {
        let names = Set(rows.values.flatMap(\.values).flatMap { ($0.seen ?? [:]).keys }).sorted()
        guard !names.isEmpty else { return nil }
        return TextTable(
            header: ["method"] + names,
            rows: labels.map { label in
                [Candidate.title(of: label)]
                    + names.map { name in
                        let seen = ordered(label).compactMap { $0.seen?[name] }
                        return Statistics.wilson(successes: seen.count { $0 }, of: seen.count)
                            .map(Self.percent) ?? "–"
                    }
            })
    }

    /// The best method against every other, item by item; nil where there are not two.
    var leads: String? {
        let medians = labels.filter { !["nothing", "autoencoder"].contains($0) }.compactMap { label in
            let rows = ordered(label, counted)
            let gains = rows.contains { $0.status == .done } ? rows.compactMap(gain).sorted() : []
            return gains.isEmpty ? nil : (label: label, median: Statistics.quantile(0.5, of: gains))
        }
        guard medians.count > 1, let best = medians.max(by: { $0.median < $1.median }) else { return nil }
        let others = medians.filter { $0.label != best.label }
        let pairs = others.map { other in paired(best.label, other.label) }
        let chances = Statistics.holm(
            pairs.map { pairs in
                let differences = pairs.map { Observation($0.first - $0.second, cluster: $0.cluster) }
                return Statistics.signFlip(differences, seed: plan.edits.seed) ?? 1
            })
        let table = TextTable(
            header: [
                "\(Candidate.title(of: best.label)) against", "difference in gain", "wins", "losses", "p",
            ],
            rows: zip(others, zip(pairs, chances)).map { other, found in
                let interval = Statistics.pairedDifference(found.0, seed: plan.edits.seed)
                return [
                    Candidate.title(of: other.label), interval.map { Self.bracketed($0, digits: 2) } ?? "–",
                    "\(found.0.count { $0.first > $0.second })", "\(found.0.count { $0.first < $0.second })",
                    found.1 < 0.001 ? "< 0.001" : found.1.fixed(3),
                ]
            })
        return """
            The method with the highest median gain against each other one, edit by edit; the difference is a mean. p: sign \
            flips, two-sided, adjusted after Holm.

            \(table.markdown)
            """
    }

    private func paired(_ first: String, _ second: String) -> [(
        first: Double, second: Double, cluster: String
    )] {
        counted.compactMap { item in
            guard let one = rows[first]?[item], let two = rows[second]?[item], let gainOne = gain(one),
                let gainTwo = gain(two)
            else { return nil }
            return (gainOne, gainTwo, cluster(one))
        }
    }

    private var failureLines: [String] {
        labels.flatMap { label -> [String] in
            let reasons = ordered(label).compactMap(\.reason)
            let counts = Dictionary(grouping: reasons) { $0 }.mapValues(\.count)
            return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
                "- \(Candidate.title(of: label)), \($0.value) of \(ordered(label).count): \($0.key)"
            }
        }
    }

    private func split(
        _ parts: [(name: String, holds: (ItemFacts) -> Bool)], of all: [String]
    ) -> TextTable {
        let wanted = Set(all)
        let groups = parts.map { (name: $0.name, items: items(where: $0.holds).filter(wanted.contains)) }
            .filter { !$0.items.isEmpty }
        return TextTable(
            header: ["method"] + groups.map { "\($0.name) (\($0.items.count))" },
            rows: labels.map { label in
                let isThere = ordered(label).contains { $0.status == .done }
                return [Candidate.title(of: label)]
                    + groups.map { group in
                        let gains = group.items.compactMap { rows[label]?[$0].flatMap(gain) }
                        guard isThere, !gains.isEmpty else { return "–" }
                        return Statistics.quantile(0.5, of: gains.sorted()).fixed(2)
                    }
            })
    }

    /// The items of which a gain can be told and some facts hold.
    private func items(where holds: (ItemFacts) -> Bool) -> [String] {
        items.filter { item in
            rows.values.lazy.compactMap { $0[item]?.facts }.first.map { holds($0) && $0.area > 0 }
                ?? false
        }
    }

    /// How often a result is nearer to the truth than the image before is, and than that image is after the
    /// autoencoder, whose softening alone brings it a little nearer on average.
    private func shows(_ label: String) -> Interval? {
        guard !["nothing", "autoencoder"].contains(label) else { return nil }
        let won = ordered(label, counted).compactMap { row in
            gain(row).map { $0 > max(rows["autoencoder"]?[row.item].flatMap(gain) ?? 0, 0) }
        }
        return Statistics.wilson(successes: won.count { $0 }, of: won.count)
    }

    /// The items of the tables over all edits: those of style are apart, where there are others.
    private var counted: [String] {
        let others = items.filter { item in
            rows.values.lazy.compactMap { $0[item]?.facts }.first?.kind != plan.edits.kindApart
        }
        return others.isEmpty ? items : others
    }

    private func ordered(_ label: String, _ items: [String]? = nil) -> [Row] {
        (items ?? self.items).compactMap { rows[label]?[$0] }
    }

    private func cluster(_ row: Row) -> String { row.facts?.scene ?? row.item }

    /// A row's gain; that of doing nothing where it failed, none where nothing should change.
    private func gain(_ row: Row) -> Double? {
        if row.status == .done { return row.scores.gain.map { max($0, Self.leastGain) } }
        return (row.facts?.area ?? 0) > 0 ? 0 : nil
    }

    /// A row's preservation; that of doing nothing where it failed, none where everything should change.
    private func preservation(_ row: Row) -> Double? {
        if row.status == .done { return row.scores.preservation }
        return (row.facts?.area ?? 1) < 1 ? Decibels.cap : nil
    }

    private func observations(_ rows: [Row], _ value: (Row) -> Double?) -> [Observation] {
        rows.compactMap { row in value(row).map { Observation($0, cluster: cluster(row)) } }
    }

    private func mean(_ observations: [Observation], digits: Int) -> String {
        guard let interval = Statistics.bootstrap(observations, seed: plan.edits.seed) else { return "–" }
        let number = observations.count == counted.count ? "" : ", n = \(observations.count)"
        return Self.bracketed(interval, digits: digits) + number
    }

    private static func bracketed(_ interval: Interval, digits: Int) -> String {
        "\(interval.value.fixed(digits)) [\(interval.low.fixed(digits)), \(interval.high.fixed(digits))]"
    }

    private static func percent(_ interval: Interval) -> String {
        "\((interval.value * 100).fixed(0)) % [\((interval.low * 100).fixed(0)), \((interval.high * 100).fixed(0))]"
    }

    private static func median(_ values: [Int]) -> Int { values.sorted()[values.count / 2] }
}
