import Editing
public import Imaging

/// Contact sheets of comparisons.
public enum Sheet {
    /// The image before, the true one where known, and every candidate's, on one sheet.
    ///
    /// A candidate without an image keeps its place, with the reason in it. Doing nothing has none: it is the first.
    public static func image(
        of compared: ComparedEdit, _ outcomes: [Outcome], columns: Int? = nil, side: Int = 256
    ) -> Image {
        var cells = [
            ContactSheet.Cell(
                fitted(compared.request.image, side),
                caption: compared.request.source.map { "before: \($0)" } ?? "before")
        ]
        if let truth = compared.truths.first {
            cells.append(.init(fitted(truth.image, side), caption: "truth: \(compared.request.prompt)"))
        }
        for outcome in outcomes where outcome.row.candidate != Candidate.nothing.label {
            cells.append(
                .init(outcome.image.map { fitted($0, side) }, caption: caption(of: outcome.row)))
        }
        let across = columns ?? min(cells.count, cells.count <= 5 ? 5 : (cells.count <= 12 ? 4 : 5))
        return ContactSheet(cells, columns: across).image()
    }

    /// The image before, the true one where known, and one candidate's, side by side.
    public static func panel(of compared: ComparedEdit, _ outcome: Outcome, side: Int = 256) -> Image? {
        guard let image = outcome.image else { return nil }
        var cells = [
            ContactSheet.Cell(
                fitted(compared.request.image, side), caption: compared.request.source ?? "before")
        ]
        if let truth = compared.truths.first {
            cells.append(.init(fitted(truth.image, side), caption: "the true edit"))
        }
        cells.append(
            .init(fitted(image, side), caption: "\(compared.request.prompt)\n\(caption(of: outcome.row))"))
        return ContactSheet(rows: [cells]).image()
    }

    /// A candidate's name with what it is worth.
    static func caption(of row: Row) -> String {
        let title = Candidate.title(of: row.candidate)
        if let reason = row.reason { return "\(title)\nfailed: \(reason.prefix(120))" }
        var parts: [String] = []
        if let gain = row.scores.gain { parts.append("gain \(gain.fixed(2))") }
        if let kept = row.scores.preservation {
            parts.append(row.scores.preservesAll == true ? "outside equal" : "outside \(kept.fixed(1)) dB")
        }
        return parts.isEmpty ? title : "\(title)\n\(parts.joined(separator: ", "))"
    }

    /// An image whose long side is `side`, enlarged where it is smaller.
    static func fitted(_ image: Image, _ side: Int) -> Image {
        var plain = image
        plain.profile = nil
        let long = max(image.width, image.height)
        guard long != side else { return plain }
        return plain.resized(
            width: max(image.width * side / long, 1), height: max(image.height * side / long, 1))
    }
}
