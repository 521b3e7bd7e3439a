public import Editing

/// What became of one candidate on one edit: a line of a study's `rows.jsonl`, an entry of `compare --json`.
public struct Row: Sendable, Hashable, Codable {
    /// How it ended.
    public enum Status: String, Sendable, Codable {
        /// With an image.
        case done
        /// Without one; `reason` says why.
        case failed
    }

    /// The edit.
    public var item: String
    /// The candidate's label.
    public var candidate: String
    /// How it ended.
    public var status: Status
    /// Why there is no image.
    public var reason: String?
    /// Seed of all noise.
    public var seed: UInt64
    /// Wall time.
    public var seconds: Double
    /// Network passes forward, one per latent.
    public var forwards: Int
    /// Network passes backward, one per latent.
    public var backwards: Int
    /// What the result is worth; empty where there is none.
    public var scores: Scores
    /// What the user was warned of.
    public var warnings: [String]
    /// What of the prompt a judge sees in the result, by what was asked; nil where nobody judged.
    public var seen: [String: Bool]?
    /// What else was measured, by its name; nil where nothing was.
    public var measures: [String: Double]?
    /// What is known of the edit.
    public var facts: ItemFacts?
    /// The edit's place in its benchmark, from 0; nil where runs keep no settings.
    public var index: Int?
    /// What the method was asked, where runs keep it.
    public var settings: EditSettings?

    /// The keys of the rows' JSON, in which a candidate is a contender and facts are those of a still life.
    private enum CodingKeys: String, CodingKey {
        case item, candidate = "contender", status, reason, seed, seconds, forwards, backwards, scores,
            warnings, seen, measures, facts = "stillLife", index, settings
    }
}
