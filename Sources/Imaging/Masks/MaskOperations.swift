import Foundation

extension Mask {
    /// A mask from the luma of an image, in 256 steps.
    public init(luma image: Image) {
        let values = [Float](unsafeUninitializedCapacity: image.width * image.height) { room, filled in
            image.pixels.withUnsafeBufferPointer { pixels in
                for index in 0..<(image.width * image.height) {
                    let red = Int(pixels[index * 3]) * 19595
                    let green = Int(pixels[index * 3 + 1]) * 38470
                    let blue = Int(pixels[index * 3 + 2]) * 7471
                    room[index] = Float((red + green + blue + 0x8000) >> 16) / 255
                }
            }
            filled = image.width * image.height
        }
        self.init(width: image.width, height: image.height, values: values)
    }

    /// The mask as a grey image: white is edited.
    public func image() -> Image {
        let pixels = values.flatMap { value -> [UInt8] in
            let byte = UInt8((min(max(value, 0), 1) * 255).rounded())
            return [byte, byte, byte]
        }
        return Image(width: width, height: height, pixels: pixels)
    }

    /// The mask with edited and kept exchanged.
    public func inverted() -> Mask { mapped { 1 - $0 } }

    /// 1 where the mask is at least `level`, 0 elsewhere.
    public func thresholded(at level: Float = 0.5) -> Mask { mapped { $0 >= level ? 1 : 0 } }

    /// The larger of two masks of one size at each place.
    /// - Precondition: the sizes are equal.
    public func union(_ other: Mask) -> Mask { combined(with: other, by: max) }

    /// The smaller of two masks of one size at each place.
    /// - Precondition: the sizes are equal.
    public func intersection(_ other: Mask) -> Mask { combined(with: other, by: min) }

    /// The mask grown outwards by a disc of so many pixels; a negative radius shrinks it.
    ///
    /// Greys are kept. Outside the frame lies what lies at its edge, so that a mask does not shrink away from the
    /// frame.
    public func grown(by radius: Int) -> Mask {
        if radius == 0 { return self }
        if radius < 0 { return inverted().grown(by: -radius).inverted() }
        var result = self
        for down in 0...radius {
            // The disc is a stack of rows; those at equal distance above and below are equally wide.
            let reach = Int(Double(radius * radius - down * down).squareRoot())
            let rows = rowMaxima(reach: reach)
            for shift in down == 0 ? [0] : [-down, down] {
                for y in 0..<height where (0..<height).contains(y + shift) {
                    let from = (y + shift) * width
                    for x in 0..<width {
                        result.values[y * width + x] = max(result.values[y * width + x], rows[from + x])
                    }
                }
            }
        }
        return result
    }

    /// The mask softened by a Gaussian of this standard deviation in pixels, cut off at three of them.
    public func blurred(radius sigma: Double) -> Mask {
        guard sigma > 0 else { return self }
        let reach = max(Int((3 * sigma).rounded(.up)), 1)
        var weights = (-reach...reach).map { Float(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
        let sum = weights.reduce(0, +)
        weights = weights.map { $0 / sum }
        var across = values
        for y in 0..<height {
            for x in 0..<width {
                var total: Float = 0
                for tap in -reach...reach {
                    total += values[y * width + min(max(x + tap, 0), width - 1)] * weights[tap + reach]
                }
                across[y * width + x] = total
            }
        }
        var result = [Float](repeating: 0, count: values.count)
        for y in 0..<height {
            for tap in -reach...reach {
                let from = min(max(y + tap, 0), height - 1) * width
                let weight = weights[tap + reach]
                for x in 0..<width { result[y * width + x] += across[from + x] * weight }
            }
        }
        return Mask(width: width, height: height, values: result.map { min(max($0, 0), 1) })
    }

    private func mapped(_ change: (Float) -> Float) -> Mask {
        Mask(width: width, height: height, values: values.map(change))
    }

    private func combined(with other: Mask, by choose: (Float, Float) -> Float) -> Mask {
        precondition(
            width == other.width && height == other.height,
            "masks of \(width)x\(height) and \(other.width)x\(other.height) do not match")
        return Mask(width: width, height: height, values: zip(values, other.values).map(choose))
    }

    /// The largest value within `reach` places left and right of each, in time that does not depend on it.
    ///
    /// Running maxima from both ends of blocks as long as the window (van Herk 1992, Gil and Werman 1993).
    private func rowMaxima(reach: Int) -> [Float] {
        if reach == 0 { return values }
        let window = 2 * reach + 1
        let padded = width + 2 * reach
        var result = values
        var row = [Float](repeating: 0, count: padded)
        var forward = row
        var backward = row
        for y in 0..<height {
            row.withUnsafeMutableBufferPointer { row in
                for index in 0..<reach {
                    row[index] = -.infinity
                    row[padded - 1 - index] = -.infinity
                }
                for x in 0..<width { row[x + reach] = values[y * width + x] }
                for index in 0..<padded {
                    forward[index] = index % window == 0 ? row[index] : max(forward[index - 1], row[index])
                }
                for index in stride(from: padded - 1, through: 0, by: -1) {
                    let last = index == padded - 1 || (index + 1) % window == 0
                    backward[index] = last ? row[index] : max(backward[index + 1], row[index])
                }
            }
            for x in 0..<width { result[y * width + x] = max(backward[x], forward[x + window - 1]) }
        }
        return result
    }
}

extension Image {
    /// The image with a tint where the mask is set, to show what may change.
    ///
    /// The mask is resized to the image. `opacity` is the tint's share where the mask is 1.
    public func overlaid(
        with mask: Mask, red: UInt8 = 255, green: UInt8 = 0, blue: UInt8 = 80, opacity: Float = 0.5
    ) -> Image {
        let fitting =
            mask.width == width && mask.height == height ? mask : mask.resized(width: width, height: height)
        let tint = [Float(red), Float(green), Float(blue)]
        var result = self
        for (pixel, value) in fitting.values.enumerated() where value > 0 {
            let share = min(value, 1) * min(max(opacity, 0), 1)
            for channel in 0..<3 {
                let old = Float(pixels[pixel * 3 + channel])
                result.pixels[pixel * 3 + channel] = UInt8((old + share * (tint[channel] - old)).rounded())
            }
        }
        return result
    }
}
