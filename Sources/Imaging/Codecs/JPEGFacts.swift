/// What the coded part of a JPEG tells: how finely it was coded, and whether it is all there.
enum JPEGFacts {
    /// Annex K of ITU-T T.81: the usual luminance table, in the zigzag order that files have.
    private static let usualTable = [
        16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29,
        40,
        58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103,
        104,
        103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
    ]

    /// The quality (1 to 100) at which libjpeg would make the file's first table, or the nearest to it.
    ///
    /// Exact for files of libjpeg and its kin; for others, cameras among them, the quality that codes about as finely.
    static func quality(of bytes: [UInt8]) -> Int? {
        for (marker, data) in JPEGSegments.segments(of: bytes) where marker == 0xDB && data.count >= 65 {
            let isWide = bytes[data.lowerBound] >> 4 == 1
            guard bytes[data.lowerBound] & 15 == 0, data.count >= (isWide ? 129 : 65) else { continue }
            let table = (0..<64).map { index in
                let place = data.lowerBound + 1 + index * (isWide ? 2 : 1)
                return isWide ? Int(bytes[place]) << 8 | Int(bytes[place + 1]) : Int(bytes[place])
            }
            func distance(_ quality: Int) -> Int {
                let scale = quality < 50 ? 5000 / quality : 200 - 2 * quality
                return zip(usualTable, table).reduce(0) {
                    $0 + abs(min(max(($1.0 * scale + 50) / 100, 1), 255) - $1.1)
                }
            }
            return (1...100).min { distance($0) < distance($1) }
        }
        return nil
    }

    /// The end of a file, as far as markers tell it.
    enum Ending { case whole, lacksEndMarker, lacksScans }

    /// Walks over all scans to the end marker.
    ///
    /// A progressive image that ends after a scan has all its pixels, but not their last digits; only its scans'
    /// headers show that some are missing.
    static func ending(of bytes: [UInt8]) -> Ending {
        var place = 2
        // The lowest bit that was coded yet, for each component's constant and other parts.
        var lowestBit: [UInt8: [Int: Int]] = [:]
        var isProgressive = false
        var componentCount = 0
        while bytes.count - place >= 2 {
            while let segment = JPEGSegments.segment(of: bytes, at: &place) {
                if segment.marker == 0xC2 { isProgressive = true }
                if (0xC0...0xC2).contains(segment.marker), segment.data.count >= 6 {
                    componentCount = Int(bytes[segment.data.lowerBound + 5])
                }
            }
            guard bytes.count - place >= 2, bytes[place] == 0xFF else { break }
            if bytes[place + 1] == 0xD9 { return .whole }
            guard bytes[place + 1] == 0xDA, bytes.count - place >= 5 else { break }
            let length = Int(bytes[place + 2]) << 8 | Int(bytes[place + 3])
            let components = Int(bytes[place + 4])
            guard length == 6 + 2 * components, bytes.count - place >= 2 + length else { break }
            let spectrum = place + 5 + 2 * components
            for component in 0..<components {
                let name = bytes[place + 5 + 2 * component]
                for index in Int(bytes[spectrum])...max(Int(bytes[spectrum]), Int(bytes[spectrum + 1])) {
                    lowestBit[name, default: [:]][min(index, 63)] = Int(bytes[spectrum + 2] & 15)
                }
            }
            place += 2 + length
            // Coded data: a marker is 0xFF and neither a stuffed zero nor a restart.
            while place < bytes.count - 1,
                bytes[place] != 0xFF || bytes[place + 1] == 0 || (0xD0...0xD7).contains(bytes[place + 1])
            { place += 1 }
        }
        guard lowestBit.count >= componentCount else { return .lacksScans }
        let isComplete = lowestBit.values.allSatisfy { bits in (0..<64).allSatisfy { bits[$0] == 0 } }
        return isComplete || !isProgressive ? .lacksEndMarker : .lacksScans
    }

    /// The bytes with the end marker that they lack, after some bytes that mean nothing where nothing is missing.
    static func ended(_ bytes: [UInt8], after filler: [UInt8] = []) -> [UInt8] {
        // A last 0xFF is the first half of the marker.
        (bytes.last == 0xFF ? bytes.dropLast() : bytes[...]) + filler + [0xFF, 0xD9]
    }

    /// What takes the place of missing bits to show that they are missing: the library itself takes zeros.
    static let fillers: [[UInt8]] = [
        [UInt8](repeating: 0x55, count: 64), [UInt8](repeating: 0xFE, count: 64),
    ]
}
