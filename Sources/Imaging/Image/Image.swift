/// An 8-bit RGB image, rows from the top, three bytes (red, green, blue) a pixel; sRGB where it has no profile.
public struct Image: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `height * width * 3` bytes.
    public var pixels: [UInt8]
    /// The ICC profile that `pixels` are in, embedded on writing; nil is sRGB.
    ///
    /// Only a `Photo`'s original and what is pasted into it carry one: everything that computes works in sRGB.
    public var profile: [UInt8]?
    /// How opaque each pixel is, 0 to 255, written where the kind of file can hold it; nil is all opaque.
    ///
    /// Like the profile, only a `Photo`'s original and what is pasted into it carry it.
    public var alpha: [UInt8]?

    /// An image from its bytes.
    /// - Precondition: `pixels` holds `width * height * 3` bytes, and `alpha` a third of that.
    public init(width: Int, height: Int, pixels: [UInt8], profile: [UInt8]? = nil, alpha: [UInt8]? = nil) {
        precondition(
            width > 0 && height > 0 && pixels.count == width * height * 3,
            "a \(width)x\(height) picture needs \(width * height * 3) bytes, not \(pixels.count)")
        precondition(
            alpha.map { $0.count == width * height } ?? true,
            "a \(width)x\(height) picture needs \(width * height) bytes of alpha, not \(alpha?.count ?? 0)")
        self.width = width
        self.height = height
        self.pixels = pixels
        self.profile = profile
        self.alpha = alpha
    }

    /// An image of one colour.
    public init(width: Int, height: Int, red: UInt8 = 0, green: UInt8 = 0, blue: UInt8 = 0) {
        var pixels = [UInt8](repeating: red, count: width * height * 3)
        for pixel in 0..<(width * height) {
            pixels[pixel * 3 + 1] = green
            pixels[pixel * 3 + 2] = blue
        }
        self.init(width: width, height: height, pixels: pixels)
    }

    /// The index in `pixels` of the red byte at a place.
    public func offset(x: Int, y: Int) -> Int { (y * width + x) * 3 }
}
