import Foundation
public import Imaging

/// A peak signal-to-noise ratio in dB, of values in 0...1.
public struct Decibels: Sendable, Hashable, Codable {
    /// -10·log₁₀ of the mean squared error, at most `cap`.
    public let value: Double
    /// Whether the images are equal, or so near that the cap took the value's place.
    public let isCapped: Bool

    /// The most that is ever told: equal images would have infinitely many.
    public static let cap = 100.0

    /// The ratio of a mean squared error of values in 0...1.
    public init(meanSquaredError: Double) {
        let value = meanSquaredError > 0 ? -10 * log10(meanSquaredError) : .infinity
        isCapped = value >= Self.cap
        self.value = min(value, Self.cap)
    }
}

/// Pixels compared one by one, all three channels alike, as values in 0...1.
///
/// With a region only its pixels count; an empty one has no error, and the answer is nil.
extension Image {
    /// The mean of |a - b|.
    /// - Precondition: the sizes are equal.
    public func meanAbsoluteError(to other: Image, in region: ImageArea? = nil) -> Double? {
        mean(against: other, in: region) { abs($0) }.map { $0 / 255 }
    }

    /// The mean of (a - b)².
    /// - Precondition: the sizes are equal.
    public func meanSquaredError(to other: Image, in region: ImageArea? = nil) -> Double? {
        mean(against: other, in: region) { $0 * $0 }.map { $0 / (255 * 255) }
    }

    /// The peak signal-to-noise ratio.
    /// - Precondition: the sizes are equal.
    public func decibels(to other: Image, in region: ImageArea? = nil) -> Decibels? {
        meanSquaredError(to: other, in: region).map(Decibels.init(meanSquaredError:))
    }

    /// How much each pixel differs: the mean over channels of |a - b|, then over the 5 by 5 pixels around it.
    ///
    /// Beyond the frame nothing is counted.
    /// - Precondition: the sizes are equal.
    public func changeMap(from other: Image) -> [Double] {
        requireSize(of: other)
        var changes = [Double](repeating: 0, count: width * height)
        for index in pixels.indices {
            changes[index / 3] += Double(abs(Int(pixels[index]) - Int(other.pixels[index]))) / (3 * 255)
        }
        var map: [Double] = []
        map.reserveCapacity(changes.count)
        for y in 0..<height {
            for x in 0..<width {
                var (sum, count) = (0.0, 0)
                for v in max(y - 2, 0)...min(y + 2, height - 1) {
                    for u in max(x - 2, 0)...min(x + 2, width - 1) {
                        sum += changes[v * width + u]
                        count += 1
                    }
                }
                map.append(sum / Double(count))
            }
        }
        return map
    }

    /// Whole numbers are summed exactly, so the order of pixels does not matter.
    private func mean(against other: Image, in region: ImageArea?, of measure: (Int) -> Int) -> Double? {
        requireSize(of: other)
        var (sum, count) = (0, 0)
        for pixel in 0..<(width * height) where region?.values[pixel] ?? true {
            for index in (pixel * 3)..<(pixel * 3 + 3) {
                sum += measure(Int(pixels[index]) - Int(other.pixels[index]))
            }
            count += 3
        }
        return count > 0 ? Double(sum) / Double(count) : nil
    }

    func requireSize(of other: Image) {
        precondition(
            width == other.width && height == other.height,
            "pictures of \(width)x\(height) and \(other.width)x\(other.height) cannot be compared")
    }
}
