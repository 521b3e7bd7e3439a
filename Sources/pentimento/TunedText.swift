import Diffusion
import Editing
import Foundation

/// What a file of tuned embeddings or weights says of itself, for people.
struct TunedText {
    private let record: TunedRecord

    init(_ record: TunedRecord) { self.record = record }

    /// What it cost and how far the loss went down, in one line.
    var short: String {
        let steps = record.losses.values.reduce(0) { $0 + $1.count }
        let parts =
            [record.method, "\(steps) steps"] + record.losses.keys.sorted().compactMap(change)
            + [String(format: "%.1f s", record.cost.seconds)]
        return parts.joined(separator: ", ")
    }

    /// Everything, a line each.
    var lines: String {
        var lines = ["tuned for: \(record.isForAnyMethod ? "any method (weights)" : record.method)"]
        lines.append("model: \(record.model) (\(record.base))")
        lines += [("prompt", record.prompt), ("source", record.source), ("prior prompt", record.prior)]
            .compactMap { name, text in text.map { "\(name): \($0)" } }
        lines.append(
            "pictures: \(record.images), \(record.size.map(String.init).joined(separator: "x")) pixels")
        lines += record.settings.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        for (stage, losses) in record.losses.sorted(by: { $0.key < $1.key }) {
            guard let change = change(of: stage) else { continue }
            lines.append("\(stage): \(losses.count) steps, \(change)")
            lines.append("  " + Self.curve(losses))
        }
        lines.append(
            String(
                format: "cost: %d passes there, %d back, %.1f s", record.cost.forwards, record.cost.backwards,
                record.cost.seconds))
        if let program = record.program { lines.append("program: \(program)") }
        return lines.joined(separator: "\n")
    }

    private func change(of stage: String) -> String? {
        record.change(of: stage).map { String(format: "loss %.4f to %.4f", $0.first, $0.last) }
    }

    /// A curve in at most forty blocks, each the mean of as many steps; the tallest is the largest.
    static func curve(_ losses: [Float]) -> String {
        let count = min(losses.count, 40)
        let means = (0..<count).map { part in
            let range = (part * losses.count / count)..<((part + 1) * losses.count / count)
            return losses[range].reduce(0, +) / Float(range.count)
        }
        guard let most = means.max(), most > 0 else { return "" }
        let blocks = Array("▁▂▃▄▅▆▇█")
        return String(means.map { blocks[min(Int($0 / most * 8), 7)] })
    }
}
