extension Image {
    /// The largest square in the middle, at another size.
    public func middleSquare(side: Int) -> Image {
        let short = min(width, height)
        let (left, top) = ((width - short) / 2, (height - short) / 2)
        var square: [UInt8] = []
        square.reserveCapacity(short * short * 3)
        for row in top..<(top + short) {
            let start = offset(x: left, y: row)
            square += pixels[start..<(start + short * 3)]
        }
        return Image(width: short, height: short, pixels: square).resized(
            width: side, height: side, by: .lanczos)
    }
}
