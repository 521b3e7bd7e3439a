/// A map of the plane that keeps straight lines: places in a picture that is made to places in the one it is made of.
///
/// Places are pixels from the middle, x to the right and y down.
struct Homography {
    /// Three rows of three numbers: (x, y, 1) goes to (a, b, c), which means (a/c, b/c).
    let rows: [Double]

    /// The map that moves nothing.
    static let identity = Homography(rows: [1, 0, 0, 0, 1, 0, 0, 0, 1])

    /// Mirrored left and right.
    static let mirrored = Homography(rows: [-1, 0, 0, 0, 1, 0, 0, 0, 1])

    /// Turned by an angle about the middle, then moved.
    static func turned(by angle: Double, x: Double, y: Double) -> Homography {
        let (cosine, sine) = (angle.cosine, angle.sine)
        return Homography(rows: [cosine, -sine, x, sine, cosine, y, 0, 0, 1])
    }

    /// The map of the square with the corners (0, 0), (1, 0), (1, 1), (0, 1) to any four corners in that order
    /// (Heckbert 1989).
    static func square(to corners: [(x: Double, y: Double)]) -> Homography {
        let (a, b, c, d) = (corners[0], corners[1], corners[2], corners[3])
        let (dx1, dx2, dx3) = (b.x - c.x, d.x - c.x, a.x - b.x + c.x - d.x)
        let (dy1, dy2, dy3) = (b.y - c.y, d.y - c.y, a.y - b.y + c.y - d.y)
        let area: Double = dx1 * dy2 - dx2 * dy1
        let g: Double = (dx3 * dy2 - dx2 * dy3) / area
        let h: Double = (dx1 * dy3 - dx3 * dy1) / area
        let first: [Double] = [b.x - a.x + g * b.x, d.x - a.x + h * d.x, a.x]
        let second: [Double] = [b.y - a.y + g * b.y, d.y - a.y + h * d.y, a.y]
        return Homography(rows: first + second + [g, h, 1])
    }

    /// The map back; any multiple of the numbers is the same map.
    var inverse: Homography {
        // The adjugate: at row i, column j the minor without row j and column i, its sign by going round.
        func entry(_ row: Int, _ column: Int) -> Double { rows[row % 3 * 3 + column % 3] }
        var adjugate: [Double] = []
        for i in 0..<3 {
            for j in 0..<3 {
                let product = entry(j + 1, i + 1) * entry(j + 2, i + 2)
                adjugate.append(product - entry(j + 1, i + 2) * entry(j + 2, i + 1))
            }
        }
        return Homography(rows: adjugate)
    }

    /// First the right map, then the left one.
    static func * (left: Homography, right: Homography) -> Homography {
        var product = [Double](repeating: 0, count: 9)
        for i in 0..<3 {
            for j in 0..<3 {
                for k in 0..<3 { product[i * 3 + j] += left.rows[i * 3 + k] * right.rows[k * 3 + j] }
            }
        }
        return Homography(rows: product)
    }

    /// Where a place goes.
    func callAsFunction(x: Double, y: Double) -> (x: Double, y: Double) {
        func row(_ index: Int) -> Double {
            let sum: Double = rows[index * 3] * x + rows[index * 3 + 1] * y
            return sum + rows[index * 3 + 2]
        }
        return (row(0) / row(2), row(1) / row(2))
    }
}
