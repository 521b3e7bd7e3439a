/// Caption, author and rights as newsrooms write them (IPTC-IIM 4.2): numbered texts in a row.
struct IPTC: Hashable, Sendable {
    private struct Item: Hashable, Sendable {
        let record: UInt8
        let dataset: UInt8
        let data: [UInt8]
    }

    private let items: [Item]

    /// Reads the texts up to the first that makes no sense; nil where there is none.
    init?(_ bytes: [UInt8]) {
        var items: [Item] = []
        var place = 0
        while bytes.count - place >= 5, bytes[place] == 0x1C {
            let length = Int(bytes[place + 3]) << 8 | Int(bytes[place + 4])
            // The highest bit announces a longer length, which no caption needs.
            guard length < 0x8000, length <= bytes.count - place - 5 else { break }
            items.append(
                Item(
                    record: bytes[place + 1], dataset: bytes[place + 2],
                    data: Array(bytes[(place + 5)..<(place + 5 + length)])))
            place += 5 + length
        }
        if items.isEmpty { return nil }
        self.items = items
    }

    private init(items: [Item]) { self.items = items }

    /// Datasets of record 2 that say where the image was taken: places and their codes.
    private static let places: Set<UInt8> = [26, 27, 90, 92, 95, 100, 101]

    var hasLocation: Bool { items.contains { $0.record == 2 && Self.places.contains($0.dataset) } }

    /// The texts without previews of the old image, and without the place unless it is kept.
    func cleaned(keepingLocation: Bool) -> IPTC? {
        let kept = items.filter { item in
            if item.record == 2 { return keepingLocation || !Self.places.contains(item.dataset) }
            return item.record == 1
        }.filter { $0.record == 1 || !(200...202).contains($0.dataset) }
        return kept.contains { $0.record == 2 } ? IPTC(items: kept) : nil
    }

    /// The texts of a dataset of record 2.
    func texts(_ dataset: Int) -> [String] {
        items.filter { $0.record == 2 && Int($0.dataset) == dataset }.compactMap { item in
            let text = String(validating: item.data, as: UTF8.self) ?? PNGChunks.latin1(item.data[...])
            return text.isEmpty ? nil : text
        }
    }

    var bytes: [UInt8] {
        items.flatMap {
            [0x1C, $0.record, $0.dataset, UInt8($0.data.count >> 8), UInt8($0.data.count & 255)] + $0.data
        }
    }

    private static let photoshop = Array("Photoshop 3.0\0".utf8)
    private static let resource = Array("8BIM".utf8)

    /// The data of the JPEG segment that holds these texts and none of Photoshop's other things.
    var segment: [UInt8] {
        let bytes = bytes
        return Self.photoshop + Self.resource + [0x04, 0x04, 0, 0] + PNGChunks.bigEndian(UInt32(bytes.count))
            + bytes + (bytes.count % 2 == 1 ? [0] : [])
    }

    /// Finds the texts in a JPEG's segment of Photoshop's resources.
    init?(segment data: ArraySlice<UInt8>) {
        guard data.starts(with: Self.photoshop) else { return nil }
        var place = data.startIndex + Self.photoshop.count
        while data.endIndex - place >= 12, data[place..<(place + 4)].elementsEqual(Self.resource) {
            let number = Int(data[place + 4]) << 8 | Int(data[place + 5])
            // A name, padded to an even number of bytes with its length; then the size.
            let name = Int(data[place + 6]) + 1
            let size = place + 6 + name + name % 2
            guard data.endIndex - size >= 4 else { return nil }
            let length = data[size..<(size + 4)].reduce(0) { $0 << 8 | Int($1) }
            guard length <= data.endIndex - size - 4 else { return nil }
            if number == 0x0404 {
                self.init(Array(data[(size + 4)..<(size + 4 + length)]))
                return
            }
            place = size + 4 + length + length % 2
        }
        return nil
    }
}
