extension Mask {
    /// The connected parts of the places above 0, each as the indices of its places; the first found from the top left.
    ///
    /// Places are connected where they share a side.
    public func parts() -> [[Int]] {
        var seen = values.map { $0 <= 0 }
        var parts: [[Int]] = []
        for start in values.indices where !seen[start] {
            seen[start] = true
            var part = [start]
            var next = 0
            while next < part.count {
                let (x, y) = (part[next] % width, part[next] / width)
                next += 1
                for (u, v) in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
                where (0..<width).contains(u) && (0..<height).contains(v) && !seen[v * width + u] {
                    seen[v * width + u] = true
                    part.append(v * width + u)
                }
            }
            parts.append(part)
        }
        return parts
    }

    /// A mask of this size that is 1 at some places and 0 elsewhere.
    public func marking(_ places: some Sequence<Int>) -> Mask {
        var result = Mask(width: width, height: height, filledWith: 0)
        for place in places { result.values[place] = 1 }
        return result
    }

    /// The mask with those of its parts that have at least a share of what the greatest has.
    /// - Parameters:
    ///   - share: of the greatest part's mass.
    ///   - least: of a part's mass, where that is more.
    ///   - weights: what each place counts; 1 where nil.
    public func keepingParts(above share: Float, least: Float = 0, by weights: Mask? = nil) -> Mask {
        let parts = parts()
        guard parts.count > 1 else { return self }
        let masses = parts.map { part in part.reduce(Float(0)) { $0 + (weights?.values[$1] ?? 1) } }
        let limit = max(share * (masses.max() ?? 0), least)
        let kept = zip(parts, masses).filter { $0.1 >= limit }.flatMap(\.0)
        let marks = marking(kept)
        return intersection(marks)
    }

    /// The smallest box around the places above a value; nil where there are none.
    public func box(above level: Float = 0.5) -> PixelBox? {
        var box: PixelBox?
        for (place, value) in values.enumerated() where value > level {
            let (x, y) = (place % width, place / width)
            box = box?.including(x, y) ?? PixelBox(left: x, top: y, right: x, bottom: y)
        }
        return box
    }

    /// The mask moved down by whole pixels; what comes in from above is 0.
    public func shifted(down rows: Int) -> Mask {
        var result = Mask(width: width, height: height, filledWith: 0)
        for y in 0..<height where (0..<height).contains(y - rows) {
            for x in 0..<width { result.values[y * width + x] = values[(y - rows) * width + x] }
        }
        return result
    }

    /// The mask grown and then shrunk by a disc, which closes gaps up to its width.
    public func closed(by radius: Int) -> Mask { grown(by: radius).grown(by: -radius) }
}

/// The corners of a rectangle of pixels, all four sides included.
public struct PixelBox: Sendable, Hashable {
    /// The leftmost column.
    public var left: Int
    /// The topmost row.
    public var top: Int
    /// The rightmost column.
    public var right: Int
    /// The lowest row.
    public var bottom: Int

    /// A box from its corners.
    public init(left: Int, top: Int, right: Int, bottom: Int) {
        (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
    }

    /// The middle of its columns.
    public var middle: Double { Double(left + right) / 2 }
    /// Columns.
    public var width: Int { right - left + 1 }
    /// Rows.
    public var height: Int { bottom - top + 1 }

    /// The box stretched to a pixel.
    func including(_ x: Int, _ y: Int) -> PixelBox {
        PixelBox(left: min(left, x), top: min(top, y), right: max(right, x), bottom: max(bottom, y))
    }
}
