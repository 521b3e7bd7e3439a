import Foundation

extension Mask {
    /// The Euclidean distance, in pixels, from each place to the nearest one whose value is chosen.
    ///
    /// Exact, in two passes over rows and columns (Felzenszwalb and Huttenlocher 2012, lower envelope of
    /// parabolas). Infinite where nothing is chosen.
    func distances(to isChosen: (Float) -> Bool) -> [Float] {
        let far = Float.infinity
        var squared = [Float](repeating: far, count: values.count)
        // Along the columns, distances are plain counts: once down, once up.
        for x in 0..<width {
            var gap = far
            for y in 0..<height {
                gap = isChosen(values[y * width + x]) ? 0 : gap + 1
                squared[y * width + x] = gap
            }
            gap = far
            for y in stride(from: height - 1, through: 0, by: -1) {
                gap = min(squared[y * width + x], gap + 1)
                squared[y * width + x] = gap * gap
            }
        }
        var roots = [Int](repeating: 0, count: width)
        var borders = [Double](repeating: 0, count: width + 1)
        for y in 0..<height {
            let row = Array(squared[(y * width)..<((y + 1) * width)])
            var last = -1
            for x in 0..<width where row[x] < far {
                // Where the parabola over x overtakes the last one of the envelope.
                var border = -Double.infinity
                while last >= 0 {
                    let other = roots[last]
                    border =
                        (Double(row[x]) + Double(x * x) - Double(row[other]) - Double(other * other))
                        / Double(2 * (x - other))
                    if border > borders[last] { break }
                    last -= 1
                    border = -Double.infinity
                }
                last += 1
                roots[last] = x
                borders[last] = border
            }
            guard last >= 0 else { continue }
            var piece = 0
            for x in 0..<width {
                while piece < last, borders[piece + 1] < Double(x) { piece += 1 }
                let apart = x - roots[piece]
                squared[y * width + x] = (Float(apart * apart) + row[roots[piece]]).squareRoot()
            }
        }
        return squared
    }
}
