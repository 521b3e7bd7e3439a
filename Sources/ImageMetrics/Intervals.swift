/// A value with the bounds between which it may well lie.
public struct Interval: Sendable, Hashable, Codable {
    /// The value.
    public var value: Double
    /// The lower bound.
    public var low: Double
    /// The upper bound.
    public var high: Double
    /// How many observations it rests on.
    public var count: Int

    /// A value between bounds.
    public init(value: Double, low: Double, high: Double, count: Int) {
        self.value = value
        self.low = low
        self.high = high
        self.count = count
    }
}

/// One observation, and the image it comes from: observations of one image are drawn together.
public struct Observation: Sendable, Hashable {
    /// What was measured.
    public var value: Double
    /// The source image.
    public var cluster: String

    /// A value of a cluster.
    public init(_ value: Double, cluster: String) {
        self.value = value
        self.cluster = cluster
    }
}

/// Intervals of means and shares.
public enum Statistics {
    /// How often resampling draws, where nothing else is said.
    public static let draws = 10_000

    /// The mean with a percentile bootstrap interval, whole clusters drawn with replacement; nil of nothing.
    ///
    /// Each draw takes as many clusters as there are (in order of their first observation, `PCG32.below`) and averages
    /// their observations. Bounds are quantiles of the sorted means, linear between neighbours.
    public static func bootstrap(
        _ observations: [Observation], seed: UInt64, draws: Int = draws, confidence: Double = 0.95
    ) -> Interval? {
        guard !observations.isEmpty, draws > 0 else { return nil }
        let clusters = clusterSums(observations)
        let mean = observations.reduce(0) { $0 + $1.value } / Double(observations.count)
        var generator = PCG32(seed: seed)
        var means: [Double] = []
        means.reserveCapacity(draws)
        for _ in 0..<draws {
            var (sum, count) = (0.0, 0)
            for _ in clusters.indices {
                let drawn = clusters[generator.below(clusters.count)]
                sum += drawn.sum
                count += drawn.count
            }
            means.append(sum / Double(count))
        }
        means.sort()
        let tail = (1 - confidence) / 2
        return Interval(
            value: mean, low: quantile(tail, of: means), high: quantile(1 - tail, of: means),
            count: observations.count)
    }

    /// The mean of first minus second, pair by pair, with its bootstrap interval.
    public static func pairedDifference(
        _ pairs: [(first: Double, second: Double, cluster: String)], seed: UInt64, draws: Int = draws
    ) -> Interval? {
        bootstrap(
            pairs.map { Observation($0.first - $0.second, cluster: $0.cluster) }, seed: seed, draws: draws)
    }

    /// A share of successes with Wilson's interval (1927); nil of no trials.
    public static func wilson(successes: Int, of trials: Int, z: Double = 1.959963984540054) -> Interval? {
        guard trials > 0 else { return nil }
        let (n, share) = (Double(trials), Double(successes) / Double(trials))
        let centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        let reach = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        return Interval(
            value: share, low: max(centre - reach, 0), high: min(centre + reach, 1), count: trials)
    }

    /// The mean; nil of nothing.
    public static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The median; nil of nothing.
    public static func median(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : quantile(0.5, of: values.sorted())
    }

    /// The quantile of sorted values, linear between neighbours (R's type 7).
    public static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        precondition(!sorted.isEmpty, "no quantile of nothing")
        let place = min(max(share, 0), 1) * Double(sorted.count - 1)
        let index = min(Int(place), sorted.count - 1)
        let next = min(index + 1, sorted.count - 1)
        return sorted[index] + (place - Double(index)) * (sorted[next] - sorted[index])
    }

    /// Sums and counts of clusters, in the order of their first observation.
    static func clusterSums(_ observations: [Observation]) -> [(sum: Double, count: Int)] {
        var places: [String: Int] = [:]
        var sums: [(sum: Double, count: Int)] = []
        for observation in observations {
            let place = places[observation.cluster] ?? sums.count
            if place == sums.count {
                places[observation.cluster] = place
                sums.append((0, 0))
            }
            sums[place].sum += observation.value
            sums[place].count += 1
        }
        return sums
    }
}
