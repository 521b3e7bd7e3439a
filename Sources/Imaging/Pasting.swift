extension Picture {
    /// The feather used where none is named: two pixels of the result.
    public static let defaultFeather = 2.0

    /// The original with an edit where a mask allows it, at the original's size and in its profile.
    ///
    /// The edit and the mask may have any size; both are brought to the original's. The change fades in over
    /// `feather` pixels of the original, counted inwards from the edge of the mask (where it is 0), so every
    /// pixel outside the mask keeps its bytes. Values between 0 and 1 blend. The picture's frame is no edge.
    public static func pasting(
        edit: Picture, into original: Picture, mask: Mask, feather: Double = Picture.defaultFeather
    ) -> Picture {
        let weights = mask.pastingWeights(width: original.width, height: original.height, feather: feather)
        let resized = edit.resized(width: original.width, height: original.height)
        var result = original
        result.pixels.withUnsafeMutableBufferPointer { pixels in
            resized.pixels.withUnsafeBufferPointer { edited in
                weights.values.withUnsafeBufferPointer { weights in
                    for pixel in weights.indices where weights[pixel] > 0 {
                        let weight = weights[pixel]
                        for index in (pixel * 3)..<(pixel * 3 + 3) {
                            let old = Float(pixels[index])
                            pixels[index] = UInt8((old + weight * (Float(edited[index]) - old)).rounded())
                        }
                    }
                }
            }
        }
        return result
    }
}

extension Mask {
    /// How much of an edit each pixel of a picture of this size takes: 0 wherever the mask is 0.
    ///
    /// A smaller mask is enlarged smoothly, but never beyond the pixels whose nearest mask value is above 0.
    func pastingWeights(width newWidth: Int, height newHeight: Int, feather: Double) -> Mask {
        var weights = self
        if newWidth != width || newHeight != height {
            let nearest = self.nearest(width: newWidth, height: newHeight)
            weights = resized(width: newWidth, height: newHeight, by: .bilinear)
            for index in weights.values.indices {
                weights.values[index] = min(weights.values[index], nearest.values[index])
            }
        }
        for index in weights.values.indices { weights.values[index] = min(max(weights.values[index], 0), 1) }
        guard feather > 0 else { return weights }
        let distances = weights.distances { $0 <= 0 }
        for index in weights.values.indices where weights.values[index] > 0 {
            // Pixel centres: the first row of pixels inside is at distance 1 from those outside.
            let share = Float(min(Double(distances[index]) / (feather + 1), 1))
            weights.values[index] *= share * share * (3 - 2 * share)
        }
        return weights
    }

    private func nearest(width newWidth: Int, height newHeight: Int) -> Mask {
        let columns = (0..<newWidth).map { (2 * $0 + 1) * width / (2 * newWidth) }
        var result = Mask(width: newWidth, height: newHeight, filledWith: 0)
        for y in 0..<newHeight {
            let row = (2 * y + 1) * height / (2 * newHeight) * width
            for x in 0..<newWidth { result.values[y * newWidth + x] = values[row + columns[x]] }
        }
        return result
    }
}
