public import Diffusion
public import Editing
public import Imaging

/// How far a study is.
public struct StudyMoment: Sendable {
    /// The candidate at work.
    public var candidate: String
    /// The edit it works on.
    public var item: String
    /// Results that are there.
    public var done: Int
    /// Results that there will be.
    public var total: Int
    /// Seconds that the rest will take, once every candidate was timed.
    public var secondsLeft: Double?
}

/// Every candidate on every edit, with rows that stay: what is in the folder is not computed again.
public struct Study<Items: BenchmarkItems>: Sendable {
    /// How many edits.
    public let count: Int
    /// What the rows depend on.
    public let plan: StudyPlan<Items>
    /// Who takes part.
    public let candidates: [Candidate]
    private let template: EditSettings
    /// The edits that this run works on; others are left to other runs.
    public var shard = Shard.whole
    /// Whether rows keep what methods were asked, and their place.
    public var keepsSettings = false

    /// A study.
    ///
    /// - `template`: steps, guidance and the like; images, prompts and seeds are the edits' own.
    public init(plan: StudyPlan<Items>, count: Int, candidates: [Candidate], template: EditSettings) {
        self.plan = plan
        self.count = count
        self.candidates = candidates
        self.template = template
    }

    /// Computes the rows that a folder lacks and adds each when it is finished.
    /// - Parameters:
    ///   - judging: what of an edit's prompt a result shows, by what was asked; nil where nobody can say.
    ///   - measuring: what else a result of the edit of an index is worth, by name; nil for nothing.
    /// - Throws: `CancellationError`, or what the file system or the source of the edits says.
    public func run(
        with runner: Runner, into folder: inout StudyFolder,
        judging: (Outcome, BenchmarkItem) -> [String: Bool]? = { _, _ in nil },
        measuring: (Outcome, Int) throws -> [String: Double]? = { _, _ in nil },
        tell: (StudyMoment) -> Void = { _ in },
        notify: (Notice) -> Void = { _ in }
    ) async throws {
        var seconds: [String: (sum: Double, count: Int)] = [:]
        for row in folder.rows where row.status == .done {
            seconds[row.candidate, default: (0, 0)] += row.seconds
        }
        let indices = (0..<count).filter(shard.holds)
        var left = Dictionary(uniqueKeysWithValues: candidates.map { ($0.label, indices.count) })
        var total = indices.count * candidates.count
        var done = 0
        for index in indices {
            let item = try plan.edits.item(index)
            let compared = item.edit.asked(as: template, givesMask: plan.givesMask, pastes: plan.pastes)
            for candidate in candidates {
                let label = candidate.label
                guard compared.canAsk(candidate) else {
                    left[label, default: 1] -= 1
                    total -= 1
                    continue
                }
                if folder.row(item: item.id, candidate: label) == nil {
                    try Task.checkCancellation()
                    let rest = left.filter { $0.value > 0 }.reduce(0.0 as Double?) { sum, entry in
                        guard let sum, let timed = seconds[entry.key] else { return nil }
                        return sum + Double(entry.value) * timed.sum / Double(timed.count)
                    }
                    tell(
                        StudyMoment(
                            candidate: label, item: item.id, done: done, total: total, secondsLeft: rest))
                    var outcome = try await runner.outcome(of: candidate, on: compared, notify: notify)
                    outcome.row.facts = item.facts
                    outcome.row.seen = judging(outcome, item)
                    outcome.row.measures = try measuring(outcome, index)
                    if keepsSettings {
                        outcome.row.index = index
                        outcome.row.settings = settings(of: candidate, on: compared)
                    }
                    try folder.add(outcome)
                    seconds[label, default: (0, 0)] += outcome.row.seconds
                }
                done += 1
                left[label, default: 1] -= 1
            }
        }
    }

    /// What a candidate is asked of an edit; nil where it edits nothing.
    private func settings(of candidate: Candidate, on compared: ComparedEdit) -> EditSettings? {
        guard case .method(let name, let options) = candidate.kind else { return nil }
        return try? compared.request(of: name, options: options).settings
    }

    /// The first edits that together show every kind once, before, true where that is known, and by everybody who ever
    /// made an image.
    public func sheet(from folder: StudyFolder, rows: Int = 12, side: Int = 112) throws -> Image {
        let labels = candidates.map(\.label).filter { label in
            label != Candidate.nothing.label
                && folder.rows.contains { $0.candidate == label && $0.status == .done }
        }
        var seen: Set<String> = []
        var lines: [[ContactSheet.Cell]] = []
        for index in 0..<count where lines.count < rows {
            let item = try plan.edits.item(index)
            let edit = item.edit
            let truth = edit.truths.first?.image
            guard let facts = item.facts, facts.area > 0 || truth == nil, seen.insert(facts.kind).inserted
            else { continue }
            var line = [
                ContactSheet.Cell(
                    Sheet.fitted(edit.request.image, side),
                    caption: edit.captions?.before ?? edit.request.source ?? ""),
                ContactSheet.Cell(
                    truth.map { Sheet.fitted($0, side) }, caption: edit.captions?.after ?? edit.request.prompt
                ),
            ]
            for label in labels {
                guard let row = folder.row(item: item.id, candidate: label) else { continue }
                let image =
                    row.status == .done
                    ? try Image(contentsOf: folder.imagePath(item: item.id, candidate: label)) : nil
                let gain = row.scores.gain.map { "\ngain \($0.fixed(2))" } ?? ""
                let wrong = (row.seen ?? [:]).filter { !$0.value }.keys.sorted()
                    .compactMap { $0.split(separator: " ").last.map(String.init) }
                let sight = wrong.isEmpty ? "" : "\nother \(wrong.joined(separator: ", "))"
                let note = row.status == .done ? gain + sight : "\nfailed"
                line.append(.init(image.map { Sheet.fitted($0, side) }, caption: label + note))
            }
            lines.append(line)
        }
        return ContactSheet(rows: lines, textScale: 1).image()
    }
}

/// Adds an observation to a sum.
private func += (sum: inout (sum: Double, count: Int), value: Double) {
    sum.sum += value
    sum.count += 1
}
