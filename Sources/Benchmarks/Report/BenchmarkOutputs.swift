import Diffusion
public import Editing
import Foundation
import ImageMetrics
public import Imaging
import Support

/// The files that tell what a run of a benchmark was worth: a page, JSON, and tables.
public struct BenchmarkOutputs<Items: BenchmarkItems> {
    private let plan: StudyPlan<Items>
    private let rows: [Row]
    private let labels: [String]
    private let items: [BenchmarkItem]
    private let pictures: (Row) -> Image?
    private let summary: BenchmarkSummary
    /// Facts beside the plan's, by names: networks that measured, the date.
    public var facts: [(name: String, value: String)] = []
    /// What is to be known before any number is read.
    public var warnings: [String] = []
    /// What papers report on the same benchmark.
    public var published: PublishedResults?
    /// How many edits the page shows.
    public var shownCount = 24
    /// The long side of pictures on the page, in pixels.
    public var pictureSide = 384

    /// Outputs of rows.
    /// - Parameters:
    ///   - labels: contenders in the order of the tables.
    ///   - items: the edits that count.
    ///   - pictures: the picture of a row; nil where there is none.
    public init(
        plan: StudyPlan<Items>, rows: [Row], labels: [String], items: [BenchmarkItem],
        pictures: @escaping (Row) -> Image?
    ) {
        (self.plan, self.rows, self.labels, self.items, self.pictures) = (
            plan, rows, labels, items, pictures
        )
        summary = BenchmarkSummary(rows, labels: labels, items: items.map(\.id), seed: plan.edits.seed)
    }

    /// Everything by names of files: `report.html`, `report.json`, `summary.csv`, `rows.csv`.
    /// - Throws: `ImagingError`.
    public func files() throws -> [(name: String, text: String)] {
        [
            ("report.html", try page().html), ("report.json", try json()), ("summary.csv", summaryTable),
            ("rows.csv", rowTable),
        ]
    }

    /// The contenders with the measures that matter most, for a terminal.
    public var overall: TextTable {
        let wanted = ["gain", "direction", "clip", "psnr.kept", "psnr", "ssim", "lpips.alex"]
        let columns = wanted.filter { name in summary.contenders.contains { $0.measures[name] != nil } }
        return TextTable(
            header: ["method"] + columns + ["seconds", "n", "failed"],
            rows: summary.contenders.map { contender in
                [contender.title]
                    + columns.map { name in
                        contender.measures[name].map {
                            "\(PageParts.number($0.value)) [\(PageParts.number($0.low)), \(PageParts.number($0.high))]"
                        } ?? "–"
                    } + [
                        contender.seconds?.fixed(1) ?? "–", "\(contender.count)", "\(contender.failed)",
                    ]
            })
    }

    private struct Report: Encodable {
        var plan: StudyPlan<Items>
        var facts: [String: String]
        var warnings: [String]
        var summary: BenchmarkSummary
    }

    private func json() throws -> String {
        try jsonText(
            Report(
                plan: plan, facts: Dictionary(facts.map { ($0.name, $0.value) }) { first, _ in first },
                warnings: warnings, summary: summary), naming: .plain) + "\n"
    }

    private var summaryTable: String {
        let header = [
            "contender", "measure", "mean", "low", "high", "n", "mean of kinds", "failed", "seconds",
        ]
        let lines = summary.contenders.flatMap { contender in
            contender.measures.sorted { $0.key < $1.key }.map { name, value in
                CommaSeparated.line([
                    contender.label, name, "\(value.value)", "\(value.low)", "\(value.high)",
                    "\(value.count)",
                    contender.macro[name].map { "\($0)" } ?? "", "\(contender.failed)",
                    contender.seconds.map { "\($0)" } ?? "",
                ])
            }
        }
        return ([CommaSeparated.line(header)] + lines).joined(separator: "\n") + "\n"
    }

    private var rowTable: String {
        let names = Set(rows.flatMap { ($0.measures ?? [:]).keys }).sorted()
        let header =
            ["item", "contender", "kind", "status", "reason", "seed", "seconds", "forwards", "backwards"]
            + names
        let lines = rows.map { row in
            CommaSeparated.line(
                [
                    row.item, row.candidate, row.facts?.kind ?? "", row.status.rawValue, row.reason ?? "",
                    "\(row.seed)", "\(row.seconds)", "\(row.forwards)", "\(row.backwards)",
                ] + names.map { name in row.measures?[name].map { "\($0)" } ?? "" })
        }
        return ([CommaSeparated.line(header)] + lines).joined(separator: "\n") + "\n"
    }

    /// The page.
    /// - Throws: `ImagingError`.
    public func page() throws -> BenchmarkPage {
        let title = plan.edits.introduction(count: items.count)
        var page = BenchmarkPage(title: title.prefix(1).uppercased() + title.dropFirst(), summary: summary)
        page.facts = planFacts + facts
        page.warnings = warnings
        page.published = published
        page.failures = failures
        page.settings = settings
        page.shown = try sample.map(shown)
        return page
    }

    private var planFacts: [(name: String, value: String)] {
        var found = [
            ("model", "\(plan.model) (\(plan.modelFingerprint))"),
            ("settings", plan.preset.map { "preset \($0.rawValue)" } ?? "the model's own"),
        ]
        if let steps = plan.steps { found.append(("steps", "\(steps)")) }
        if let guidance = plan.guidance { found.append(("guidance", "\(guidance)")) }
        if let inversion = plan.inversion { found.append(("inversion", inversion)) }
        found.append(("masks", plan.givesMask ? "given to methods" : "for measuring alone"))
        found.append(("outside masks", plan.pastes ? "pixels pasted back" : "as decoded"))
        return found
    }

    private var failures: [(label: String, reason: String, count: Int)] {
        labels.flatMap { label in
            let reasons = rows.filter { $0.candidate == label }.compactMap(\.reason)
            return Dictionary(grouping: reasons) { $0 }.mapValues(\.count)
                .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { (label, $0.key, $0.value) }
        }
    }

    private var settings: [(label: String, text: String)] {
        labels.compactMap { label in
            guard var settings = rows.first(where: { $0.candidate == label })?.settings else {
                return nil
            }
            // Texts are the edits'.
            (settings.prompt, settings.source) = ("…", nil)
            return (try? jsonLine(settings, naming: .plain)).map { (label, $0) }
        }
    }

    /// Edits by chance, in their order; all where they are few.
    private var sample: [BenchmarkItem] {
        guard items.count > shownCount else { return items }
        var (generator, places) = (PCG32(seed: plan.edits.seed, stream: 5), Set<Int>())
        while places.count < shownCount { places.insert(generator.below(items.count)) }
        return places.sorted().map { items[$0] }
    }

    private func shown(_ item: BenchmarkItem) throws -> BenchmarkPage.Shown {
        let edit = item.edit
        var cells = [BenchmarkPage.Cell(label: "before", picture: try address(edit.request.image))]
        if let truth = edit.truths.first {
            cells.append(.init(label: "truth", picture: try address(truth.image)))
        }
        for label in labels where label != Candidate.nothing.label {
            guard let row = rows.last(where: { $0.item == item.id && $0.candidate == label }) else {
                continue
            }
            cells.append(
                BenchmarkPage.Cell(
                    label: label, picture: try pictures(row).map(address), note: note(row), flag: flag(row)))
        }
        return BenchmarkPage.Shown(
            item: item.id, source: edit.request.source ?? "", target: edit.request.prompt,
            kind: item.facts?.kind ?? "all", cells: cells)
    }

    private func note(_ row: Row) -> String {
        if let reason = row.reason { return String(reason.prefix(160)) }
        let shown = ["direction", "clip", "psnr.kept", "lpips.alex"].compactMap { name in
            row.measures?[name].map { "\(name) \(PageParts.number($0))" }
        }
        return (shown.isEmpty ? [] : [shown.joined(separator: ", ")]).joined()
    }

    /// What is odd about a result: there is none, it is the picture before within what the autoencoder changes, or it is
    /// among the tenth that changed most of what had to stay.
    private func flag(_ row: Row) -> String? {
        if row.status == .failed { return "failed" }
        if BenchmarkRows.references.contains(row.candidate) { return nil }
        let rivals = rows.filter { $0.item == row.item }
        if let own = row.measures?["psnr"],
            own >= rivals.first(where: { $0.candidate == "autoencoder" })?.measures?["psnr"] ?? 100
        {
            return "unchanged"
        }
        let name = row.measures?["psnr.kept"] == nil ? "psnr" : "psnr.kept"
        let all = rows.compactMap {
            BenchmarkRows.references.contains($0.candidate) ? nil : $0.measures?[name]
        }
        guard let own = row.measures?[name], all.count >= 10 else { return nil }
        return own < Statistics.quantile(0.1, of: all.sorted()) ? "changed most" : nil
    }

    /// A picture as the page holds it.
    private func address(_ image: Image) throws -> String {
        let long = max(image.width, image.height)
        let fitted = long > pictureSide ? Sheet.fitted(image, pictureSide) : image
        var options = WritingOptions()
        options.quality = 88
        let bytes = try fitted.encoded(as: .jpeg, options: options)
        return "data:image/jpeg;base64," + Data(bytes).base64EncodedString()
    }
}
