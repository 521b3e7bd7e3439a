import Foundation

extension Double {
    /// The number with so many digits behind the point; zero is never negative.
    func fixed(_ digits: Int) -> String {
        let text = String(format: "%.\(digits)f", self)
        return text.allSatisfy { "-0.".contains($0) } && text.hasPrefix("-") ? String(text.dropFirst()) : text
    }
}

/// Rows and columns of text.
public struct TextTable: Sendable, Hashable {
    /// Names of the columns.
    public var header: [String]
    /// The rows, each as long as the header.
    public var rows: [[String]]
    /// What the columns mean, on one line, where that is not plain.
    public var legend: String?

    /// A table.
    public init(header: [String], rows: [[String]], legend: String? = nil) {
        self.header = header
        self.rows = rows
        self.legend = legend
    }

    /// Columns of equal width, the first set to the left and the others to the right.
    public var plain: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, widths).enumerated().map { index, cell in
                let room = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + room : room + cell.0
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// The table as Markdown, numbers to the right.
    public var markdown: String {
        let rule = header.indices.map { $0 == 0 ? "---" : "--:" }
        return ([header, rule] + rows).map { row in
            "| " + row.map { $0.replacingOccurrences(of: "|", with: "\\|") }.joined(separator: " | ") + " |"
        }.joined(separator: "\n")
    }

    /// The table of one image's comparison; failures stand in it with dashes.
    public init(_ rows: [Row]) {
        let scored = rows.filter { $0.status == .done }
        let columns: [(name: String, meaning: String?, value: (Row) -> String?)] = [
            ("seconds", nil, { $0.seconds.fixed(1) }),
            ("forwards", "passes of the network", { "\($0.forwards)" }),
            ("backwards", "passes back", { $0.backwards > 0 ? "\($0.backwards)" : nil }),
            ("change", "mean difference to the photo, 0 to 1", { $0.scores.change?.fixed(3) }),
            ("inside", "the same where it may change", { $0.scores.changeInside?.fixed(3) }),
            (
                "outside dB", "likeness to the photo elsewhere, more is closer",
                { row in
                    row.scores.preservation.map { row.scores.preservesAll == true ? "equal" : $0.fixed(1) }
                }
            ),
            (
                "area", "share of the picture that may change",
                { $0.scores.area.map { ($0 * 100).fixed(0) + " %" } }
            ),
            (
                "gain", "1 is the true result, 0 doing nothing, below 0 worse than that",
                { $0.scores.gain?.fixed(2) }
            ),
        ]
        let shown = columns.filter { column in
            column.name == "seconds" || scored.contains { column.value($0) != nil }
        }
        header = ["method"] + shown.map(\.name)
        self.rows = rows.map { row in
            [row.candidate]
                + shown.map { column in row.status == .done ? column.value(row) ?? "-" : "-" }
        }
        legend = shown.compactMap { column in column.meaning.map { "\(column.name): \($0)" } }.joined(
            separator: "; ")
    }
}
