import Foundation
public import Imaging

extension Image {
    /// SSIM as Wang and others defined it in 2004: the mean over channels and over whole windows.
    ///
    /// Windows are 11 by 11 Gaussians with σ = 1.5, (co)variances those of the population, C₁ = 0.01² and C₂ = 0.03²
    /// for values in 0...1. With a region only windows that lie wholly in it count. Nil where there is no window.
    /// - Precondition: the sizes are equal.
    public func structuralSimilarity(to other: Image, in region: ImageArea? = nil) -> Double? {
        similarity(to: other) { Window.places(in: region, width: width, height: height) }
    }

    /// SSIM averaged over the windows whose centre lies in an area, each of which may reach five pixels beyond it.
    ///
    /// For areas that no window fits in, such as the border of a box; over the whole image it is the same as without an
    /// area. Nil where no window has its centre there.
    /// - Precondition: the sizes are equal.
    public func structuralSimilarity(to other: Image, centredIn area: ImageArea) -> Double? {
        similarity(to: other) { Window.places(centredIn: area) }
    }

    private func similarity(to other: Image, at choose: () -> [Int]) -> Double? {
        requireSize(of: other)
        guard width >= Window.size, height >= Window.size else { return nil }
        let places = choose()
        guard !places.isEmpty else { return nil }
        var sum = 0.0
        for channel in 0..<3 {
            let (a, b) = (plane(channel), other.plane(channel))
            let (meanA, meanB) = (Window.means(of: a, width), Window.means(of: b, width))
            let squareA = Window.means(of: zip(a, a).map { $0 * $1 }, width)
            let squareB = Window.means(of: zip(b, b).map { $0 * $1 }, width)
            let product = Window.means(of: zip(a, b).map { $0 * $1 }, width)
            for place in places {
                let (muA, muB) = (meanA[place], meanB[place])
                let covariance = product[place] - muA * muB
                let variances = squareA[place] - muA * muA + squareB[place] - muB * muB
                sum +=
                    (2 * muA * muB + 0.0001) * (2 * covariance + 0.0009)
                    / ((muA * muA + muB * muB + 0.0001) * (variances + 0.0009))
            }
        }
        return sum / Double(3 * places.count)
    }

    private func plane(_ channel: Int) -> [Double] {
        stride(from: channel, to: pixels.count, by: 3).map { Double(pixels[$0]) / 255 }
    }
}

/// The Gaussian window of SSIM.
private enum Window {
    static let size = 11
    static let weights: [Double] = {
        let raw = (-5...5).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
        let sum = raw.reduce(0, +)
        return raw.map { $0 / sum }
    }()

    /// Weighted means in every whole window of a plane, rows from the top: (height - 10) by (width - 10).
    static func means(of plane: [Double], _ width: Int) -> [Double] {
        let height = plane.count / width
        let (columns, rows) = (width - size + 1, height - size + 1)
        var across = [Double](repeating: 0, count: height * columns)
        for y in 0..<height {
            for x in 0..<columns {
                var sum = 0.0
                for tap in 0..<size { sum += weights[tap] * plane[y * width + x + tap] }
                across[y * columns + x] = sum
            }
        }
        var result = [Double](repeating: 0, count: rows * columns)
        for y in 0..<rows {
            for x in 0..<columns {
                var sum = 0.0
                for tap in 0..<size { sum += weights[tap] * across[(y + tap) * columns + x] }
                result[y * columns + x] = sum
            }
        }
        return result
    }

    /// The indices of windows whose centre lies in an area.
    static func places(centredIn area: ImageArea) -> [Int] {
        let (columns, rows) = (area.width - size + 1, area.height - size + 1)
        return (0..<(rows * columns)).filter { place in
            area.values[(place / columns + size / 2) * area.width + place % columns + size / 2]
        }
    }

    /// The indices of windows that lie wholly in a region.
    static func places(in region: ImageArea?, width: Int, height: Int) -> [Int] {
        let (columns, rows) = (width - size + 1, height - size + 1)
        guard let region else { return Array(0..<(rows * columns)) }
        // How many pixels above and to the left of each corner are out.
        var outside = [Int](repeating: 0, count: (width + 1) * (height + 1))
        for y in 0..<height {
            for x in 0..<width {
                outside[(y + 1) * (width + 1) + x + 1] =
                    outside[y * (width + 1) + x + 1] + outside[(y + 1) * (width + 1) + x]
                    - outside[y * (width + 1) + x] + (region.values[y * width + x] ? 0 : 1)
            }
        }
        return (0..<(rows * columns)).filter { place in
            let (y, x) = (place / columns, place % columns)
            let (top, bottom) = (y * (width + 1), (y + size) * (width + 1))
            return outside[bottom + x + size] - outside[top + x + size] - outside[bottom + x]
                + outside[top + x] == 0
        }
    }
}
