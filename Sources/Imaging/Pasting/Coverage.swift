/// How much of an edit each pixel of an image takes: 255 all of it, 0 nothing, so that the pixel stays as it is.
public struct Coverage: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `height * width` shares in steps of 255, rows from the top.
    public let values: [UInt8]

    /// Shares from their bytes.
    /// - Precondition: `values` holds `width * height` of them.
    public init(width: Int, height: Int, values: [UInt8]) {
        precondition(width > 0 && height > 0 && values.count == width * height, "\(values.count) shares")
        self.width = width
        self.height = height
        self.values = values
    }

    /// The shares as a mask of the same size.
    public var mask: Mask { Mask(width: width, height: height, values: values.map { Float($0) / 255 }) }

    /// The shares as a grey image: white takes all.
    public func image() -> Image {
        let pixels = [UInt8](unsafeUninitializedCapacity: values.count * 3) { room, filled in
            for (pixel, value) in values.enumerated() {
                room[pixel * 3] = value
                room[pixel * 3 + 1] = value
                room[pixel * 3 + 2] = value
            }
            filled = values.count * 3
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}

extension Coverage {
    /// What a user's mask lets through, at an image's size.
    ///
    /// Nothing outside: every pixel whose place in the mask is 0 gets 0. The change fades in over `feather` pixels of
    /// the image, counted inwards from there; the image's frame is no edge. A mask of less than half the image's size
    /// is drawn smooth first, within its own squares.
    public init(given mask: Mask, width: Int, height: Int, feather: Double) {
        let enlargement = min(Double(width) / Double(mask.width), Double(height) / Double(mask.height))
        guard enlargement >= 2 else {
            let weights = mask.fadingIn(width: width, height: height, feather: feather)
            self.init(width: width, height: height, values: weights.values.map(Self.step))
            return
        }
        let fine = min(Int(enlargement.rounded(.up)), Self.finest)
        let drawn = mask.drawn(finer: fine, feather: feather * Double(fine) / enlargement)
        self.init(enlarging: drawn, width: width, height: height, within: mask)
    }

    /// What a mask that a method found on its latent lets through, at an image's size.
    ///
    /// Cells are no pixels, so the edge is drawn anew: the map that the mask was cut from (where there is one) is
    /// enlarged smoothly and cut at the image's size, half way between cells that are in and cells that are out; the
    /// edge fades over `feather` pixels about there. Holes of up to `Mask.smallHole` cells are filled.
    public init(found mask: Mask, soft: Mask?, width: Int, height: Int, feather: Double) {
        let cells = mask.fillingHoles(upTo: Mask.smallHole)
        let cell = max(Double(width) / Double(mask.width), 1)
        let fine = max(min(Int(cell.rounded(.up)), Self.finest), 1)
        let field = cells.levelled(by: soft).resized(
            width: mask.width * fine, height: mask.height * fine, by: .bicubic)
        // Between neighbours in and out the field climbs by a half or more over one cell.
        let ramp = Float(min(max(feather / cell * 0.75, 0.02), 0.5))
        var drawn = field
        for index in drawn.values.indices {
            let share = min(max((field.values[index] - 0.5) / ramp + 0.5, 0), 1)
            drawn.values[index] = share * share * (3 - 2 * share)
        }
        let wide = feather / cell * Double(fine)
        if feather / cell > 0.67 { drawn = drawn.faded(over: wide, edge: 0) }
        self.init(enlarging: drawn, width: width, height: height, within: nil)
    }

    /// Points of the drawing along a side of one mask pixel or latent cell.
    private static let finest = 8

    /// A drawing at the image's size, bilinear; 0 wherever the nearest value of `limit` is 0.
    private init(enlarging drawn: Mask, width: Int, height: Int, within limit: Mask?) {
        let enlarger = RowEnlarger(
            drawn.values, width: drawn.width, height: drawn.height, channels: 1, toWidth: width,
            height: height,
            by: .bilinear)
        let columns =
            limit.map { limit in (0..<width).map { (2 * $0 + 1) * limit.width / (2 * width) } } ?? []
        var room = enlarger.room
        let values = [UInt8](unsafeUninitializedCapacity: width * height) { result, filled in
            for y in 0..<height {
                enlarger.prepare(row: y, into: &room)
                let isEmpty = room.allSatisfy { $0 <= 0 }
                room.withUnsafeBufferPointer { room in
                    for x in 0..<width {
                        result[y * width + x] =
                            isEmpty ? 0 : Self.step(enlarger.value(x: x, channel: 0, in: room))
                    }
                }
                guard let limit, !isEmpty else { continue }
                let row = (2 * y + 1) * limit.height / (2 * height) * limit.width
                for x in 0..<width where limit.values[row + columns[x]] <= 0 { result[y * width + x] = 0 }
            }
            filled = width * height
        }
        self.init(width: width, height: height, values: values)
    }

    private static func step(_ share: Float) -> UInt8 { UInt8(min(max(share, 0), 1) * 255 + 0.5) }
}

extension Mask {
    /// Shares at an image's size: the mask resampled, never beyond the pixels whose nearest value is above 0, and
    /// fading in over `feather` pixels from there.
    fileprivate func fadingIn(width newWidth: Int, height newHeight: Int, feather: Double) -> Mask {
        var weights = self
        if newWidth != width || newHeight != height {
            let nearest = self.nearest(width: newWidth, height: newHeight)
            weights = resized(width: newWidth, height: newHeight, by: .bilinear)
            for index in weights.values.indices {
                weights.values[index] = min(weights.values[index], nearest.values[index])
            }
        }
        // Pixel centres: the first row of pixels inside is at distance 1 from those outside.
        return feather > 0 ? weights.faded(over: feather + 1, edge: 0) : weights
    }

    /// The mask times a smooth step of the distance from the places where it is 0, less `edge`.
    fileprivate func faded(over reach: Double, edge: Float, blurred radius: Int = 0) -> Mask {
        var distances = distances { $0 <= 0 }
        guard distances.contains(where: \.isFinite) else { return self }
        var edge = edge
        if radius > 0 {
            let far = Float(reach) + Float(4 * radius)
            let near = Mask(width: width, height: height, values: distances.map { min($0, far) })
            distances = near.boxMeans(radius: radius)
            // What blurring brought into the places outside is taken off everywhere, so they stay at 0.
            for index in distances.indices where values[index] <= 0 { edge = max(edge, distances[index]) }
        }
        var result = self
        let reach = Float(reach)
        for index in result.values.indices {
            let share = min(max((distances[index] - edge) / reach, 0), 1)
            result.values[index] = min(max(values[index], 0), 1) * share * share * (3 - 2 * share)
        }
        return result
    }

    /// The mask with so many points for each of its sides, its stairs smoothed from within.
    fileprivate func drawn(finer fine: Int, feather: Double) -> Mask {
        let (newWidth, newHeight) = (width * fine, height * fine)
        let squares = nearest(width: newWidth, height: newHeight)
        let fading = squares.faded(
            over: max(feather + 1, Double(fine) / 2), edge: 0, blurred: max(fine / 4, 1))
        // Greys blend between squares, but black is no grey: it would darken the rim a second time.
        var result = fading
        let smooth = resized(width: newWidth, height: newHeight, by: .bilinear)
        for index in result.values.indices where squares.values[index] > 0 && squares.values[index] < 1 {
            result.values[index] *= min(smooth.values[index] / squares.values[index], 1)
        }
        return result
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
