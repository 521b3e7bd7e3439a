import Foundation

extension Mask {
    /// The Euclidean distance, in pixels, from each place to the nearest one whose value is chosen.
    ///
    /// Exact, in two passes over columns and rows (Felzenszwalb and Huttenlocher 2012, lower envelope of parabolas),
    /// both along memory. Infinite where nothing is chosen.
    func distances(to isChosen: (Float) -> Bool) -> [Float] {
        let (width, height) = (width, height)
        let far = Float.infinity
        var squared = [Float](repeating: far, count: values.count)
        squared.withUnsafeMutableBufferPointer { squared in
            // Along the columns, distances are plain counts: once down, once up.
            values.withUnsafeBufferPointer { values in
                for x in 0..<width { squared[x] = isChosen(values[x]) ? 0 : far }
                for index in width..<max(width * height, width) {
                    squared[index] = isChosen(values[index]) ? 0 : squared[index - width] + 1
                }
            }
            for index in stride(from: width * (height - 1) - 1, through: 0, by: -1) {
                squared[index] = min(squared[index], squared[index + width] + 1)
            }
            nonisolated(unsafe) let squared = squared
            let chunk = 64
            DispatchQueue.concurrentPerform(iterations: (height + chunk - 1) / chunk) { part in
                var envelope = Envelope(width: width)
                for y in (part * chunk)..<min((part + 1) * chunk, height) {
                    envelope.apply(
                        to: UnsafeMutableBufferPointer(rebasing: squared[(y * width)..<((y + 1) * width)]))
                }
            }
        }
        return squared
    }
}

/// The lower envelope of the parabolas that stand over one row, and what it needs while it is found.
private struct Envelope {
    private var row: [Float]
    private var roots: [Int]
    private var borders: [Double]

    init(width: Int) {
        row = [Float](repeating: 0, count: width)
        roots = [Int](repeating: 0, count: width)
        borders = [Double](repeating: 0, count: width + 1)
    }

    /// Turns distances along the columns into distances in the plane.
    mutating func apply(to distances: UnsafeMutableBufferPointer<Float>) {
        let far = Float.infinity
        for x in distances.indices { row[x] = distances[x] * distances[x] }
        var last = -1
        for x in distances.indices where row[x] < far {
            // Where the parabola over x overtakes the last one of the envelope.
            var border = -Double.infinity
            while last >= 0 {
                let other = roots[last]
                let rise = Double(row[x]) + Double(x * x) - Double(row[other]) - Double(other * other)
                border = rise / Double(2 * (x - other))
                if border > borders[last] { break }
                last -= 1
                border = -Double.infinity
            }
            last += 1
            roots[last] = x
            borders[last] = border
        }
        guard last >= 0 else { return }
        var piece = 0
        for x in distances.indices {
            while piece < last, borders[piece + 1] < Double(x) { piece += 1 }
            let apart = x - roots[piece]
            distances[x] = (Float(apart * apart) + row[roots[piece]]).squareRoot()
        }
    }
}
