public import Editing
import Foundation
import Imaging
public import Support

/// What a study's rows depend on; rows of another plan do not belong beside them.
public struct StudyPlan<Items: BenchmarkItems>: Sendable, Hashable, Codable {
    /// Raised when scores change their meaning.
    public var schema = 2
    /// Raised when the same seed gives another scene.
    public var worldVersion: Int
    /// The edits.
    public var edits: Items
    /// The model's name.
    public var model: String
    /// A short hash of its weights and settings.
    public var modelFingerprint: String
    /// Which defaults count; where nil, the model's own settings before the paper's.
    public var preset: Preset?
    /// Steps, where not left to the methods.
    public var steps: Int?
    /// Guidance scale, where not left to the methods.
    public var guidance: Double?
    /// How images are brought to noise, where not left to the methods.
    public var inversion: String?
    /// Whether methods are told where the true edit changes the image.
    public var givesMask: Bool
    /// Whether the image's own pixels are pasted back outside masks.
    public var pastes: Bool

    /// A plan.
    public init(
        worldVersion: Int, edits: Items, model: String, modelFingerprint: String, preset: Preset?,
        steps: Int?, guidance: Double?, inversion: String?, givesMask: Bool, pastes: Bool = false
    ) {
        self.worldVersion = worldVersion
        self.edits = edits
        self.model = model
        self.modelFingerprint = modelFingerprint
        self.preset = preset
        self.steps = steps
        self.guidance = guidance
        self.inversion = inversion
        self.givesMask = givesMask
        self.pastes = pastes
    }
}

/// Why a study's folder cannot be used.
public enum StudyError: UserError, Equatable {
    /// The folder holds something that is no study.
    case occupied(String)
    /// The folder holds rows of another plan.
    case otherPlan(String)
    /// The folder holds no study.
    case noStudy(String)
    /// Two runs that are to be one have different results of an edit.
    case conflict(item: String, candidate: String)
    /// A run has no such row.
    case noRow(path: String, item: String, candidate: String)
    /// A line of the rows cannot be read.
    case malformedRow(path: String, line: Int)
    /// A file of it cannot be written, as the text says; `isFault` where the machine and not the place is why.
    case cannotWrite(String, isFault: Bool)

    /// Where the cause lies: in the folder, or in the machine.
    public var kind: UserErrorKind {
        if case .cannotWrite(_, isFault: true) = self { .environment } else { .badInput }
    }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .occupied(let path):
            "\(path) holds something that is no study; name a new folder or an empty one"
        case .otherPlan(let path):
            "\(path) holds a study with another seed, model or settings; name another folder, or ask for the same"
        case .noStudy(let path): "\(path) holds no study or benchmark"
        case .conflict(let item, let candidate):
            "two of the runs have different results of \(candidate) on \(item); they are not parts of one"
        case .noRow(let path, let item, let candidate):
            "\(path) has no row of \(candidate) on \(item)"
        case .malformedRow(let path, let line):
            "\(path): line \(line) is no row of a study; remove the line, and it is computed again"
        case .cannotWrite(let reason, _): reason
        }
    }
}

/// The folder of a study: `study.json` (its plan), `rows.jsonl` (one line a result) and `images/CONTENDER/ITEM.png`.
///
/// A row is added when its image is in place, so whatever is in `rows.jsonl` is whole.
public struct StudyFolder: Sendable {
    /// Where it lies.
    public let path: String
    /// All rows so far, in the order of their making.
    public private(set) var rows: [Row]

    /// Opens or makes the folder of a plan.
    /// - Throws: `StudyError`, or what the file system says.
    public init<Items>(_ path: String, plan: StudyPlan<Items>) throws {
        self.path = path
        rows = []
        let files = FileManager.default
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let manifest = path + "/study.json"
        if files.fileExists(atPath: path) {
            let inside = (try? files.contentsOfDirectory(atPath: path)) ?? ["?"]
            if let text = files.contents(atPath: manifest) {
                guard (try? JSONDecoder().decode(StudyPlan<Items>.self, from: text)) == plan else {
                    throw StudyError.otherPlan(path)
                }
                rows = try Self.readRows(rowsPath)
            } else if !inside.isEmpty {
                throw StudyError.occupied(path)
            }
        }
        Temporaries.removeLeftovers(in: path)
        try Self.telling {
            try WholeFolder.make(path + "/pictures")
            try WholeFile.write(encoder.encode(plan), to: manifest)
            // Without the half line that an interrupted run may have left.
            try WholeFile.write(rows.map { try Self.line($0) }.joined(), to: rowsPath)
        }
    }

    private var rowsPath: String { path + "/rows.jsonl" }

    /// The finished row of a candidate on an item.
    public func row(item: String, candidate: String) -> Row? {
        rows.last { $0.item == item && $0.candidate == candidate }
    }

    /// Keeps an outcome: its image first, then its row.
    public mutating func add(_ outcome: Outcome) throws {
        if let image = outcome.image, outcome.row.candidate != Candidate.nothing.label {
            let file = imagePath(item: outcome.row.item, candidate: outcome.row.candidate)
            try Self.telling { try WholeFolder.make(folder(of: outcome.row.candidate)) }
            try image.write(to: file)
        }
        let line = Array(try Self.line(outcome.row).utf8)
        try Self.telling {
            let file = open(rowsPath, O_WRONLY | O_APPEND | O_CLOEXEC)
            guard file >= 0 else { throw WriteFailure(rowsPath, number: errno) }
            defer { close(file) }
            do { try line.withUnsafeBytes { try WholeFile.writeAll($0, to: file) } } catch let failure
                as SystemFailure
            {
                throw WriteFailure(rowsPath, number: failure.number)
            }
        }
        rows.append(outcome.row)
    }

    /// Does something whose failures in writing become a study's own.
    static func telling(_ body: () throws -> Void) throws {
        do { try body() } catch let failure as WriteFailure {
            throw StudyError.cannotWrite("\(failure)", isFault: failure.isFault)
        }
    }

    /// Where a result lies.
    public func imagePath(item: String, candidate: String) -> String {
        folder(of: candidate) + "/\(item).png"
    }

    /// Puts the rows into the order of the edits and, of each edit, of the candidates, so that runs in parts, or in several
    /// goes, end with one file.
    public mutating func arrange(_ labels: [String]) throws {
        rows = Row.arranged(rows, labels)
        let text = try rows.map { try Self.line($0) }.joined()
        try Self.telling { try WholeFile.write(text, to: rowsPath) }
    }

    /// Writes a text beside the rows, whole or not at all.
    public func write(_ text: String, to name: String) throws {
        try Self.telling { try WholeFile.write(text, to: path + "/" + name) }
    }

    private func folder(of candidate: String) -> String {
        let allowed = candidate.map {
            $0.isASCII && ($0.isLetter || $0.isNumber || "-.=".contains($0)) ? $0 : "_"
        }
        return path + "/pictures/" + String(allowed)
    }

    static func line(_ row: Row) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(row), as: UTF8.self) + "\n"
    }

    /// The rows of a file; the last line may be half there, no other.
    static func readRows(_ path: String) throws -> [Row] {
        guard let text = FileManager.default.contents(atPath: path) else { return [] }
        let lines = text.split(separator: UInt8(ascii: "\n"))
        let isWhole = text.last == UInt8(ascii: "\n")
        var rows: [Row] = []
        for (index, line) in lines.enumerated() {
            if let row = try? JSONDecoder().decode(Row.self, from: Data(line)) {
                rows.append(row)
            } else if isWhole || index < lines.count - 1 {
                throw StudyError.malformedRow(path: path, line: index + 1)
            }
        }
        return rows
    }
}
