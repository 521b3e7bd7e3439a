import Benchmarks
import Foundation
import Imaging
import Support

/// Writes the report of a benchmark's folder into it.
struct BenchmarkFolderReport {
    /// The networks that measured; empty where the folder itself is to say.
    var networks: [MeasureOptions.Network] = []
    /// The file of a run's folder that names them.
    static let networkFile = "networks.json"

    /// Writes page, JSON and tables, and answers the overview for a terminal.
    func write(
        _ folder: StudyFolder, plan: StudyPlan<PublishedEdits>, labels: [String], items: [BenchmarkItem]
    ) throws -> TextTable {
        var outputs = BenchmarkOutputs(
            plan: plan, rows: folder.rows, labels: labels, items: items,
            pictures: { row in
                guard row.status == .done, row.candidate != Candidate.nothing.label else { return nil }
                return try? Image(contentsOf: folder.imagePath(item: row.item, candidate: row.candidate))
            })
        let networks = try networks(of: folder)
        outputs.facts = networks.map {
            ("measured by", "\($0.role): \(lastName(of: $0.folder)) (\($0.fingerprint))")
        }
        outputs.published = plan.edits.benchmark.published
        outputs.facts.append(("program", "pentimento \(Program.version)"))
        if items.count < 100 {
            outputs.warnings.append(
                "\(items.count) edits tell large differences alone; look at the intervals before any order."
            )
        }
        if plan.edits.entries.contains(where: { $0.source == nil }) {
            outputs.warnings.append(
                "Some edits have no text of the picture before: methods that need one fail on them, and directions are not told."
            )
        }
        for file in try outputs.files() { try folder.write(file.text, to: file.name) }
        return outputs.overall
    }

    /// The networks that measured: those that are known now, which the folder keeps, or those that it kept.
    private func networks(of folder: StudyFolder) throws -> [MeasureOptions.Network] {
        guard networks.isEmpty else {
            try folder.write(try jsonText(networks) + "\n", to: Self.networkFile)
            return networks
        }
        let kept = FileManager.default.contents(atPath: "\(folder.path)/\(Self.networkFile)")
        return kept.flatMap { try? JSONDecoder().decode([MeasureOptions.Network].self, from: $0) } ?? []
    }
}
