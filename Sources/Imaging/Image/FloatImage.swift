/// An RGB image in floating point: sRGB values in 0...1, rows from the top.
public struct FloatImage: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `height * width` colours (red, green, blue).
    public var pixels: [SIMD3<Float>]

    /// An image from its colours.
    /// - Precondition: `pixels` holds `width * height` colours.
    public init(width: Int, height: Int, pixels: [SIMD3<Float>]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height, "\(pixels.count) colours")
        self.width = width
        self.height = height
        self.pixels = pixels
    }

    /// The bytes of an image, each divided by 255; `image` gives the same bytes back.
    public init(_ image: Image) {
        let bytes = image.pixels
        var pixels: [SIMD3<Float>] = []
        pixels.reserveCapacity(image.width * image.height)
        for place in stride(from: 0, to: bytes.count, by: 3) {
            let colour = SIMD3<Float>(Float(bytes[place]), Float(bytes[place + 1]), Float(bytes[place + 2]))
            pixels.append(colour / 255)
        }
        self.init(width: image.width, height: image.height, pixels: pixels)
    }

    /// The image in bytes: clipped to 0...1 and rounded.
    public var image: Image {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(pixels.count * 3)
        for pixel in pixels {
            for channel in 0..<3 { bytes.append(UInt8((min(max(pixel[channel], 0), 1) * 255).rounded())) }
        }
        return Image(width: width, height: height, pixels: bytes)
    }

    /// This image where the mask is 1 and another where it is 0; shares between blend.
    /// - Precondition: all three have one size.
    public func blended(over other: FloatImage, by mask: Mask) -> FloatImage {
        precondition(
            (width, height) == (other.width, other.height) && (width, height) == (mask.width, mask.height),
            "images and mask of one size are blended")
        var result = other
        for place in mask.values.indices where mask.values[place] != 0 {
            let share = mask.values[place]
            result.pixels[place] =
                share == 1
                ? pixels[place] : other.pixels[place] + (pixels[place] - other.pixels[place]) * share
        }
        return result
    }

    /// Each row of a mask's places interpolated between the nearest known pixels left and right of them.
    ///
    /// Beside the frame the one known neighbour is repeated; a row that is masked from end to end stays as it is.
    /// - Precondition: the mask has the image's size.
    public func interpolatingRows(where mask: Mask) -> FloatImage {
        precondition((width, height) == (mask.width, mask.height), "a mask of another size")
        var result = self
        for y in 0..<height {
            let row = y * width
            let known = (0..<width).filter { mask.values[row + $0] <= 0 }
            guard let first = known.first, known.count < width else { continue }
            var (left, next) = (first, 0)
            for x in 0..<width {
                while next < known.count, known[next] <= x {
                    left = known[next]
                    next += 1
                }
                guard mask.values[row + x] > 0 else { continue }
                let right = next < known.count ? known[next] : left
                let share = right > left ? Float(max(x - left, 0)) / Float(right - left) : 0
                let (start, end) = (pixels[row + left], pixels[row + right])
                result.pixels[row + x] = start + (end - start) * share
            }
        }
        return result
    }

    /// The image enlarged or shrunk by bicubic resampling, as images in bytes are.
    public func resized(width newWidth: Int, height newHeight: Int) -> FloatImage {
        (newWidth, newHeight) == (width, height)
            ? self : FloatImage(image.resized(width: newWidth, height: newHeight))
    }
}
