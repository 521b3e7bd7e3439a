/// Means over squares of a grid, in time that does not depend on their size.
struct GridMeans {
    let width: Int
    let height: Int
    let radius: Int

    /// The mean of what lies within the square of the radius around each place and within the grid.
    func means(of values: [Float]) -> [Float] {
        var rows = [Float](repeating: 0, count: values.count)
        for y in 0..<height {
            var sum = 0.0
            let from = y * width
            for x in 0..<min(radius, width) { sum += Double(values[from + x]) }
            for x in 0..<width {
                if x + radius < width { sum += Double(values[from + x + radius]) }
                if x - radius > 0 { sum -= Double(values[from + x - radius - 1]) }
                rows[from + x] = Float(sum / Double(min(x + radius, width - 1) - max(x - radius, 0) + 1))
            }
        }
        var result = rows
        var sums = [Double](repeating: 0, count: width)
        for y in 0..<min(radius, height) { for x in 0..<width { sums[x] += Double(rows[y * width + x]) } }
        for y in 0..<height {
            let (enters, leaves) = (y + radius, y - radius - 1)
            if enters < height { for x in 0..<width { sums[x] += Double(rows[enters * width + x]) } }
            if leaves >= 0 { for x in 0..<width { sums[x] -= Double(rows[leaves * width + x]) } }
            let count = Double(min(y + radius, height - 1) - max(y - radius, 0) + 1)
            for x in 0..<width { result[y * width + x] = Float(sums[x] / count) }
        }
        return result
    }
}
