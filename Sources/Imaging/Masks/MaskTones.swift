/// What is counted in a file before it can be read as a mask: tones, colours, transparency.
struct MaskTones {
    /// Samples of one image: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
    let values: [UInt8]
    let bands: Int

    /// Pixels whose channels are farther apart than this have a colour; JPEG tints greys by less.
    static let tint = 40
    /// Colours whose brightest channel is below this are black.
    static let black: UInt8 = 32

    /// The samples of an image without transparency.
    init(_ image: Image) {
        (values, bands) = (image.pixels, 3)
    }

    init(values: [UInt8], bands: Int) {
        (self.values, self.bands) = (values, bands)
    }

    var count: Int { values.count / bands }
    private var hasAlpha: Bool { bands == 2 || bands == 4 }

    /// The opacity of every pixel as a share of the highest there is; nil where none is below half of it.
    ///
    /// - Throws: `MaskError.transparent` where nothing at all can be seen.
    func opacity(path: String) throws -> [Float]? {
        guard hasAlpha else { return nil }
        let alpha = stride(from: bands - 1, to: values.count, by: bands).map { values[$0] }
        let highest = Int(alpha.max() ?? 255)
        guard highest > 0 else { throw MaskError.transparent(path: path) }
        guard alpha.contains(where: { Int($0) * 2 < highest }) else { return nil }
        return alpha.map { Float($0) / Float(highest) }
    }

    /// A pixel's colour.
    func colour(_ pixel: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
        let from = pixel * bands
        if bands < 3 { return (values[from], values[from], values[from]) }
        return (values[from], values[from + 1], values[from + 2])
    }

    func isBlack(_ pixel: Int) -> Bool {
        let (red, green, blue) = colour(pixel)
        return max(max(red, green), blue) < Self.black
    }

    /// A pixel's luma in 256 steps (ITU-R BT.601, as Pillow's mode L).
    func luma(_ pixel: Int) -> UInt8 {
        let (red, green, blue) = colour(pixel)
        let sum: Int = Int(red) * 19595 + Int(green) * 38470 + Int(blue) * 7471
        return UInt8((sum + 0x8000) >> 16)
    }

    /// Whether more than one pixel in a hundred has a colour.
    var isColoured: Bool {
        guard bands >= 3 else { return false }
        var coloured = 0
        for pixel in 0..<count {
            let (red, green, blue) = colour(pixel)
            let spread = Int(max(max(red, green), blue)) - Int(min(min(red, green), blue))
            if spread > Self.tint { coloured += 1 }
        }
        return coloured * 100 > count
    }

    /// How often each colour occurs among some pixels, most frequent first; nil where there are more than `limit`.
    ///
    /// - Parameter bits: of each channel that count; fewer let neighbours count as one.
    func colours(
        limit: Int, bits: UInt8 = 8, where counts: (Int) -> Bool = { _ in true }
    ) -> [(colour: UInt32, count: Int)]? {
        var found: [UInt32: Int] = [:]
        var (last, run) = (UInt32.max, 0)
        for pixel in 0..<count where counts(pixel) {
            let (red, green, blue) = colour(pixel)
            let shift = 8 - bits
            let (high, middle, low) = (UInt32(red >> shift), UInt32(green >> shift), UInt32(blue >> shift))
            let packed: UInt32 = (high << 16) | (middle << 8) | low
            if packed == last {
                run += 1
                continue
            }
            if run > 0 { found[last, default: 0] += run }
            if found.count > limit { return nil }
            (last, run) = (packed, 1)
        }
        if run > 0 { found[last, default: 0] += run }
        guard found.count <= limit else { return nil }
        let ordered = found.sorted { one, other in
            one.value == other.value ? one.key < other.key : one.value > other.value
        }
        return ordered.map { (colour: $0.key, count: $0.value) }
    }

    static func isBlack(_ colour: UInt32) -> Bool {
        let channels: [UInt32] = [colour >> 16, (colour >> 8) & 255, colour & 255]
        return channels.allSatisfy { $0 < UInt32(black) }
    }

    /// A packed colour as it is written on the web.
    static func name(_ colour: UInt32) -> String {
        let digits = String(colour, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }
}
