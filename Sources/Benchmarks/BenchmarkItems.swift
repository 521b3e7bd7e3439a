public import Editing

/// A set of edits that methods are compared on; all of it follows from its own values.
public protocol BenchmarkItems: Sendable, Hashable, Codable {
    /// What everything that is drawn follows from.
    var seed: UInt64 { get }
    /// The kinds of edits, in the order of the tables.
    var kindNames: [String] { get }
    /// The kind that a table over all edits leaves out, because its gains are of another size.
    var kindApart: String? { get }
    /// What the edits are, for the first sentence of a report.
    func introduction(count: Int) -> String
    /// What must be known of the right answers, as sentences of a report; empty where there is nothing to say.
    var answersNote: String { get }
    /// Which of the edits can be told by a command.
    var commands: CommandUse { get }
    /// The edit of an index; it does not depend on how many there are.
    /// - Throws: what the source of the edits says.
    func item(_ index: Int) throws -> BenchmarkItem
}

extension BenchmarkItems {
    /// None of them.
    public var commands: CommandUse { .none }
}

/// Which edits of a set a command tells, and whether their prompts do.
public enum CommandUse: Sendable, Hashable {
    /// None.
    case none
    /// Some; prompts tell all of them.
    case some
    /// All; prompts tell some of them.
    case all
    /// All, and prompts tell none of them.
    case only
}

/// One edit of a benchmark.
public struct BenchmarkItem: Sendable {
    /// What methods are asked, with the right answers where they are known.
    ///
    /// Steps, guidance and the like are the study's.
    public let edit: ComparedEdit
    /// What reports are split by.
    public let facts: ItemFacts?

    /// An edit and its facts.
    public init(edit: ComparedEdit, facts: ItemFacts? = nil) {
        self.edit = edit
        self.facts = facts
    }

    /// What it is called.
    public var id: String { edit.id }
}

/// What a study's report is split by.
public struct ItemFacts: Sendable, Hashable, Codable {
    /// The kind of edit.
    public var kind: String
    /// The source image, which intervals are clustered by.
    public var scene: String
    /// Whether the prompt leaves only one answer.
    public var isDetermined: Bool
    /// The share of the image that the true edit changes; 0 where that is not known.
    public var area: Double

    /// The facts of an edit.
    public init(kind: String, scene: String, isDetermined: Bool, area: Double) {
        self.kind = kind
        self.scene = scene
        self.isDetermined = isDetermined
        self.area = area
    }
}
