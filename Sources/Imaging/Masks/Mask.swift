/// Where an image may change: 1 (white) is edited, 0 (black) stays, values between blend.
public struct Mask: Sendable, Hashable {
    /// Values in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `height * width` values in 0...1, rows from the top.
    public var values: [Float]

    /// A mask from its values.
    /// - Precondition: `values` holds `width * height` numbers.
    public init(width: Int, height: Int, values: [Float]) {
        precondition(
            width > 0 && height > 0 && values.count == width * height,
            "a \(width)x\(height) mask needs \(width * height) values, not \(values.count)")
        self.width = width
        self.height = height
        self.values = values
    }

    /// A mask with the same value everywhere.
    public init(width: Int, height: Int, filledWith value: Float) {
        self.init(width: width, height: height, values: Array(repeating: value, count: width * height))
    }

    /// The share of the image that may change, in 0...1.
    public var area: Float { values.reduce(0, +) / Float(values.count) }
}
