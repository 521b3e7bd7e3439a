import Foundation
import Support

extension Row {
    /// Rows in the order of the edits and, of each edit, of candidates; those without a place follow as they were.
    static func arranged(_ rows: [Row], _ labels: [String]) -> [Row] {
        let places = Dictionary(labels.enumerated().map { ($1, $0) }) { first, _ in first }
        return rows.enumerated().sorted { one, other in
            let keys = [one, other].map { entry in
                (
                    entry.element.index ?? .max, places[entry.element.candidate] ?? .max,
                    entry.element.candidate,
                    entry.offset
                )
            }
            return keys[0] < keys[1]
        }.map(\.element)
    }
}

/// Runs of parts of one benchmark, put together.
public enum StudyParts {
    /// Puts runs of one plan into a new folder, which is then what one run would have left, but for seconds.
    /// - Returns: all rows.
    /// - Throws: `StudyError`, or what the file system says.
    @discardableResult
    public static func merge(_ parts: [String], into path: String) throws -> [Row] {
        let files = FileManager.default
        var (plan, rows, labels) = (Data?.none, [Row](), [String]())
        var known: [String: Row] = [:]
        for part in parts {
            guard let own = files.contents(atPath: part + "/study.json") else {
                throw StudyError.noStudy(part)
            }
            guard plan == nil || plan == own else { throw StudyError.otherPlan(part) }
            plan = own
            for row in try StudyFolder.readRows(part + "/rows.jsonl") {
                if !labels.contains(row.candidate) { labels.append(row.candidate) }
                let key = "\(row.candidate)\u{1f}\(row.item)"
                guard let other = known[key] else {
                    known[key] = row
                    rows.append(row)
                    continue
                }
                guard other.isSame(as: row) else {
                    throw StudyError.conflict(item: row.item, candidate: row.candidate)
                }
            }
        }
        if files.fileExists(atPath: path),
            (try? files.contentsOfDirectory(atPath: path))?.isEmpty != true
        {
            throw StudyError.occupied(path)
        }
        guard let plan else { throw StudyError.noStudy(path) }
        let arranged = Row.arranged(rows, labels)
        let text = try arranged.map { try StudyFolder.line($0) }.joined()
        try StudyFolder.telling {
            try WholeFolder.make(path + "/pictures")
            for part in parts { try copyPictures(of: part, into: path) }
            try WholeFile.write(plan, to: path + "/study.json")
            try WholeFile.write(text, to: path + "/rows.jsonl")
        }
        return arranged
    }

    private static func copyPictures(of part: String, into path: String) throws {
        let files = FileManager.default
        let root = part + "/pictures"
        for folder in (try? files.contentsOfDirectory(atPath: root))?.sorted() ?? [] {
            try WholeFolder.make("\(path)/pictures/\(folder)")
            for name in try files.contentsOfDirectory(atPath: "\(root)/\(folder)").sorted() {
                let target = "\(path)/pictures/\(folder)/\(name)"
                if !files.fileExists(atPath: target) {
                    try files.copyItem(atPath: "\(root)/\(folder)/\(name)", toPath: target)
                }
            }
        }
    }
}

extension Row {
    /// Whether two rows tell the same result, however long it took.
    func isSame(as other: Row) -> Bool {
        var (one, two) = (self, other)
        (one.seconds, two.seconds) = (0, 0)
        return one == two
    }
}
