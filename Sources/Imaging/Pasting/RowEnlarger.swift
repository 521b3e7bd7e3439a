/// Brings a small grid of numbers to another size row by row, so that nothing of the large size is kept.
struct RowEnlarger {
    /// Numbers of one place, such as red, green and blue.
    let channels: Int
    private let source: [Float]
    private let width: Int
    private let across: FloatTable
    private let down: FloatTable

    /// - Precondition: `source` holds `width * height * channels` numbers.
    init(
        _ source: [Float], width: Int, height: Int, channels: Int, toWidth: Int, height newHeight: Int,
        by filter: Resampling
    ) {
        precondition(source.count == width * height * channels, "a grid of \(source.count) numbers")
        self.source = source
        self.width = width
        self.channels = channels
        across = FloatTable(ResamplingTable(from: width, to: toWidth, by: filter))
        down = FloatTable(ResamplingTable(from: height, to: newHeight, by: filter))
    }

    /// Room for what `prepare` fills.
    var room: [Float] { [Float](repeating: 0, count: width * channels) }

    /// Mixes the rows that row `y` of the result is made of.
    func prepare(row y: Int, into room: inout [Float]) {
        let rowLength = width * channels
        source.withUnsafeBufferPointer { source in
            room.withUnsafeMutableBufferPointer { room in
                room.update(repeating: 0)
                for tap in 0..<down.count[y] {
                    let weight = down.weights[y * down.taps + tap]
                    let from = (down.first[y] + tap) * rowLength
                    for index in 0..<rowLength { room[index] += weight * source[from + index] }
                }
            }
        }
    }

    /// One channel at column `x` of the row that was prepared.
    @inline(__always)
    func value(x: Int, channel: Int, in room: UnsafeBufferPointer<Float>) -> Float {
        var sum: Float = 0
        var place = across.first[x] * channels + channel
        for tap in (x * across.taps)..<(x * across.taps + across.count[x]) {
            sum += across.weights[tap] * room[place]
            place += channels
        }
        return sum
    }
}

/// A resampling table in single precision.
private struct FloatTable {
    let first: [Int]
    let count: [Int]
    let weights: [Float]
    let taps: Int

    init(_ table: ResamplingTable) {
        first = table.first
        count = table.count
        weights = table.weights.map(Float.init)
        taps = table.taps
    }
}
