/// The boxes of AVIF and HEIC files (ISO/IEC 14496-12), as far as they say what the colours mean.
enum MediaBoxes {
    /// The first coding of colours by numbers (an `nclx` box) among the properties of the file's items.
    static func colourCoding(in bytes: [UInt8]) -> ColourCoding? {
        guard let meta = children(of: bytes, 0..<bytes.count).first(where: { $0.type == "meta" }),
            meta.data.count > 4,
            // Version and flags stand before the boxes inside.
            let properties = children(of: bytes, (meta.data.lowerBound + 4)..<meta.data.upperBound)
                .first(where: { $0.type == "iprp" }),
            let container = children(of: bytes, properties.data).first(where: { $0.type == "ipco" })
        else { return nil }
        for box in children(of: bytes, container.data) where box.type == "colr" && box.data.count >= 11 {
            let place = box.data.lowerBound
            guard bytes[place..<(place + 4)].elementsEqual(Array("nclx".utf8)) else { continue }
            func short(_ offset: Int) -> Int {
                Int(bytes[place + offset]) << 8 | Int(bytes[place + offset + 1])
            }
            return ColourCoding(
                primaries: short(4), transfer: short(6), matrix: short(8),
                isFullRange: bytes[place + 10] & 0x80 != 0)
        }
        return nil
    }

    private static func children(of bytes: [UInt8], _ range: Range<Int>) -> [(type: String, data: Range<Int>)]
    {
        var boxes: [(type: String, data: Range<Int>)] = []
        var place = range.lowerBound
        while range.upperBound - place >= 8 {
            let size = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            let type = String(decoding: bytes[(place + 4)..<(place + 8)], as: UTF8.self)
            // 0 reaches to the end; 1, a longer size, is not found before the pixels.
            let length = size == 0 ? range.upperBound - place : size
            guard length >= 8, length <= range.upperBound - place else { break }
            boxes.append((type, (place + 8)..<(place + length)))
            place += length
        }
        return boxes
    }
}
