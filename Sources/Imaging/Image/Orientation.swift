/// How the stored pixels of a photo must be turned to stand upright (EXIF tag 0x0112, values 1 to 8).
enum Orientation: Int, CaseIterable {
    case upright = 1
    case mirrored
    case halfTurn
    case flipped
    case transposed
    case turnedRight
    case transversed
    case turnedLeft

    var swapsSides: Bool { rawValue >= 5 }

    /// Where in the stored image (`width` x `height`) the upright image's pixel at x, y lies.
    func source(x: Int, y: Int, width: Int, height: Int) -> (x: Int, y: Int) {
        switch self {
        case .upright: (x, y)
        case .mirrored: (width - 1 - x, y)
        case .halfTurn: (width - 1 - x, height - 1 - y)
        case .flipped: (x, height - 1 - y)
        case .transposed: (y, x)
        case .turnedRight: (y, height - 1 - x)
        case .transversed: (width - 1 - y, height - 1 - x)
        case .turnedLeft: (width - 1 - y, x)
        }
    }
}

extension Image {
    /// The image turned upright.
    func turned(_ orientation: Orientation) -> Image {
        if orientation == .upright { return self }
        let newWidth = orientation.swapsSides ? height : width
        let newHeight = orientation.swapsSides ? width : height
        // The source moves by a fixed step along each row of the result.
        func place(_ x: Int, _ y: Int) -> Int {
            let source = orientation.source(x: x, y: y, width: width, height: height)
            return offset(x: source.x, y: source.y)
        }
        let result = [UInt8](unsafeUninitializedCapacity: pixels.count) { room, count in
            pixels.withUnsafeBufferPointer { stored in
                var index = 0
                for y in 0..<newHeight {
                    var from = place(0, y)
                    let step = newWidth > 1 ? place(1, y) - from : 0
                    for _ in 0..<newWidth {
                        room[index] = stored[from]
                        room[index + 1] = stored[from + 1]
                        room[index + 2] = stored[from + 2]
                        index += 3
                        from += step
                    }
                }
            }
            count = pixels.count
        }
        let turnedAlpha = alpha.map { stored in
            (0..<(newWidth * newHeight)).map { index in
                let source = orientation.source(
                    x: index % newWidth, y: index / newWidth, width: width, height: height)
                return stored[source.y * width + source.x]
            }
        }
        return Image(
            width: newWidth, height: newHeight, pixels: result, profile: profile, alpha: turnedAlpha)
    }
}
