import Foundation

/// ICC profiles (version 4, matrix and curve) for colours that a file names by numbers only.
///
/// Made here rather than by the colour library, whose profiles carry the time: the same photo gives the same file.
struct RGBColours: Hashable {
    typealias Chromaticity = (x: Double, y: Double)

    /// How a sample becomes light.
    enum Curve: Hashable {
        case sRGB
        /// Light is the sample to this power.
        case gamma(Double)
    }

    /// x and y of white, red, green and blue.
    let chromaticities: [Double]
    let curve: Curve
    let name: String

    init(
        white: Chromaticity, red: Chromaticity, green: Chromaticity, blue: Chromaticity, curve: Curve,
        name: String
    ) {
        chromaticities = [white, red, green, blue].flatMap { [$0.x, $0.y] }
        self.curve = curve
        self.name = name
    }

    /// Daylight of 6504 K, the white of most displays.
    static let daylight = (x: 0.3127, y: 0.3290)
    /// The primaries of sRGB and of ITU-R BT.709.
    static let plainPrimaries = [0.64, 0.33, 0.30, 0.60, 0.15, 0.06]

    /// Adobe RGB (1998), which cameras mean by the interoperability index R03.
    static let adobe = RGBColours(
        white: daylight, red: (0.64, 0.33), green: (0.21, 0.71), blue: (0.15, 0.06),
        curve: .gamma(563.0 / 256), name: "Compatible with Adobe RGB (1998)")

    /// The bytes of the profile; nil where the chromaticities are no colours.
    var profile: [UInt8]? {
        guard let matrix = toConnectionSpace, let adaptation = Self.adaptation(from: white) else {
            return nil
        }
        let curve =
            switch curve {
            // Type 3 of the ICC specification: two pieces, of which the lower is straight.
            case .sRGB: Self.parametric(3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
            case .gamma(let power): Self.parametric(0, [power])
            }
        let tags: [(String, [UInt8])] = [
            ("desc", Self.text(name)), ("cprt", Self.text("No copyright, use freely")),
            ("wtpt", Self.xyz(Self.connectionWhite)),
            ("chad", Array("sf32".utf8) + [0, 0, 0, 0] + adaptation.flatMap(\.self).flatMap(Self.fixed)),
            ("rXYZ", Self.xyz(matrix.map { $0[0] })), ("gXYZ", Self.xyz(matrix.map { $0[1] })),
            ("bXYZ", Self.xyz(matrix.map { $0[2] })), ("rTRC", curve), ("gTRC", curve), ("bTRC", curve),
        ]
        let start = 128 + 4 + 12 * tags.count
        var table = PNGChunks.bigEndian(UInt32(tags.count))
        var body: [UInt8] = []
        for (tag, data) in tags {
            table += Array(tag.utf8) + PNGChunks.bigEndian(UInt32(start + body.count))
            table += PNGChunks.bigEndian(UInt32(data.count))
            body += data + [UInt8](repeating: 0, count: (4 - data.count % 4) % 4)
        }
        // Size, no preferred engine, version 4.3, a display's RGB over XYZ; the date is that of the specification.
        var head = PNGChunks.bigEndian(UInt32(start + body.count)) + [0, 0, 0, 0, 4, 0x30, 0, 0]
        head += Array("mntrRGB XYZ ".utf8) + [0x07, 0xDA, 0, 12, 0, 1, 0, 0, 0, 0, 0, 0] + Array("acsp".utf8)
        head += [UInt8](repeating: 0, count: 28) + Self.connectionWhite.flatMap(Self.fixed)
        head += [UInt8](repeating: 0, count: 128 - head.count)
        return head + table + body
    }

    private var white: [Double] { Self.light(chromaticities[0], chromaticities[1]) }

    /// From linear RGB to XYZ under the profile connection space's white, by Bradford's adaptation.
    private var toConnectionSpace: [[Double]]? {
        guard chromaticities.allSatisfy({ $0.isFinite }),
            [1, 3, 5, 7].allSatisfy({ chromaticities[$0] > 1e-4 })
        else { return nil }
        let columns = (1...3).map { Self.light(chromaticities[2 * $0], chromaticities[2 * $0 + 1]) }
        let primaries = (0..<3).map { row in columns.map { $0[row] } }
        guard let inverse = Self.inverse(primaries), let adaptation = Self.adaptation(from: white) else {
            return nil
        }
        let scale = Self.product(inverse, white.map { [$0] }).map { $0[0] }
        return Self.product(adaptation, primaries.map { row in zip(row, scale).map { $0 * $1 } })
    }

    /// D50, the white that all profiles refer to.
    private static let connectionWhite = [0.9642, 1, 0.8249]

    private static func light(_ x: Double, _ y: Double) -> [Double] { [x / y, 1, (1 - x - y) / y] }

    private static func adaptation(from white: [Double]) -> [[Double]]? {
        let cones = [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
        guard let back = inverse(cones) else { return nil }
        let seen = product(cones, white.map { [$0] }).map { $0[0] }
        let wanted = product(cones, connectionWhite.map { [$0] }).map { $0[0] }
        guard seen.allSatisfy({ $0 > 1e-6 }) else { return nil }
        let scaled = (0..<3).map { row in cones[row].map { $0 * wanted[row] / seen[row] } }
        return product(back, scaled)
    }

    private static func product(_ left: [[Double]], _ right: [[Double]]) -> [[Double]] {
        left.map { row in
            right[0].indices.map { column in row.indices.reduce(0) { $0 + row[$1] * right[$1][column] } }
        }
    }

    /// By cofactors; nil where three colours lie on one line.
    private static func inverse(_ m: [[Double]]) -> [[Double]]? {
        func cofactor(_ row: Int, _ column: Int) -> Double {
            let (r, s, c, d) = ((row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3)
            return m[r][c] * m[s][d] - m[r][d] * m[s][c]
        }
        let determinant = (0..<3).reduce(0) { $0 + m[0][$1] * cofactor(0, $1) }
        guard abs(determinant) > 1e-9 else { return nil }
        return (0..<3).map { row in (0..<3).map { cofactor($0, row) / determinant } }
    }

    /// A number with 16 bits behind the point.
    private static func fixed(_ value: Double) -> [UInt8] {
        let bounded = min(max(value, -32767), 32767)
        return PNGChunks.bigEndian(UInt32(bitPattern: Int32((bounded * 65536).rounded())))
    }

    private static func xyz(_ values: [Double]) -> [UInt8] {
        Array("XYZ ".utf8) + [0, 0, 0, 0] + values.flatMap(fixed)
    }

    private static func parametric(_ type: UInt8, _ values: [Double]) -> [UInt8] {
        Array("para".utf8) + [0, 0, 0, 0, 0, type, 0, 0] + values.flatMap(fixed)
    }

    /// One English text.
    private static func text(_ words: String) -> [UInt8] {
        let units = words.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
        return Array("mluc".utf8) + [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 12] + Array("enUS".utf8)
            + PNGChunks.bigEndian(UInt32(units.count)) + PNGChunks.bigEndian(28) + units
    }
}
