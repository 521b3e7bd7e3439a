public import Benchmarks
import Editing
public import Imaging
public import Perception

extension LabelJudge {
    /// What of an edit's prompt an image shows, by what was asked: `colour edits: colour`, `colour edits: kind` and
    /// likewise of edits of kind.
    ///
    /// - `hasTruth`: whether the true result of the edit is known, as it is of edits of colour.
    public func verdict(on image: Image, prompt: String, hasTruth: Bool) -> [String: Bool] {
        let seen = labels(of: [image])[0]
        let family: PhotoEdits.Family = hasTruth ? .colour : .kind
        var verdict: [String: Bool] = [:]
        for (group, wanted) in wanted(by: prompt) {
            verdict["\(family.rawValue) edits: \(group)"] = seen[group]?.name == wanted
        }
        return verdict
    }

    /// Likewise of what became of one of a benchmark's edits; nil where there is no image.
    public func verdict(on outcome: Outcome, of item: BenchmarkItem) -> [String: Bool]? {
        outcome.image.map {
            verdict(on: $0, prompt: item.edit.request.prompt, hasTruth: !item.edit.truths.isEmpty)
        }
    }
}
