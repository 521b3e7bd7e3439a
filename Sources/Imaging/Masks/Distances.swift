import Foundation

extension Mask {
    /// The Euclidean distance, in pixels, from each place to the nearest one whose value is chosen.
    ///
    /// Exact, in two passes over columns and rows (Felzenszwalb and Huttenlocher 2012, lower envelope of parabolas),
    /// both along memory. Infinite where nothing is chosen.
    public func distances(to isChosen: (Float) -> Bool) -> [Float] {
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

extension Mask {
    /// For each place the index of the nearest one whose value is chosen (Euclidean); nil where none is chosen.
    ///
    /// The same two passes as distances take, which also keep what each distance was measured to.
    public func nearestPlaces(where isChosen: (Float) -> Bool) -> [Int]? {
        let (width, height) = (width, height)
        let far = Float.infinity
        var distances = [Float](repeating: far, count: values.count)
        // The chosen row nearest along each column.
        var rows = [Int](repeating: 0, count: values.count)
        var hasAny = false
        for place in values.indices {
            if isChosen(values[place]) {
                (distances[place], rows[place], hasAny) = (0, place / width, true)
            } else if place >= width {
                (distances[place], rows[place]) = (distances[place - width] + 1, rows[place - width])
            }
        }
        guard hasAny else { return nil }
        for place in stride(from: width * (height - 1) - 1, through: 0, by: -1)
        where distances[place + width] + 1 < distances[place] {
            (distances[place], rows[place]) = (distances[place + width] + 1, rows[place + width])
        }
        var nearest = [Int](repeating: 0, count: values.count)
        var envelope = Envelope(width: width)
        distances.withUnsafeMutableBufferPointer { distances in
            for y in 0..<height {
                let row = UnsafeMutableBufferPointer(rebasing: distances[(y * width)..<((y + 1) * width)])
                envelope.apply(to: row) { x, root in
                    nearest[y * width + x] = rows[y * width + root] * width + root
                }
            }
        }
        return nearest
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
    /// - Parameter found: called with each column and the one whose parabola is lowest there.
    mutating func apply(
        to distances: UnsafeMutableBufferPointer<Float>, found: (Int, Int) -> Void = { _, _ in }
    ) {
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
            found(x, roots[piece])
        }
    }
}
