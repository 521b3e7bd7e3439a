/// What an inversion is and can be told; command line, library and web page read this one description.
public struct InversionDescription: Sendable, Hashable, Codable {
    /// Which one; its raw value is the name on a command line.
    public var kind: InversionKind
    /// The name in its paper.
    public var title: String
    /// What it does, in one sentence.
    public var summary: String
    /// Authors, title, where to find it.
    public var paper: String
    /// When it was published.
    public var year: Int
    /// Forwards (F) and backwards (B) for K levels, as a formula.
    public var cost: String
    /// Whether the source branch comes back to the image exactly, whatever the guidance.
    public var isExact: Bool
    /// Its own options.
    public var options: [OptionDescription]

    /// A description.
    public init(
        kind: InversionKind, title: String, summary: String, paper: String, year: Int, cost: String,
        isExact: Bool = false, options: [OptionDescription] = []
    ) {
        self.kind = kind
        self.title = title
        self.summary = summary
        self.paper = paper
        self.year = year
        self.cost = cost
        self.isExact = isExact
        self.options = options
    }

    /// All of them, in the order of `pentimento methods --inversions`.
    public static var all: [InversionDescription] { InversionKind.allCases.map(\.description) }
}
