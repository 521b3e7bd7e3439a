/// The size at which a model works on an image of any size.
public struct WorkingSize: Sendable, Hashable, CustomStringConvertible {
    /// Pixels in a row, a multiple of the factor.
    public let width: Int
    /// Rows, a multiple of the factor.
    public let height: Int

    /// The size nearest to an image's shape with a given long side, both sides multiples of a factor.
    ///
    /// The long side is the largest multiple not above `longSide`; the short one is rounded to the nearest multiple, so
    /// the shape changes by at most half a factor. Neither is ever below one factor. Images smaller than the model's
    /// size are enlarged unless `enlarging` is false.
    /// - Precondition: all numbers are positive.
    public init(
        fitting width: Int, _ height: Int, longSide: Int, multipleOf factor: Int, enlarging: Bool = true
    ) {
        precondition(
            width > 0 && height > 0 && longSide > 0 && factor > 0,
            "no working size for \(width)x\(height) within \(longSide) in steps of \(factor)")
        let long = max(width, height)
        let target = enlarging ? longSide : min(longSide, long)
        let limit = max(target / factor, 1)
        /// The nearest whole number of factors to side * target / long, halves upwards.
        func steps(_ side: Int) -> Int {
            min(max((2 * side * target + long * factor) / (2 * long * factor), 1), limit)
        }
        self.width = steps(width) * factor
        self.height = steps(height) * factor
    }

    /// The size as `512x384`.
    public var description: String { "\(width)x\(height)" }
}

extension Image {
    /// The image brought to a working size.
    public func resized(to size: WorkingSize, by filter: Resampling = .bicubic) -> Image {
        resized(width: size.width, height: size.height, by: filter)
    }
}
