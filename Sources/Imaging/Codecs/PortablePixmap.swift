/// Binary portable pixmaps (P6, and P5 for grey), read and written without the image library.
enum PortablePixmap {
    static func encode(_ image: Image) -> [UInt8] {
        Array("P6\n\(image.width) \(image.height)\n255\n".utf8) + image.pixels
    }

    static func decode(_ bytes: [UInt8], path: String, pixelLimit: Int) throws -> Image {
        var place = 2
        /// The next number of the header, past white space and comments.
        func number() throws -> Int {
            while place < bytes.count, bytes[place] <= 32 || bytes[place] == UInt8(ascii: "#") {
                if bytes[place] == UInt8(ascii: "#") {
                    while place < bytes.count, bytes[place] != 10 { place += 1 }
                } else {
                    place += 1
                }
            }
            var value = 0
            let start = place
            while place < bytes.count, (48...57).contains(bytes[place]), place - start < 10 {
                value = value * 10 + Int(bytes[place] - 48)
                place += 1
            }
            guard place > start else { throw ImagingError.damaged(path: path, reason: "bad PPM header") }
            return value
        }
        let channels = bytes[1] == UInt8(ascii: "6") ? 3 : 1
        let width = try number()
        let height = try number()
        let highest = try number()
        place += 1  // the one white space before the samples
        try Codec.checkSize(width: width, height: height, path: path, limit: pixelLimit)
        guard (1...65535).contains(highest) else {
            throw ImagingError.damaged(path: path, reason: "highest sample \(highest)")
        }
        let wide = highest > 255 ? 2 : 1
        let needed = width * height * channels * wide
        guard bytes.count - place >= needed else {
            throw ImagingError.damaged(
                path: path, reason: "\(max(bytes.count - place, 0)) of \(needed) bytes of samples")
        }
        var pixels = [UInt8](repeating: 0, count: width * height * 3)
        for index in 0..<(width * height * 3) {
            let from = place + (channels == 3 ? index : index / 3) * wide
            let value = wide == 2 ? Int(bytes[from]) << 8 | Int(bytes[from + 1]) : Int(bytes[from])
            pixels[index] = UInt8((min(value, highest) * 255 + highest / 2) / highest)
        }
        return Image(width: width, height: height, pixels: pixels)
    }
}
