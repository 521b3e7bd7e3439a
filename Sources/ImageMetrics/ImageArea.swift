public import Imaging

/// Some of an image's pixels, each in or out: what may change, or what changed.
public struct ImageArea: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `height * width` answers, rows from the top; true is in.
    public let values: [Bool]

    /// A region from its answers.
    /// - Precondition: `values` holds `width * height` of them.
    public init(width: Int, height: Int, values: [Bool]) {
        precondition(
            width > 0 && height > 0 && values.count == width * height,
            "a \(width)x\(height) region needs \(width * height) values, not \(values.count)")
        self.width = width
        self.height = height
        self.values = values
    }

    /// The pixels of an image of this size whose nearest mask value is above 0, which is where pasting changes any.
    public init(_ mask: Mask, width: Int, height: Int) {
        let columns = (0..<width).map { (2 * $0 + 1) * mask.width / (2 * width) }
        var values: [Bool] = []
        values.reserveCapacity(width * height)
        for y in 0..<height {
            let row = (2 * y + 1) * mask.height / (2 * height) * mask.width
            values += columns.map { mask.values[row + $0] > 0 }
        }
        self.init(width: width, height: height, values: values)
    }

    /// The pixels that are not in.
    public var complement: ImageArea {
        ImageArea(width: width, height: height, values: values.map { !$0 })
    }

    /// How many pixels are in.
    public var count: Int { values.reduce(0) { $0 + ($1 ? 1 : 0) } }

    /// The share of the image that is in, from 0 to 1.
    public var share: Double { Double(count) / Double(values.count) }
}

extension ImageArea {
    /// How a found region agrees with the true one; each is nil where it would be 0/0.
    public struct Agreement: Sendable, Hashable {
        /// Pixels in both over pixels in either.
        public var intersectionOverUnion: Double?
        /// The share of the found region that is true.
        public var precision: Double?
        /// The share of the true region that was found.
        public var recall: Double?
    }

    /// How this region, as a finding, agrees with the truth.
    /// - Precondition: the sizes are equal.
    public func agreement(with truth: ImageArea) -> Agreement {
        precondition(
            width == truth.width && height == truth.height,
            "regions of \(width)x\(height) and \(truth.width)x\(truth.height) do not match")
        let both = zip(values, truth.values).reduce(0) { $0 + ($1.0 && $1.1 ? 1 : 0) }
        func share(of whole: Int) -> Double? { whole > 0 ? Double(both) / Double(whole) : nil }
        return Agreement(
            intersectionOverUnion: share(of: count + truth.count - both), precision: share(of: count),
            recall: share(of: truth.count))
    }

    /// The average precision of a soft map as a detector of this region; nil where the region is empty.
    ///
    /// Σ (Rₙ - Rₙ₋₁)·Pₙ over the map's levels from the highest; equal values form one level. Values are one per pixel.
    public func averagePrecision(of map: [Double]) -> Double? {
        precondition(map.count == values.count, "\(map.count) values for \(values.count) pixels")
        let total = count
        guard total > 0 else { return nil }
        var (hits, seen, sum) = (0, 0, 0.0)
        let order = map.indices.sorted { map[$0] > map[$1] }
        var place = 0
        while place < order.count {
            let level = map[order[place]]
            let before = hits
            while place < order.count, map[order[place]] == level {
                hits += values[order[place]] ? 1 : 0
                seen += 1
                place += 1
            }
            sum += Double(hits - before) * Double(hits) / Double(seen)
        }
        return sum / Double(total)
    }
}
