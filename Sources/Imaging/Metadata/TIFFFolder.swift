/// One entry of a TIFF folder: its type and its values, the bytes of each in big-endian order.
struct TIFFValue: Hashable, Sendable {
    let type: Int
    let data: [UInt8]

    /// Bytes of one value by TIFF type, 1 (byte) to 13 (folder).
    private static let sizes = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4]
    /// Bytes that a byte order turns round together; a fraction is two numbers.
    private static let units = [0, 1, 1, 2, 4, 4, 1, 1, 2, 4, 4, 4, 8, 4]

    init?(type: Int, data: [UInt8]) {
        guard Self.sizes.indices.contains(type), type > 0, data.count % Self.sizes[type] == 0 else {
            return nil
        }
        self.type = type
        self.data = data
    }

    private init(_ type: Int, _ data: [UInt8]) { (self.type, self.data) = (type, data) }

    static func size(of type: Int) -> Int { sizes.indices.contains(type) ? sizes[type] : 0 }

    var count: Int { data.count / Self.sizes[type] }

    /// The bytes with another byte order, which is its own reverse.
    static func ordered(_ data: [UInt8], type: Int, bigEndian: Bool) -> [UInt8] {
        let unit = units[type]
        if bigEndian || unit == 1 { return data }
        return stride(from: 0, to: data.count, by: unit).flatMap { data[$0..<($0 + unit)].reversed() }
    }

    func ordered(bigEndian: Bool) -> [UInt8] { Self.ordered(data, type: type, bigEndian: bigEndian) }

    /// The first value as a whole number, for the whole-numbered types.
    var number: Int? {
        guard [1, 3, 4, 13].contains(type), count > 0 else { return nil }
        return data.prefix(Self.sizes[type]).reduce(0) { $0 << 8 | Int($1) }
    }

    /// The first value as a fraction.
    var fraction: Double? {
        guard type == 5, data.count >= 8 else { return number.map(Double.init) }
        let above = data[0..<4].reduce(0) { $0 << 8 | Int($1) }
        let below = data[4..<8].reduce(0) { $0 << 8 | Int($1) }
        return below > 0 ? Double(above) / Double(below) : nil
    }

    /// The text up to its closing zero.
    var text: String { String(decoding: data.prefix { $0 != 0 }, as: UTF8.self) }

    static func short(_ value: Int) -> TIFFValue {
        TIFFValue(3, [UInt8(value >> 8 & 255), UInt8(value & 255)])
    }
    static func long(_ value: Int) -> TIFFValue {
        TIFFValue(4, PNGChunks.bigEndian(UInt32(truncatingIfNeeded: value)))
    }
    static func ascii(_ text: String) -> TIFFValue { TIFFValue(2, text.utf8.filter { $0 != 0 } + [0]) }
    static func undefined(_ data: [UInt8]) -> TIFFValue { TIFFValue(7, data) }

    /// A number above 0 as a fraction, exact where it is whole.
    static func fraction(_ value: Double) -> TIFFValue {
        let below = value.rounded() == value ? 1 : 10_000
        let above = min((value * Double(below)).rounded(), 4e9)
        return TIFFValue(5, long(Int(above)).data + long(below).data)
    }
}

/// The entries of a TIFF folder (an "IFD") by tag.
typealias TIFFFolder = [Int: TIFFValue]

extension TIFFFolder {
    /// Bytes that the folder takes, the values behind it included.
    var storedSize: Int {
        values.reduce(2 + 12 * count + 4) { $0 + ($1.data.count > 4 ? $1.data.count + $1.data.count % 2 : 0) }
    }

    /// The folder and the values behind it, for an even place in the file.
    func stored(at place: Int, bigEndian: Bool) -> [UInt8] {
        func short(_ value: Int) -> [UInt8] { TIFFValue.short(value).ordered(bigEndian: bigEndian) }
        func long(_ value: Int) -> [UInt8] { TIFFValue.long(value).ordered(bigEndian: bigEndian) }
        var bytes = short(count)
        var tail: [UInt8] = []
        let tailPlace = place + 2 + 12 * count + 4
        for (tag, value) in sorted(by: { $0.key < $1.key }) {
            let data = value.ordered(bigEndian: bigEndian)
            bytes += short(tag) + short(value.type) + long(value.count)
            if data.count <= 4 {
                bytes += data + [UInt8](repeating: 0, count: 4 - data.count)
            } else {
                bytes += long(tailPlace + tail.count)
                tail += data + (data.count % 2 == 1 ? [0] : [])
            }
        }
        return bytes + long(0) + tail
    }
}

/// A careful reader of TIFF folders: offsets that lead outside give nothing.
struct TIFFReader {
    let bytes: [UInt8]
    let bigEndian: Bool

    /// The first folder; empty where there is none.
    var first: TIFFFolder { folder(at: number(4, 4)) }

    init?(bytes: [UInt8]) {
        guard bytes.count >= 8 else { return nil }
        switch (bytes[0], bytes[1]) {
        case (0x4D, 0x4D): bigEndian = true
        case (0x49, 0x49): bigEndian = false
        default: return nil
        }
        self.bytes = bytes
        // 43 is BigTIFF, whose folders look otherwise.
        guard number(2, 2) == 42 else { return nil }
    }

    private func number(_ place: Int, _ length: Int) -> Int {
        let part = bytes[place..<(place + length)]
        return (bigEndian ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | Int($1) }
    }

    /// The entries of the folder at a place.
    func folder(at start: Int) -> TIFFFolder {
        guard start >= 8, start + 2 <= bytes.count else { return [:] }
        var values: TIFFFolder = [:]
        for index in 0..<number(start, 2) {
            let place = start + 2 + index * 12
            guard place + 12 <= bytes.count else { break }
            let type = number(place + 2, 2)
            guard TIFFValue.size(of: type) > 0 else { continue }
            let length = number(place + 4, 4) * TIFFValue.size(of: type)
            let from = length <= 4 ? place + 8 : number(place + 8, 4)
            guard length <= bytes.count, from <= bytes.count - length else { continue }
            let data = TIFFValue.ordered(
                Array(bytes[from..<(from + length)]), type: type, bigEndian: bigEndian)
            values[number(place, 2)] = TIFFValue(type: type, data: data)
        }
        return values
    }
}
