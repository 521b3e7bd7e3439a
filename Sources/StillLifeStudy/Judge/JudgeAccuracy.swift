public import StillLife

/// How often a judge is right, counted over images whose scenes are known.
public struct JudgeAccuracy: Sendable, Hashable, Codable {
    /// How often something was right of how often it was asked.
    public struct Count: Sendable, Hashable, Codable {
        /// How often it was right.
        public var right = 0
        /// How often it was asked.
        public var of = 0

        /// The share that was right; 0 where nothing was asked.
        public var share: Double { of > 0 ? Double(right) / Double(of) : 0 }

        /// No counts yet.
        public init() {}

        /// Counts an answer; nil was not asked.
        public mutating func add(_ isRight: Bool?) {
            guard let isRight else { return }
            right += isRight ? 1 : 0
            of += 1
        }
    }

    /// The counts by name: `one.kind`, `one.kind and colour`, `several.kinds`, `several.kinds and colours`, `state`,
    /// `count`, `nothing else`, `table`, `wall`, `style`.
    public private(set) var counts: [String: Count] = [:]

    /// No counts yet.
    public init() {}

    /// Counts what the judge saw in an image of a scene.
    public mutating func add(_ seen: ImageAttributes, of scene: Scene) {
        let verdict = Verdict(seen, wanted: WantedScene(scene))
        if scene.objects.count == 1 {
            add(verdict.kinds, "one.kind")
            add(verdict.colours, "one.kind and colour")
        } else {
            add(verdict.kinds, "several.kinds")
            add(verdict.colours, "several.kinds and colours")
        }
        add(verdict.states, "state")
        add(verdict.count, "count")
        add(verdict.nothingElse, "nothing else")
        add(verdict.table, "table")
        add(verdict.wall, "wall")
        add(verdict.style, "style")
    }

    private mutating func add(_ isRight: Bool?, _ name: String) {
        guard isRight != nil else { return }
        counts[name, default: Count()].add(isRight)
    }
}
