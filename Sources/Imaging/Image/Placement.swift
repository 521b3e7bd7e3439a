/// An affine move of an image's pixels: a shift, an enlargement about a foot point, a reflection about a vertical axis.
///
/// A result pixel (x, y) shows the source at x' = m + (x - Δx - m)/s, reflected to 2m - x' where mirrored, and
/// y' = f + (y - Δy - f)/s: the foot point (m, f) goes to (m + Δx, f + Δy).
public struct Placement: Sendable, Hashable {
    /// The column of the foot point and of the axis of reflection (m), in pixels.
    public var middle: Double
    /// The row of the foot point (f), in pixels.
    public var foot: Double
    /// To the right (Δx), in pixels.
    public var right: Double
    /// Downwards (Δy), in pixels.
    public var down: Double
    /// How many times larger (s).
    public var factor: Double
    /// Whether left and right are exchanged.
    public var isMirrored: Bool

    /// A move; by default none.
    public init(
        middle: Double, foot: Double, right: Double = 0, down: Double = 0, factor: Double = 1,
        isMirrored: Bool = false
    ) {
        (self.middle, self.foot, self.right, self.down) = (middle, foot, right, down)
        (self.factor, self.isMirrored) = (factor, isMirrored)
    }

    /// Whether every pixel stays where it is.
    public var isIdentity: Bool { right == 0 && down == 0 && factor == 1 && !isMirrored }

    /// The same move in an image so many times as large, whose pixel centres lie at (x + ½)·k - ½.
    public func scaled(_ across: Double, _ along: Double) -> Placement {
        var scaled = self
        scaled.middle = (middle + 0.5) * across - 0.5
        scaled.foot = (foot + 0.5) * along - 0.5
        scaled.right = right * across
        scaled.down = down * along
        return scaled
    }

    /// Where in the source a place of the result comes from.
    public func source(x: Double, y: Double) -> (x: Double, y: Double) {
        let column = middle + (x - right - middle) / factor
        return (isMirrored ? 2 * middle - column : column, foot + (y - down - foot) / factor)
    }

    /// Where in the result a place of the source goes.
    public func target(x: Double, y: Double) -> (x: Double, y: Double) {
        let column = isMirrored ? 2 * middle - x : x
        return (middle + right + (column - middle) * factor, foot + down + (y - foot) * factor)
    }
}

/// The weights by which a placed pixel is made of source pixels.
private struct Taps {
    private let placement: Placement
    /// Points a pixel is averaged over along each axis: more than one where the image shrinks.
    private let points: Int
    private let width: Int
    private let height: Int

    init(_ placement: Placement, width: Int, height: Int) {
        (self.placement, self.width, self.height) = (placement, width, height)
        points = placement.factor < 1 ? Int((1 / placement.factor).rounded(.up)) : 1
    }

    /// Calls with each source index and its weight for a result pixel; weights of places outside the frame are left out.
    func each(x: Int, y: Int, _ body: (Int, Float) -> Void) {
        let part = 1 / Float(points * points)
        for row in 0..<points {
            for column in 0..<points {
                let (u, v) = (offset(column), offset(row))
                let source = placement.source(x: Double(x) + u, y: Double(y) + v)
                bilinear(source.x, source.y) { body($0, $1 * part) }
            }
        }
    }

    private func offset(_ point: Int) -> Double { (Double(point) + 0.5) / Double(points) - 0.5 }

    /// The four neighbours of a place within the frame, none beyond its outermost pixel centres.
    private func bilinear(_ x: Double, _ y: Double, _ body: (Int, Float) -> Void) {
        let slack = 1e-6
        guard x >= -slack, y >= -slack, x <= Double(width - 1) + slack, y <= Double(height - 1) + slack
        else { return }
        let (column, row) = ((x + slack).rounded(.down), (y + slack).rounded(.down))
        let (right, down) = (Float(max(x - column, 0)), Float(max(y - row, 0)))
        let (u, v) = (Int(column), Int(row))
        let weights: [(Int, Int, Float)] = [
            (u, v, (1 - right) * (1 - down)), (u + 1, v, right * (1 - down)),
            (u, v + 1, (1 - right) * down), (u + 1, v + 1, right * down),
        ]
        for (u, v, weight) in weights where weight > 1e-5 && u < width && v < height {
            body(v * width + u, weight)
        }
    }
}

extension Mask {
    /// The mask with its pixels moved, bilinear; what comes from outside the frame counts as `outside`.
    public func placed(_ placement: Placement, outside: Float = 0) -> Mask {
        let taps = Taps(placement, width: width, height: height)
        var result = Mask(width: width, height: height, filledWith: outside)
        for y in 0..<height {
            for x in 0..<width {
                var sum: Float = 0
                taps.each(x: x, y: y) { sum += (values[$0] - outside) * $1 }
                result.values[y * width + x] = outside + sum
            }
        }
        return result
    }
}

extension FloatImage {
    /// The image with its pixels moved, bilinear; what comes from outside the frame is black.
    public func placed(_ placement: Placement) -> FloatImage {
        let taps = Taps(placement, width: width, height: height)
        var result = FloatImage(
            width: width, height: height, pixels: Array(repeating: .zero, count: pixels.count))
        for y in 0..<height {
            for x in 0..<width {
                var sum = SIMD3<Float>.zero
                taps.each(x: x, y: y) { sum += pixels[$0] * $1 }
                result.pixels[y * width + x] = sum
            }
        }
        return result
    }
}
