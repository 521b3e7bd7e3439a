import Editing
public import Imaging

/// Contact sheets of comparisons.
public enum Sheet {
    /// The picture before, the true one where known, and every contender's, on one sheet.
    ///
    /// A contender without a picture keeps its place, with the reason in it. Doing nothing has none: it is the first.
    public static func picture(
        of compared: ComparedEdit, _ outcomes: [Outcome], columns: Int? = nil, side: Int = 256
    ) -> Picture {
        var cells = [
            ContactSheet.Cell(
                fitted(compared.request.picture, side),
                caption: compared.request.source.map { "before: \($0)" } ?? "before")
        ]
        if let truth = compared.truths.first {
            cells.append(.init(fitted(truth.picture, side), caption: "truth: \(compared.request.prompt)"))
        }
        for outcome in outcomes where outcome.row.contender != Contender.nothing.label {
            cells.append(
                .init(outcome.picture.map { fitted($0, side) }, caption: caption(of: outcome.row)))
        }
        let across = columns ?? min(cells.count, cells.count <= 5 ? 5 : (cells.count <= 12 ? 4 : 5))
        return ContactSheet(cells, columns: across).picture()
    }

    /// The picture before, the true one where known, and one contender's, side by side.
    public static func panel(of compared: ComparedEdit, _ outcome: Outcome, side: Int = 256) -> Picture? {
        guard let picture = outcome.picture else { return nil }
        var cells = [
            ContactSheet.Cell(
                fitted(compared.request.picture, side), caption: compared.request.source ?? "before")
        ]
        if let truth = compared.truths.first {
            cells.append(.init(fitted(truth.picture, side), caption: "the true edit"))
        }
        cells.append(
            .init(fitted(picture, side), caption: "\(compared.request.prompt)\n\(caption(of: outcome.row))"))
        return ContactSheet(rows: [cells]).picture()
    }

    /// A contender's name with what it is worth.
    static func caption(of row: Row) -> String {
        let title = Contender.title(of: row.contender)
        if let reason = row.reason { return "\(title)\nfailed: \(reason.prefix(120))" }
        var parts: [String] = []
        if let gain = row.scores.gain { parts.append("gain \(gain.fixed(2))") }
        if let kept = row.scores.preservation {
            parts.append(row.scores.preservesAll == true ? "outside equal" : "outside \(kept.fixed(1)) dB")
        }
        return parts.isEmpty ? title : "\(title)\n\(parts.joined(separator: ", "))"
    }

    /// A picture whose long side is `side`, enlarged where it is smaller.
    static func fitted(_ picture: Picture, _ side: Int) -> Picture {
        var plain = picture
        plain.profile = nil
        let long = max(picture.width, picture.height)
        guard long != side else { return plain }
        return plain.resized(
            width: max(picture.width * side / long, 1), height: max(picture.height * side / long, 1))
    }
}
