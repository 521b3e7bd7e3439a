import Foundation
import Imaging

/// The few statistics of a model's card, by their definitions.
enum Numbers {
    /// Peak signal-to-noise ratio of two pictures of one size, in dB: -10·log₁₀ of the mean square of differences of
    /// values in 0…1; at most 100.
    static func decibels(_ one: Picture, _ other: Picture) -> Double {
        var sum = 0.0
        for (a, b) in zip(one.pixels, other.pixels) {
            let difference = (Double(a) - Double(b)) / 255
            sum += difference * difference
        }
        return min(-10 * log10(max(sum / Double(max(one.pixels.count, 1)), 1e-10)), 100)
    }

    /// Average precision of scores that should be high where the truth is 1: the mean, over the true places, of the
    /// precision at their rank; places of equal score share a rank.
    /// - Returns: nil where nothing is true.
    static func averagePrecision(_ scores: [Double], truth: [Bool]) -> Double? {
        let total = truth.count { $0 }
        guard total > 0 else { return nil }
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        var (seen, found, sum, place) = (0, 0, 0.0, 0)
        while place < order.count {
            var end = place
            var right = 0
            while end < order.count, scores[order[end]] == scores[order[place]] {
                right += truth[order[end]] ? 1 : 0
                end += 1
            }
            seen += end - place
            found += right
            sum += Double(right) * Double(found) / Double(seen)
            place = end
        }
        return sum / Double(total)
    }

    /// Intersection over union of two sets of places; 1 where both are empty.
    static func overlap(_ one: [Bool], _ other: [Bool]) -> Double {
        var (both, any) = (0, 0)
        for (a, b) in zip(one, other) {
            both += a && b ? 1 : 0
            any += a || b ? 1 : 0
        }
        return any == 0 ? 1 : Double(both) / Double(any)
    }

    /// Wilson's interval of a share at 95 %.
    static func interval(right: Int, of total: Int) -> ClosedRange<Double> {
        guard total > 0 else { return 0...1 }
        let (z, n) = (1.959963984540054, Double(total))
        let share = Double(right) / n
        let middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        let reach = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
        return max(middle - reach, 0)...min(middle + reach, 1)
    }

    static func mean(_ values: [Double]) -> Double {
        values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    }
}

extension Mask {
    /// Which places of a smaller grid the mask covers by at least half; the sides are multiples of the grid's.
    func covered(width: Int, height: Int) -> [Bool] {
        let (across, down) = (self.width / width, self.height / height)
        precondition(
            across * width == self.width && down * height == self.height,
            "a mask of \(self.width)×\(self.height) has no whole cells in a grid of \(width)×\(height)")
        var sums = [Float](repeating: 0, count: width * height)
        for y in 0..<self.height {
            for x in 0..<self.width { sums[y / down * width + x / across] += values[y * self.width + x] }
        }
        return sums.map { $0 * 2 >= Float(across * down) }
    }
}
