import Foundation

/// How an image is resampled; the names and the results are Pillow's.
public enum Resampling: String, Sendable, CaseIterable {
    /// Triangle of half width 1.
    case bilinear
    /// Cubic convolution with a = -0.5, half width 2.
    case bicubic
    /// Windowed sinc of half width 3.
    case lanczos

    /// Half the width of the kernel, in source pixels when enlarging.
    var support: Double {
        switch self {
        case .bilinear: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    func weight(_ distance: Double) -> Double {
        let x = abs(distance)
        guard x < support else { return 0 }
        switch self {
        case .bilinear: return 1 - x
        case .bicubic:
            let a = -0.5
            return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : (((x - 5) * x + 8) * x - 4) * a
        case .lanczos: return Self.sinc(x) * Self.sinc(x / 3)
        }
    }

    private static func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}

/// For each output position of one axis: the first input position, how many count, and their weights.
struct ResamplingTable {
    let first: [Int]
    let count: [Int]
    /// `output * taps` weights, rows padded with zeros.
    let weights: [Double]
    let taps: Int

    init(from input: Int, to output: Int, by filter: Resampling) {
        let scale = Double(input) / Double(output)
        let stretch = max(scale, 1)
        let reach = filter.support * stretch
        taps = Int(reach.rounded(.up)) * 2 + 1
        var first: [Int] = []
        var count: [Int] = []
        var weights = [Double](repeating: 0, count: output * taps)
        for index in 0..<output {
            let centre = (Double(index) + 0.5) * scale
            let low = max(Int(centre - reach + 0.5), 0)
            let high = min(Int(centre + reach + 0.5), input)
            var sum = 0.0
            for place in low..<high {
                let weight = filter.weight((Double(place) - centre + 0.5) * (1 / stretch))
                weights[index * taps + place - low] = weight
                sum += weight
            }
            if sum != 0 { for tap in 0..<(high - low) { weights[index * taps + tap] /= sum } }
            first.append(low)
            count.append(high - low)
        }
        self.first = first
        self.count = count
        self.weights = weights
    }

    /// Bits after the binary point of `fixed`.
    static let precision: Int32 = 22

    /// The weights as fixed-point numbers, rounded half away from zero.
    var fixed: [Int32] {
        weights.map { Int32($0 * Double(1 << Self.precision) + ($0 < 0 ? -0.5 : 0.5)) }
    }
}

extension Image {
    /// The image at another size, byte for byte as `Image.resize` of Pillow 13 makes it.
    ///
    /// Two passes with bytes between them; one that would change nothing is left out. The horizontal one comes first,
    /// except where the height loses more than twice what the width loses; before version 13 Pillow took it first there
    /// too. When shrinking, the kernel is stretched so that every source pixel counts.
    /// - Precondition: both sides are positive.
    public func resized(width newWidth: Int, height newHeight: Int, by filter: Resampling = .bicubic)
        -> Image
    {
        precondition(newWidth > 0 && newHeight > 0, "a picture cannot be \(newWidth)x\(newHeight)")
        var bytes = pixels
        let verticalFirst = newHeight < height && height - newHeight > 2 * (width - newWidth)
        if verticalFirst { bytes = resampledColumns(bytes, rowBytes: width * 3, to: newHeight, by: filter) }
        if newWidth != width {
            bytes = resampledRows(bytes, rows: verticalFirst ? newHeight : height, to: newWidth, by: filter)
        }
        if newHeight != height, !verticalFirst {
            bytes = resampledColumns(bytes, rowBytes: newWidth * 3, to: newHeight, by: filter)
        }
        return Image(width: newWidth, height: newHeight, pixels: bytes, profile: profile)
    }

    private func resampledRows(
        _ bytes: [UInt8], rows: Int, to newWidth: Int, by filter: Resampling
    ) -> [UInt8] {
        let table = ResamplingTable(from: width, to: newWidth, by: filter)
        let half = Int32(1) << (ResamplingTable.precision - 1)
        return [UInt8](unsafeUninitializedCapacity: newWidth * rows * 3) { result, filled in
            bytes.withUnsafeBufferPointer { source in
                table.fixed.withUnsafeBufferPointer { weights in
                    table.first.withUnsafeBufferPointer { first in
                        table.count.withUnsafeBufferPointer { count in
                            for y in 0..<rows {
                                let row = y * width * 3
                                var out = y * newWidth * 3
                                for x in 0..<newWidth {
                                    var red = half
                                    var green = half
                                    var blue = half
                                    var place = row + first[x] * 3
                                    let start = x * table.taps
                                    for tap in start..<(start + count[x]) {
                                        let weight = weights[tap]
                                        red &+= Int32(source[place]) &* weight
                                        green &+= Int32(source[place + 1]) &* weight
                                        blue &+= Int32(source[place + 2]) &* weight
                                        place += 3
                                    }
                                    result[out] = clamped(red)
                                    result[out + 1] = clamped(green)
                                    result[out + 2] = clamped(blue)
                                    out += 3
                                }
                            }
                        }
                    }
                }
            }
            filled = newWidth * rows * 3
        }
    }

    private func resampledColumns(
        _ bytes: [UInt8], rowBytes: Int, to newHeight: Int, by filter: Resampling
    ) -> [UInt8] {
        let table = ResamplingTable(from: height, to: newHeight, by: filter)
        let half = Int32(1) << (ResamplingTable.precision - 1)
        let weights = table.fixed
        var sums = [Int32](repeating: 0, count: rowBytes)
        return [UInt8](unsafeUninitializedCapacity: rowBytes * newHeight) { result, filled in
            bytes.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    for y in 0..<newHeight {
                        sums.update(repeating: half)
                        // Whole rows at a time, so that the inner loop runs along memory.
                        for tap in 0..<table.count[y] {
                            let weight = weights[y * table.taps + tap]
                            let row = (table.first[y] + tap) * rowBytes
                            for index in 0..<rowBytes { sums[index] &+= Int32(source[row + index]) &* weight }
                        }
                        let out = y * rowBytes
                        for index in 0..<rowBytes { result[out + index] = clamped(sums[index]) }
                    }
                }
            }
            filled = rowBytes * newHeight
        }
    }
}

/// A fixed-point sum as a byte.
@inline(__always)
private func clamped(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(max(sum >> ResamplingTable.precision, 0), 255))
}

extension Mask {
    /// The mask at another size, resampled as images are but in floating point; values stay in 0...1.
    /// - Precondition: both sides are positive.
    public func resized(width newWidth: Int, height newHeight: Int, by filter: Resampling = .bilinear) -> Mask
    {
        precondition(newWidth > 0 && newHeight > 0, "a mask cannot be \(newWidth)x\(newHeight)")
        var result = values
        if newWidth != width {
            let table = ResamplingTable(from: width, to: newWidth, by: filter)
            result = [Float](unsafeUninitializedCapacity: newWidth * height) { room, filled in
                values.withUnsafeBufferPointer { source in
                    table.weights.withUnsafeBufferPointer { weights in
                        for y in 0..<height {
                            for x in 0..<newWidth {
                                let from = y * width + table.first[x]
                                var sum = 0.0
                                for tap in 0..<table.count[x] {
                                    sum += Double(source[from + tap]) * weights[x * table.taps + tap]
                                }
                                room[y * newWidth + x] = Float(sum)
                            }
                        }
                    }
                }
                filled = newWidth * height
            }
        }
        if newHeight != height {
            let table = ResamplingTable(from: height, to: newHeight, by: filter)
            let narrow = result
            result = [Float](unsafeUninitializedCapacity: newWidth * newHeight) { room, filled in
                narrow.withUnsafeBufferPointer { source in
                    for y in 0..<newHeight {
                        let row = y * newWidth
                        for x in 0..<newWidth { room[row + x] = 0 }
                        for tap in 0..<table.count[y] {
                            let weight = Float(table.weights[y * table.taps + tap])
                            let from = (table.first[y] + tap) * newWidth
                            for x in 0..<newWidth { room[row + x] += source[from + x] * weight }
                        }
                    }
                }
                filled = newWidth * newHeight
            }
        }
        return Mask(width: newWidth, height: newHeight, values: result.map { min(max($0, 0), 1) })
    }
}
