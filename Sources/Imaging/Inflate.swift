/// Decompression of small zlib streams (RFC 1950 and 1951), for compressed text chunks.
struct Inflate {
    /// What a zlib stream holds, or nil where it is broken or longer than `limit` bytes.
    static func zlib(_ bytes: [UInt8], limit: Int = 16 << 20) -> [UInt8]? {
        guard bytes.count > 6, bytes[0] & 15 == 8, (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0,
            bytes[1] & 32 == 0
        else { return nil }
        var reader = Inflate(bytes: bytes, place: 2, limit: limit)
        return reader.run() ? reader.output : nil
    }

    private let bytes: [UInt8]
    private var place: Int
    private let limit: Int
    private var held: UInt32 = 0
    private var heldBits = 0
    private var output: [UInt8] = []

    private init(bytes: [UInt8], place: Int, limit: Int) {
        self.bytes = bytes
        self.place = place
        self.limit = limit
    }

    /// The next bits, the first the lowest; nil at the end of the stream.
    private mutating func bits(_ count: Int) -> Int? {
        while heldBits < count {
            guard place < bytes.count else { return nil }
            held |= UInt32(bytes[place]) << UInt32(heldBits)
            place += 1
            heldBits += 8
        }
        let value = Int(held & ((1 << UInt32(count)) - 1))
        held >>= UInt32(count)
        heldBits -= count
        return value
    }

    /// A canonical Huffman code: how many codes have each length, and the symbols in order of their codes.
    private struct Code {
        var counts = [Int](repeating: 0, count: 16)
        var symbols: [Int] = []

        init(lengths: [Int]) {
            for length in lengths where length > 0 { counts[length] += 1 }
            for length in 1...15 {
                symbols += lengths.indices.filter { lengths[$0] == length }
            }
        }
    }

    private mutating func symbol(_ code: Code) -> Int? {
        var value = 0
        var first = 0
        var index = 0
        for length in 1...15 {
            guard let bit = bits(1) else { return nil }
            value |= bit
            let count = code.counts[length]
            if value - first < count {
                let position = index + value - first
                return position >= 0 && position < code.symbols.count ? code.symbols[position] : nil
            }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        return nil
    }

    private mutating func run() -> Bool {
        while true {
            guard let last = bits(1), let kind = bits(2) else { return false }
            let done: Bool
            switch kind {
            case 0: done = stored()
            case 1:
                let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
                done = block(Code(lengths: lengths), Code(lengths: Array(repeating: 5, count: 30)))
            case 2:
                guard let (literals, distances) = dynamicCodes() else { return false }
                done = block(literals, distances)
            default: done = false
            }
            if !done { return false }
            if last == 1 { return true }
        }
    }

    private mutating func stored() -> Bool {
        held = 0
        heldBits = 0
        guard bytes.count - place >= 4 else { return false }
        let length = Int(bytes[place]) | Int(bytes[place + 1]) << 8
        place += 4
        guard bytes.count - place >= length, output.count + length <= limit else { return false }
        output += bytes[place..<(place + length)]
        place += length
        return true
    }

    private mutating func dynamicCodes() -> (Code, Code)? {
        guard let literals = bits(5), let distances = bits(5), let given = bits(4) else { return nil }
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var lengths = [Int](repeating: 0, count: 19)
        for index in 0..<(given + 4) {
            guard let length = bits(3) else { return nil }
            lengths[order[index]] = length
        }
        let code = Code(lengths: lengths)
        let total = literals + 257 + distances + 1
        var all: [Int] = []
        while all.count < total {
            guard let next = symbol(code) else { return nil }
            switch next {
            case 16:
                guard let extra = bits(2), let previous = all.last else { return nil }
                all += Array(repeating: previous, count: extra + 3)
            case 17:
                guard let extra = bits(3) else { return nil }
                all += Array(repeating: 0, count: extra + 3)
            case 18:
                guard let extra = bits(7) else { return nil }
                all += Array(repeating: 0, count: extra + 11)
            default: all.append(next)
            }
        }
        guard all.count == total else { return nil }
        return (
            Code(lengths: Array(all[..<(literals + 257)])), Code(lengths: Array(all[(literals + 257)...]))
        )
    }

    private mutating func block(_ literals: Code, _ distances: Code) -> Bool {
        while true {
            guard let next = symbol(literals) else { return false }
            if next < 256 {
                guard output.count < limit else { return false }
                output.append(UInt8(next))
                continue
            }
            if next == 256 { return true }
            guard let length = copyLength(next - 257), let distance = copyDistance(distances) else {
                return false
            }
            guard distance <= output.count, output.count + length <= limit else { return false }
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
    }

    /// Lengths 3 to 258: eight plain ones, then groups of four that take one more bit each.
    private mutating func copyLength(_ symbol: Int) -> Int? {
        if symbol < 8 { return symbol + 3 }
        if symbol == 28 { return 258 }
        guard symbol < 28 else { return nil }
        let extra = symbol / 4 - 1
        return bits(extra).map { ((4 + symbol % 4) << extra) + 3 + $0 }
    }

    /// Distances 1 to 32768: four plain ones, then groups of two that take one more bit each.
    private mutating func copyDistance(_ code: Code) -> Int? {
        guard let symbol = symbol(code) else { return nil }
        if symbol < 4 { return symbol + 1 }
        guard symbol < 30 else { return nil }
        let extra = symbol / 2 - 1
        return bits(extra).map { ((2 + symbol % 2) << extra) + 1 + $0 }
    }
}
