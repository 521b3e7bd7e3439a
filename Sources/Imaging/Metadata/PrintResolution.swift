/// How large an image is printed: pixels per metre.
public struct PrintResolution: Sendable, Hashable {
    /// Pixels per metre across, above 0.
    public let across: Double
    /// Pixels per metre down, above 0.
    public let down: Double

    /// A resolution in pixels per metre; nil where one is not above 0.
    public init?(across: Double, down: Double) {
        guard across > 0, down > 0, across.isFinite, down.isFinite, max(across, down) < 1e8 else {
            return nil
        }
        self.across = across
        self.down = down
    }

    static let metresPerInch = 0.0254

    /// Pixels per inch, whole where they are within a thousandth of it.
    static func perInch(_ perMetre: Double) -> Double {
        let value = perMetre * metresPerInch
        return abs(value - value.rounded()) < 0.001 ? value.rounded() : value
    }

    /// For the image turned by a quarter.
    var turned: PrintResolution { PrintResolution(across: down, down: across) ?? self }

    /// What the three EXIF (and TIFF) tags say; their unit is an inch unless it is named.
    init?(_ folder: TIFFFolder) {
        guard let across = folder[EXIF.Tag.xResolution]?.fraction else { return nil }
        let down = folder[EXIF.Tag.yResolution]?.fraction ?? across
        let unit = folder[EXIF.Tag.resolutionUnit]?.number ?? 2
        guard unit == 2 || unit == 3 else { return nil }
        let metres = unit == 3 ? 0.01 : Self.metresPerInch
        self.init(across: across / metres, down: down / metres)
    }

    /// Sets the three tags, in inches.
    func put(into folder: inout TIFFFolder) {
        folder[EXIF.Tag.xResolution] = .fraction(Self.perInch(across))
        folder[EXIF.Tag.yResolution] = .fraction(Self.perInch(down))
        folder[EXIF.Tag.resolutionUnit] = .short(2)
    }

    /// The data of PNG's pHYs chunk.
    var physical: [UInt8] {
        PNGChunks.bigEndian(UInt32(across.rounded())) + PNGChunks.bigEndian(UInt32(down.rounded())) + [1]
    }

    init?(physical data: ArraySlice<UInt8>) {
        let bytes = Array(data)
        guard bytes.count == 9, bytes[8] == 1 else { return nil }
        self.init(
            across: Double(bytes[0..<4].reduce(0) { $0 << 8 | Int($1) }),
            down: Double(bytes[4..<8].reduce(0) { $0 << 8 | Int($1) }))
    }

    /// Unit and two densities as JFIF has them: dots per centimetre where only those are whole, else per inch.
    var densities: [UInt8] {
        let (inches, centimetres) = ([across, down].map(Self.perInch), [across / 100, down / 100])
        func isWhole(_ values: [Double]) -> Bool { values.allSatisfy { abs($0 - $0.rounded()) < 0.001 } }
        let metric = !isWhole(inches) && isWhole(centimetres)
        return [metric ? 2 : 1]
            + (metric ? centimetres : inches).flatMap {
                TIFFValue.short(Int(min(max($0.rounded(), 1), 65535))).data
            }
    }

    init?(densities data: ArraySlice<UInt8>) {
        let bytes = Array(data)
        guard bytes.count == 5, bytes[0] == 1 || bytes[0] == 2 else { return nil }
        let metres = bytes[0] == 2 ? 0.01 : Self.metresPerInch
        self.init(
            across: Double(Int(bytes[1]) << 8 | Int(bytes[2])) / metres,
            down: Double(Int(bytes[3]) << 8 | Int(bytes[4])) / metres)
    }
}
