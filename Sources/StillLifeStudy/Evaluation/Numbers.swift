import ImageMetrics
import Imaging

/// The peak signal-to-noise ratio of two images in dB, at most 100.
func peakRatio(_ one: Image, _ other: Image) -> Double { one.decibels(to: other)?.value ?? 0 }

/// The mean; 0 of nothing.
func mean(_ values: [Double]) -> Double { Statistics.mean(values) ?? 0 }

extension Mask {
    /// Which places of a smaller grid the mask covers by at least half; the sides are multiples of the grid's.
    func covered(width: Int, height: Int) -> ImageArea {
        let (across, down) = (self.width / width, self.height / height)
        precondition(
            across * width == self.width && down * height == self.height,
            "a mask of \(self.width)×\(self.height) has no whole cells in a grid of \(width)×\(height)")
        var sums = [Float](repeating: 0, count: width * height)
        for y in 0..<self.height {
            for x in 0..<self.width { sums[y / down * width + x / across] += values[y * self.width + x] }
        }
        return ImageArea(width: width, height: height, values: sums.map { $0 * 2 >= Float(across * down) })
    }
}
