/// A colour image that other planes are fitted to: in squares about each place each is a linear function of its colours.
///
/// He, Sun and Tang, "Guided Image Filtering", ECCV 2010 (equations 14 to 16).
struct ColourGuide {
    private let guides: [[Float]]
    private let means: GridMeans
    private let guideMeans: [[Float]]
    private let squares: [[Float]]
    private let regularisation: Float

    private static let pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]

    /// A guide.
    /// - Parameters:
    ///   - guides: red, green and blue in 0...1.
    ///   - radius: of the squares.
    ///   - regularisation: against dividing by nothing where the guide is flat (ε).
    init(_ guides: [[Float]], width: Int, height: Int, radius: Int, regularisation: Float) {
        let means = GridMeans(width: width, height: height, radius: radius)
        self.guides = guides
        self.means = means
        self.regularisation = regularisation
        guideMeans = guides.map(means.means)
        squares = Self.pairs.map { Self.mean(guides[$0.0], guides[$0.1], means) }
    }

    /// For each place and each plane: factors of red, green and blue, and what is added; averaged over the squares.
    func coefficients(of planes: [[Float]]) -> [Float] {
        let count = guides[0].count
        let planeMeans = planes.map(means.means)
        let crosses = planes.map { plane in guides.map { Self.mean($0, plane, means) } }
        var found = [[Float]](repeating: [Float](repeating: 0, count: count), count: planes.count * 4)
        for place in 0..<count {
            let centre = guideMeans.map { $0[place] }
            var spread: [Float] = []
            for (pair, square) in zip(Self.pairs, squares) {
                let ridge: Float = pair.0 == pair.1 ? regularisation : 0
                spread.append(square[place] - centre[pair.0] * centre[pair.1] + ridge)
            }
            for channel in planes.indices {
                let middle = planeMeans[channel][place]
                let right: [Float] = (0..<3).map { (index: Int) -> Float in
                    crosses[channel][index][place] - centre[index] * middle
                }
                let slope = Self.solution(of: spread, right)
                found[channel * 4][place] = slope.0
                found[channel * 4 + 1][place] = slope.1
                found[channel * 4 + 2][place] = slope.2
                let explained: Float = slope.0 * centre[0] + slope.1 * centre[1] + slope.2 * centre[2]
                found[channel * 4 + 3][place] = middle - explained
            }
        }
        found = found.map(means.means)
        var coefficients = [Float](repeating: 0, count: count * found.count)
        for (index, plane) in found.enumerated() {
            for place in 0..<count { coefficients[place * found.count + index] = plane[place] }
        }
        return coefficients
    }

    private static func mean(_ one: [Float], _ other: [Float], _ means: GridMeans) -> [Float] {
        means.means(of: zip(one, other).map { $0 * $1 })
    }

    /// The solution of a symmetric system of three equations, by cofactors.
    private static func solution(of matrix: [Float], _ right: [Float]) -> (Float, Float, Float) {
        let (a, b, c, d, e, f) = (matrix[0], matrix[1], matrix[2], matrix[3], matrix[4], matrix[5])
        let p: Float = d * f - e * e
        let q: Float = c * e - b * f
        let r: Float = b * e - c * d
        let determinant: Float = a * p + b * q + c * r
        guard determinant > 0 else { return (0, 0, 0) }
        let s: Float = a * f - c * c
        let t: Float = b * c - a * e
        let u: Float = a * d - b * b
        let first: Float = p * right[0] + q * right[1] + r * right[2]
        let second: Float = q * right[0] + s * right[1] + t * right[2]
        let third: Float = r * right[0] + t * right[1] + u * right[2]
        return (first / determinant, second / determinant, third / determinant)
    }
}

extension Mask {
    /// The mask smoothed so that its edges follow those of an image: the guided filter with a colour guide.
    ///
    /// - Parameters:
    ///   - guide: an image of the mask's size.
    ///   - radius: of the squares in which the mask is a linear function of the guide's colours.
    ///   - regularisation: variances of the guide below this are no edges (ε).
    public func guided(by guide: FloatImage, radius: Int, regularisation: Float = 1e-3) -> Mask {
        precondition((width, height) == (guide.width, guide.height), "a guide of another size")
        let guides = (0..<3).map { channel in guide.pixels.map { $0[channel] } }
        let fit = ColourGuide(
            guides, width: width, height: height, radius: radius, regularisation: regularisation
        ).coefficients(of: [values])
        var result = self
        for place in values.indices {
            let colour = guide.pixels[place] * SIMD3(fit[place * 4], fit[place * 4 + 1], fit[place * 4 + 2])
            result.values[place] = colour.x + colour.y + colour.z + fit[place * 4 + 3]
        }
        return result
    }
}
