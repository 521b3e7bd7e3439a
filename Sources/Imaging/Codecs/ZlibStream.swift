import CVips

/// Decompression of the zlib streams in compressed text chunks, by zlib.
enum ZlibStream {
    /// What a zlib stream holds, or nil where it is broken, longer than `limit` bytes, or zlib is not there.
    static func inflated(_ stream: [UInt8], limit: Int = 16 << 20) -> [UInt8]? {
        // How long the text is stands nowhere. Rooms that grow give a short text little memory, and a
        // long one at most 7/3 of the work.
        var room = min(limit, max(4 * stream.count, 1024))
        while true {
            var result = CVIPS_BROKEN
            let text = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                count = room
                result = cvips_inflate(stream, stream.count, buffer.baseAddress, &count)
            }
            if result == CVIPS_INFLATED { return text }
            guard result == CVIPS_TOO_LONG, room < limit else { return nil }
            room = min(limit, 4 * room)
        }
    }
}
