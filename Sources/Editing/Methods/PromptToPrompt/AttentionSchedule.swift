public import Tensors

/// A part of the way from noise to image: 0 is the first (noisiest) step, 1 the last.
public struct StepBounds: Sendable, Hashable {
    /// Where it begins, in 0...1.
    public var lower: Double
    /// Where it ends, in 0...1.
    public var upper: Double

    /// From one share of the way to another.
    public init(_ lower: Double, _ upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// The bounds that a text means: `0.8` for 0 to 0.8, or both as `0.2-0.8`; nil where it means none.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map {
            Double($0.trimmingPrefix(while: \.isWhitespace))
        }
        guard let last = parts.last, let upper = last, parts.count <= 2, (0...1).contains(upper) else {
            return nil
        }
        let lower = parts.count == 2 ? parts[0] : 0
        guard let lower, lower >= 0, lower <= upper else { return nil }
        self.init(lower, upper)
    }

    /// The steps of a sampling, counted from the noisiest: those from ⌊lower·rows⌋ to before ⌊upper·rows⌋.
    ///
    /// Products are rounded to 1e-9 first, as `Trajectory.reach` does.
    public func steps(of rows: Int) -> Range<Int> {
        func place(_ share: Double) -> Int {
            Int(((share * Double(rows) * 1e9).rounded() / 1e9).rounded(.down))
        }
        return place(lower)..<place(upper)
    }
}

/// How much of the source's map each target token takes over at each step (α), noisiest step first.
public struct AttentionSchedule: Sendable, Hashable {
    /// α by step and token position.
    public let weights: [[Double]]

    /// A schedule from its table; a row for every step, a column for every position of the prompt's ids.
    public init(weights: [[Double]]) { self.weights = weights }

    /// Ones within bounds: those of `words` for their tokens (the last of a position counts), `usual` elsewhere.
    ///
    /// - `steps`: how many steps are sampled (T).
    /// - `length`: positions of a prompt's ids (L).
    /// - `official`: bounds are shares of T + 1 rows, as in the published code, whose sampler made T + 1 calls.
    public init(
        steps: Int, length: Int, usual: StepBounds,
        words: [(positions: [Range<Int>], bounds: StepBounds)] = [],
        official: Bool = false
    ) {
        let rows = official ? steps + 1 : steps
        var bounds = [Range<Int>](repeating: usual.steps(of: rows), count: length)
        for word in words {
            for position in word.positions.joined() { bounds[position] = word.bounds.steps(of: rows) }
        }
        weights = (0..<steps).map { step in bounds.map { $0.contains(step) ? 1 : 0 } }
    }

    /// Whether a step takes over anything.
    public func isActive(at step: Int) -> Bool {
        weights.indices.contains(step) && weights[step].contains { $0 != 0 }
    }

    /// α of a step, [L].
    public func row(_ step: Int) -> Tensor {
        Tensor(weights[step].map { Float($0) }, shape: [weights[step].count])
    }
}
