extension Image {
    /// What lies within a box, with its own transparency and the same profile.
    /// - Precondition: the box lies within the image.
    public func part(_ box: PixelBox) -> Image {
        precondition(
            box.left >= 0 && box.top >= 0 && box.right < width && box.bottom < height,
            "a part outside the picture")
        var part: [UInt8] = []
        part.reserveCapacity(box.width * box.height * 3)
        for row in box.top...box.bottom {
            let start = offset(x: box.left, y: row)
            part += pixels[start..<(start + box.width * 3)]
        }
        var image = Image(width: box.width, height: box.height, pixels: part, profile: profile)
        image.alpha = alpha.map { alpha in
            (box.top...box.bottom).flatMap { row in
                alpha[(row * width + box.left)...(row * width + box.right)]
            }
        }
        return image
    }

    /// The largest square in the middle, at another size.
    public func middleSquare(side: Int) -> Image {
        let short = min(width, height)
        let (left, top) = ((width - short) / 2, (height - short) / 2)
        let box = PixelBox(left: left, top: top, right: left + short - 1, bottom: top + short - 1)
        return part(box).resized(width: side, height: side, by: .lanczos)
    }
}

extension Mask {
    /// What lies within a box.
    /// - Precondition: the box lies within the mask.
    public func part(_ box: PixelBox) -> Mask {
        let values = (box.top...box.bottom).flatMap { row in
            self.values[(row * width + box.left)...(row * width + box.right)]
        }
        return Mask(width: box.width, height: box.height, values: values)
    }
}

extension PixelBox {
    /// A square, where there is room for one, about the box with a margin, within an image of this size.
    ///
    /// - Parameters:
    ///   - margin: what is added on each side, as a share of the box's longer side.
    ///   - least: the least pixels of a side, where the image has them.
    public func surroundings(margin: Double, least: Int, width: Int, height: Int) -> PixelBox {
        let longer = Double(max(self.width, self.height))
        let side = max(Int((longer * (1 + 2 * margin)).rounded(.up)), least)
        /// Where a stretch of the side lies that has the box's in its middle, pushed into the frame.
        func stretch(_ from: Int, _ to: Int, of size: Int) -> ClosedRange<Int> {
            let length = min(side, size)
            let start = min(max((from + to + 1 - length) / 2, 0), size - length)
            return start...(start + length - 1)
        }
        let (columns, rows) = (stretch(left, right, of: width), stretch(top, bottom, of: height))
        return PixelBox(
            left: columns.lowerBound, top: rows.lowerBound, right: columns.upperBound, bottom: rows.upperBound
        )
    }
}
