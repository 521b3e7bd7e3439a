/// The difference of two small images as a local linear function of the image they belong to, which carries it to that
/// image's own size: edges and grain of the large image become those of the difference.
///
/// He, Sun and Tang, "Guided Image Filtering", ECCV 2010 (equations 14 to 16 for a colour guide), fitted on the small
/// size and applied on the large one as in He and Sun, "Fast Guided Filter", 2015. A difference of zero everywhere
/// gives zero everywhere.
struct GuidedDifference {
    /// Against dividing by nothing where the guide is flat, for colours in 0...1.
    static let regularisation: Float = 1e-3

    let width: Int
    let height: Int
    /// For each place and each channel of the difference: factors of red, green and blue (0...1), and what is added.
    let coefficients: [Float]
    /// RMS of what no such function explains, over RMS of the difference, within the mask; 0 where nothing differs.
    let unexplained: Double

    /// Fits the difference `edit - base` to `guide`; all three have one size.
    /// - Parameters:
    ///   - radius: of the squares in which the function is one.
    ///   - mask: where `unexplained` is measured; everywhere where nil.
    init(from base: Image, to edit: Image, guide: Image, radius: Int, mask: Mask?) {
        precondition(
            (base.width, base.height) == (edit.width, edit.height)
                && (base.width, base.height) == (guide.width, guide.height), "pictures of one size")
        (width, height) = (base.width, base.height)
        let count = width * height
        let means = GridMeans(width: width, height: height, radius: max(radius, 1))
        let guides = (0..<3).map { channel in
            (0..<count).map { Float(guide.pixels[$0 * 3 + channel]) / 255 }
        }
        let differences = (0..<3).map { channel in
            (0..<count).map { Float(edit.pixels[$0 * 3 + channel]) - Float(base.pixels[$0 * 3 + channel]) }
        }
        func mean(_ one: [Float], _ other: [Float]) -> [Float] {
            means.means(of: zip(one, other).map { $0 * $1 })
        }
        let guideMeans = guides.map(means.means)
        let differenceMeans = differences.map(means.means)
        let pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
        let squares = pairs.map { mean(guides[$0.0], guides[$0.1]) }
        let crosses = differences.map { difference in guides.map { mean($0, difference) } }

        var planes = [[Float]](repeating: [Float](repeating: 0, count: count), count: 12)
        for place in 0..<count {
            let centre = guideMeans.map { $0[place] }
            var spread: [Float] = []
            for (pair, square) in zip(pairs, squares) {
                let ridge: Float = pair.0 == pair.1 ? Self.regularisation : 0
                spread.append(square[place] - centre[pair.0] * centre[pair.1] + ridge)
            }
            for channel in 0..<3 {
                let middle = differenceMeans[channel][place]
                let right: [Float] = (0..<3).map { (index: Int) -> Float in
                    crosses[channel][index][place] - centre[index] * middle
                }
                let slope = Self.solution(of: spread, right)
                planes[channel * 4][place] = slope.0
                planes[channel * 4 + 1][place] = slope.1
                planes[channel * 4 + 2][place] = slope.2
                let explained: Float = slope.0 * centre[0] + slope.1 * centre[1] + slope.2 * centre[2]
                planes[channel * 4 + 3][place] = middle - explained
            }
        }
        planes = planes.map(means.means)
        var coefficients = [Float](repeating: 0, count: count * 12)
        for (index, plane) in planes.enumerated() {
            for place in 0..<count { coefficients[place * 12 + index] = plane[place] }
        }
        self.coefficients = coefficients
        unexplained = Self.unexplained(of: differences, by: coefficients, guides, mask: mask)
    }

    /// RMS of what the functions of all places leave of a difference, over the RMS of the difference, within a mask.
    private static func unexplained(
        of differences: [[Float]], by coefficients: [Float], _ guides: [[Float]], mask: Mask?
    ) -> Double {
        var (left, whole) = (0.0, 0.0)
        for place in differences[0].indices where mask.map({ $0.values[place] >= 0.5 }) ?? true {
            for channel in 0..<3 {
                let from = place * 12 + channel * 4
                var explained: Float = coefficients[from + 3]
                for guide in 0..<3 { explained += coefficients[from + guide] * guides[guide][place] }
                let difference = differences[channel][place]
                left += Double((difference - explained) * (difference - explained))
                whole += Double(difference * difference)
            }
        }
        return whole > 0 ? (left / whole).squareRoot() : 0
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
