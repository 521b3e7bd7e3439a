/// Colours named by code numbers (ITU-T H.273): PNG's cICP chunk, and the nclx boxes of AVIF and HEIC.
struct ColourCoding: Hashable {
    let primaries: Int
    let transfer: Int
    let matrix: Int
    let isFullRange: Bool

    /// What the numbers come to.
    enum Meaning: Equatable {
        /// Nothing is said; whatever else the file says counts.
        case unspecified
        case sRGB
        /// Other colours, with their ICC profile.
        case profile([UInt8])
        /// Colours that an 8-bit image without high dynamic range cannot hold, or numbers without meaning.
        case unsuitable(String)
    }

    var meaning: Meaning {
        if primaries == 2 && transfer == 2 { return .unspecified }
        switch transfer {
        case 16: return .unsuitable("its colours are HDR (perceptual quantiser, ITU-R BT.2100)")
        case 18: return .unsuitable("its colours are HDR (hybrid log-gamma, ITU-R BT.2100)")
        default: break
        }
        guard let curve, let chromaticities else {
            return .unsuitable(
                "its colours are coded as \(primaries)/\(transfer)/\(matrix), which is not known here")
        }
        if curve == .sRGB, primaries == 1 || primaries == 2 { return .sRGB }
        let (white, red, green, blue) = chromaticities
        let name = primaries == 12 && curve == .sRGB ? "Display P3" : "H.273 colours \(primaries)/\(transfer)"
        let colours = RGBColours(white: white, red: red, green: green, blue: blue, curve: curve, name: name)
        return colours.profile.map { .profile($0) } ?? .unspecified
    }

    private var curve: RGBColours.Curve? {
        switch transfer {
        // Viewers of still images show the camera curves of television (1, 6, 14, 15) as sRGB's.
        case 1, 2, 6, 13, 14, 15: .sRGB
        case 4: .gamma(2.2)
        case 5: .gamma(2.8)
        case 8: .gamma(1)
        default: nil
        }
    }

    private typealias Point = RGBColours.Chromaticity
    private var chromaticities: (white: Point, red: Point, green: Point, blue: Point)? {
        let daylight = RGBColours.daylight
        switch primaries {
        case 1, 2: return (daylight, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
        case 4: return ((0.310, 0.316), (0.67, 0.33), (0.21, 0.71), (0.14, 0.08))
        case 5: return (daylight, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06))
        case 6, 7: return (daylight, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
        case 8: return ((0.310, 0.316), (0.681, 0.319), (0.243, 0.692), (0.145, 0.049))
        case 9: return (daylight, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046))
        case 11: return ((0.314, 0.351), (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
        case 12: return (daylight, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
        case 22: return (daylight, (0.630, 0.340), (0.295, 0.605), (0.155, 0.077))
        default: return nil
        }
    }
}

/// What the chunks of a PNG say of its colours: cICP counts before iCCP, that before sRGB, and gAMA with cHRM last (PNG
/// specification, third edition, section 12.1).
struct PNGColours {
    /// The chunks as they are, by name, for a PNG in the same colours.
    private(set) var chunks: [String: [UInt8]] = [:]

    private static let names = ["cICP", "sRGB", "gAMA", "cHRM", "mDCV", "mDCv", "cLLI", "cLLi"]

    init(chunks all: [(type: String, data: Range<Int>)], of bytes: [UInt8]) {
        for (type, data) in all where Self.names.contains(type) && chunks[type] == nil {
            chunks[type] = Array(bytes[data])
        }
    }

    /// - Parameter hasProfile: whether there is an iCCP chunk.
    func meaning(hasProfile: Bool) -> ColourCoding.Meaning {
        if let data = chunks["cICP"], data.count == 4 {
            let coding = ColourCoding(
                primaries: Int(data[0]), transfer: Int(data[1]), matrix: Int(data[2]),
                isFullRange: data[3] != 0)
            guard coding.isFullRange else { return .unsuitable("its samples use the narrow range of video") }
            guard coding.matrix == 0 else {
                return .unsuitable("its cICP chunk names colours other than RGB (matrix \(coding.matrix))")
            }
            if coding.meaning != .unspecified { return coding.meaning }
        }
        if hasProfile { return .unspecified }
        if chunks["sRGB"] != nil { return .sRGB }
        guard let gamma = chunks["gAMA"].map(Self.numbers), gamma.count == 1, gamma[0] > 0.01 else {
            return .unspecified
        }
        var points = [RGBColours.daylight.x, RGBColours.daylight.y] + RGBColours.plainPrimaries
        if let given = chunks["cHRM"].map(Self.numbers), given.count == 8 { points = given }
        let plain = [RGBColours.daylight.x, RGBColours.daylight.y] + RGBColours.plainPrimaries
        // As libpng has it: a difference of a hundredth, or of a twentieth in gamma, is no difference.
        let isPlain = zip(points, plain).allSatisfy { abs($0 - $1) < 0.01 }
        if isPlain, abs(gamma[0] * 2.2 - 1) <= 0.05 { return .sRGB }
        let colours = RGBColours(
            white: (points[0], points[1]), red: (points[2], points[3]), green: (points[4], points[5]),
            blue: (points[6], points[7]), curve: .gamma(1 / gamma[0]), name: "gAMA and cHRM of a PNG")
        return colours.profile.map { .profile($0) } ?? .unspecified
    }

    /// Numbers in hundred-thousandths.
    private static func numbers(_ data: [UInt8]) -> [Double] {
        stride(from: 0, to: data.count - 3, by: 4).map { place in
            Double(data[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }) / 100_000
        }
    }
}
