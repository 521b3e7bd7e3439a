import Foundation

extension BenchmarkFiles {
    /// FlexIT's `queries.csv` (`index, path, source, source_id, target, target_id, is_test`), those of the test part.
    ///
    /// Prompts are the names of classes, as DiffEdit has them; the kind is the target class, which CSFID is taken over.
    func flexIT() throws(BenchmarkDataError) -> [BenchmarkEntry] {
        let list = "queries.csv"
        let rows = try rows(of: list, needing: ["index", "path", "source", "target", "is_test"])
        return rows.filter { ["1", "true", "True"].contains($0["is_test"]) }.map { row in
            BenchmarkEntry(
                id: Self.padded(Int(row["index"] ?? "") ?? 0, 5),
                picture: place(row["path"] ?? ""), source: row["source"], target: row["target"] ?? "",
                kind: row["target"] ?? "")
        }
    }

    /// A table of one's own: `edits.csv` with `image` and `target`, and as may be `id`, `source`, `instruction`, `kind`,
    /// `mask` and `truth`.
    func table() throws(BenchmarkDataError) -> [BenchmarkEntry] {
        let rows = try rows(of: "edits.csv", needing: ["image", "target"])
        func given(_ row: [String: String], _ name: String) -> String? {
            row[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        return rows.enumerated().map { index, row in
            let image = row["image"] ?? ""
            let stem = Self.named(
                ((image as NSString).lastPathComponent as NSString).deletingPathExtension)
            return BenchmarkEntry(
                id: given(row, "id").map(Self.named) ?? "\(Self.padded(index + 1))-\(stem)",
                picture: place(image), source: given(row, "source"), target: row["target"] ?? "",
                instruction: given(row, "instruction"), kind: given(row, "kind") ?? "all",
                area: given(row, "mask").map { .file(place($0)) }, truth: given(row, "truth").map(place))
        }
    }

    private func place(_ path: String) -> String { path.hasPrefix("/") ? path : "\(folder)/\(path)" }

    /// The rows of a table by the names of its columns.
    private func rows(of list: String, needing columns: [String]) throws(BenchmarkDataError)
        -> [[String: String]]
    {
        let text = try text(list)
        guard let lines = CommaSeparated.rows(of: text) else {
            throw malformed(list, "a quotation mark has no end")
        }
        guard let header = lines.first else { throw malformed(list, "it is empty") }
        if let absent = columns.first(where: { !header.contains($0) }) {
            throw malformed(
                list, "there is no column \"\(absent)\"; there are \(header.joined(separator: ", "))")
        }
        var found: [[String: String]] = []
        for (index, line) in lines.dropFirst().enumerated() {
            guard line.count == header.count else {
                throw malformed(
                    list, "row \(index + 1) has \(line.count) values for \(header.count) columns")
            }
            found.append(Dictionary(zip(header, line)) { first, _ in first })
        }
        return found
    }
}

/// Tables of values with commas between (RFC 4180).
public enum CommaSeparated {
    /// The rows of a text, empty lines left out; nil where a quotation has no end.
    public static func rows(of text: String) -> [[String]]? {
        var (rows, row, value) = ([[String]](), [String](), "")
        var (isQuoted, wasQuoted) = (false, false)
        var characters = Array(text.replacing("\r\n", with: "\n"))
        if characters.last != "\n" { characters.append("\n") }
        var place = 0
        while place < characters.count {
            let character = characters[place]
            place += 1
            switch character {
            case "\"" where isQuoted && place < characters.count && characters[place] == "\"":
                value.append("\"")
                place += 1
            case "\"" where isQuoted: isQuoted = false
            case "\"" where value.isEmpty && !wasQuoted: (isQuoted, wasQuoted) = (true, true)
            case "," where !isQuoted:
                row.append(value)
                (value, wasQuoted) = ("", false)
            case "\n" where !isQuoted:
                if !(row.isEmpty && value.isEmpty && !wasQuoted) { rows.append(row + [value]) }
                (row, value, wasQuoted) = ([], "", false)
            default: value.append(character)
            }
        }
        return isQuoted ? nil : rows
    }

    /// A row as a line without its end.
    public static func line(_ values: [String]) -> String {
        values.map { value in
            value.contains { ",\"\n\r".contains($0) }
                ? "\"\(value.replacing("\"", with: "\"\""))\"" : value
        }.joined(separator: ",")
    }
}
