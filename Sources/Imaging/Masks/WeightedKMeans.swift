/// Centres of weighted points by Lloyd's algorithm, started deterministically.
///
/// The first centre is the heaviest point; each further one is the point of the largest weight times squared distance
/// to the centres so far (farthest-point start). Then points go to their nearest centre and centres to the weighted
/// mean of their points, a fixed number of times. A centre without weight stays where it is.
public struct WeightedKMeans: Sendable, Hashable {
    /// The centres.
    public private(set) var centres: [SIMD3<Float>]

    /// Centres of points.
    /// - Parameters:
    ///   - weights: one for each point, none below 0.
    ///   - count: how many centres.
    /// - Precondition: there is a point, and a weight for each.
    public init(_ points: [SIMD3<Float>], weights: [Float], count: Int, iterations: Int = 12) {
        precondition(!points.isEmpty && points.count == weights.count && count > 0, "points with weights")
        let heaviest = weights.indices.max { weights[$0] < weights[$1] } ?? 0
        var centres = [points[heaviest]]
        var nearest = points.map { Self.squared($0, points[heaviest]) }
        while centres.count < count {
            let next = points.indices.max { nearest[$0] * weights[$0] < nearest[$1] * weights[$1] } ?? 0
            centres.append(points[next])
            for index in points.indices {
                nearest[index] = min(nearest[index], Self.squared(points[index], points[next]))
            }
        }
        self.centres = centres
        for _ in 0..<iterations { update(points, weights) }
    }

    /// The squared distance of a point to the nearest centre.
    public func squaredDistance(to point: SIMD3<Float>) -> Float {
        var least = Float.infinity
        for centre in centres { least = min(least, Self.squared(point, centre)) }
        return least
    }

    /// One round: assignment, then means.
    private mutating func update(_ points: [SIMD3<Float>], _ weights: [Float]) {
        var sums = [SIMD3<Double>](repeating: .zero, count: centres.count)
        var totals = [Double](repeating: 0, count: centres.count)
        for (point, weight) in zip(points, weights) where weight > 0 {
            var (best, least) = (0, Float.infinity)
            for (index, centre) in centres.enumerated() {
                let distance = Self.squared(point, centre)
                if distance < least { (best, least) = (index, distance) }
            }
            sums[best] += SIMD3<Double>(point) * Double(weight)
            totals[best] += Double(weight)
        }
        for index in centres.indices where totals[index] > 1e-6 {
            centres[index] = SIMD3<Float>(sums[index] / totals[index])
        }
    }

    private static func squared(_ left: SIMD3<Float>, _ right: SIMD3<Float>) -> Float {
        let apart = left - right
        return (apart * apart).sum()
    }
}
