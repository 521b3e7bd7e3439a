import Imaging
import Tensors

extension Tensor {
    /// Pictures in -1…1, [B, 3, height, width], from bytes [B, height, width, 3].
    init(pixels: [UInt8], height: Int, width: Int, device: Device, dtype: DType) {
        let count = pixels.count / (height * width * 3)
        let bytes = Tensor(pixels, shape: [count, height, width, 3]).to(device: device)
        self = (bytes.to(dtype: .float32) / 127.5 - 1).permuted(0, 3, 1, 2).contiguous.to(dtype: dtype)
    }

    /// Quotient by a number.
    private static func / (left: Tensor, right: Double) -> Tensor { left * (1 / right) }

    /// The 8-bit pictures of a batch [B, 3, H, W] in -1…1.
    func pictures() -> [Picture] {
        let (count, _, height, width) = shape4
        let bytes = ((self.to(dtype: .float32) + 1) * 127.5 + 0.5).clamped(0, 255).permuted(0, 2, 3, 1).contiguous
            .to(dtype: .uint8).scalars(as: UInt8.self)
        let size = height * width * 3
        return (0..<count).map { index in
            Picture(width: width, height: height, pixels: Array(bytes[(index * size)..<((index + 1) * size)]))
        }
    }
}

/// Pictures of one size side by side in rows, a few pixels apart.
func sheet(_ pictures: [Picture], columns: Int) -> Picture {
    guard let first = pictures.first else { return Picture(width: 1, height: 1) }
    let gap = 2
    let rows = (pictures.count + columns - 1) / columns
    var sheet = Picture(
        width: columns * (first.width + gap) + gap, height: rows * (first.height + gap) + gap, red: 255, green: 255,
        blue: 255)
    for (index, picture) in pictures.enumerated() {
        let left = gap + index % columns * (first.width + gap)
        let top = gap + index / columns * (first.height + gap)
        for y in 0..<picture.height {
            let target = sheet.offset(x: left, y: top + y)
            let source = picture.offset(x: 0, y: y)
            sheet.pixels.replaceSubrange(
                target..<(target + picture.width * 3), with: picture.pixels[source..<(source + picture.width * 3)])
        }
    }
    return sheet
}
