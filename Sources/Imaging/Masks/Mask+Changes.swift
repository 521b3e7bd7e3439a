extension Mask {
    /// By how many of 255 steps a channel may differ before its pixel counts as changed.
    public static let tolerance = 2

    /// The pixels where an image changed by more than the tolerance in some channel, widened by a thirty-second of its width.
    ///
    /// - Precondition: the sizes are equal.
    public init(changedFrom before: Image, to after: Image) {
        precondition(
            (before.width, before.height) == (after.width, after.height), "images of one size are compared")
        let (width, height) = (before.width, before.height)
        let reach = max(1, (4 * width + 64) / 128)
        var values = [Float](repeating: 0, count: width * height)
        for y in 0..<height {
            for x in 0..<width {
                let place = (y * width + x) * 3
                let isChanged = (place..<place + 3).contains {
                    abs(Int(before.pixels[$0]) - Int(after.pixels[$0])) > Self.tolerance
                }
                guard isChanged else { continue }
                for v in max(y - reach, 0)...min(y + reach, height - 1) {
                    for u in max(x - reach, 0)...min(x + reach, width - 1) { values[v * width + u] = 1 }
                }
            }
        }
        self.init(width: width, height: height, values: values)
    }
}
