public import Imaging

/// SSIM and areas as published evaluations of edits have them.
extension Image {
    /// SSIM with the border mirrored, so that every pixel is the centre of a window, as torchmetrics since 1.4.2 has it.
    ///
    /// Nil for images with a side below 6 pixels, which have nothing to mirror.
    /// - Precondition: the sizes are equal.
    public func reflectedSimilarity(to other: Image) -> Double? {
        requireSize(of: other)
        guard min(width, height) > 5 else { return nil }
        return widenedByReflection(5).structuralSimilarity(to: other.widenedByReflection(5))
    }

    /// The image with an area black.
    /// - Precondition: the area has the image's size.
    public func blackened(in area: ImageArea) -> Image {
        precondition(area.width == width && area.height == height, "an area of another size than the picture")
        var pixels = pixels
        for place in area.values.indices where area.values[place] {
            for index in (3 * place)..<(3 * place + 3) { pixels[index] = 0 }
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// A border of so many pixels, mirrored at the outermost ones, which stand once.
    private func widenedByReflection(_ border: Int) -> Image {
        func mirrored(_ place: Int, _ length: Int) -> Int {
            place < 0 ? -place : (place < length ? place : 2 * (length - 1) - place)
        }
        let columns = (-border..<(width + border)).map { mirrored($0, width) }
        var wide: [UInt8] = []
        wide.reserveCapacity((width + 2 * border) * (height + 2 * border) * 3)
        for row in -border..<(height + border) {
            let start = mirrored(row, height) * width
            for column in columns {
                let index = 3 * (start + column)
                wide += pixels[index..<(index + 3)]
            }
        }
        return Image(width: width + 2 * border, height: height + 2 * border, pixels: wide)
    }
}
