import Foundation
import Tensors

/// A rectangle of an image, in shares of the image's sides.
struct Rectangle: Equatable {
    var (x, y) = (0.0, 0.0)
    var (width, height) = (1.0, 1.0)

    /// The whole image.
    init() {}

    /// A rectangle anywhere in the image.
    /// - Parameters:
    ///   - area: its share of the image's area, each as likely.
    ///   - aspect: the largest ratio of its sides; less where a side would be longer than the image's.
    init(area: ClosedRange<Double>, aspect: Double, draws: inout Draws) {
        let share = area.lowerBound + (area.upperBound - area.lowerBound) * draws.unit()
        let reach = min(log(aspect), -log(share))
        let ratio = exp(reach * (2 * draws.unit() - 1))
        (width, height) = (min((share * ratio).squareRoot(), 1), min((share / ratio).squareRoot(), 1))
        (x, y) = ((1 - width) * draws.unit(), (1 - height) * draws.unit())
    }

    /// Columns and rows of an image of a side that lie in it, its borders rounded to pixels.
    func pixels(side: Int) -> (columns: Range<Int>, rows: Range<Int>) {
        func range(_ start: Double, _ length: Double) -> Range<Int> {
            let whole = Double(side)
            return Int((start * whole).rounded())..<Int(((start + length) * whole).rounded())
        }
        return (range(x, width), range(y, height))
    }

    /// Ones in a rectangle of each image and zeros elsewhere, [images, 1, side, side]; nil is no rectangle.
    static func mask(_ rectangles: [Rectangle?], side: Int, device: Device) -> Tensor {
        var columns = [Float](repeating: 0, count: rectangles.count * side)
        var rows = columns
        for (index, rectangle) in rectangles.enumerated() {
            guard let pixels = rectangle?.pixels(side: side) else { continue }
            for column in pixels.columns { columns[index * side + column] = 1 }
            for row in pixels.rows { rows[index * side + row] = 1 }
        }
        return Tensor(rows, shape: [rectangles.count, 1, side, 1]).to(device: device)
            * Tensor(columns, shape: [rectangles.count, 1, 1, side]).to(device: device)
    }
}

/// A crop of each image of a batch, of a size, a place and a direction of its own.
struct Crops {
    /// A part of an image, and whether it is shown mirrored.
    var parts: [(part: Rectangle, isMirrored: Bool)]

    /// Crops that are given.
    init(_ parts: [(part: Rectangle, isMirrored: Bool)]) { self.parts = parts }

    /// Random crops of `smallestArea` to the whole of an image, up to a third longer one way; every other one is mirrored.
    init(count: Int, smallestArea: Double, draws: inout Draws) {
        parts = (0..<count).map { _ in
            let part = Rectangle(area: smallestArea...1, aspect: 4.0 / 3, draws: &draws)
            return (part, draws.unit() < 0.5)
        }
    }

    /// The crops of images [B, C, H, W], brought to a side: [B, C, side, side].
    func callAsFunction(_ images: Tensor, side: Int) -> Tensor {
        let (_, _, height, width) = images.shape4
        let rows = Self.resampling(
            parts.map { .init(start: $0.part.y, length: $0.part.height) }, from: height, to: side,
            device: images.device)
        let columns = Self.resampling(
            parts.map { .init(start: $0.part.x, length: $0.part.width, isReversed: $0.isMirrored) },
            from: width, to: side, device: images.device)
        return rows.unsqueezed(1).matmul(images).matmul(columns.unsqueezed(1).transposed(2, 3))
    }

    /// Part of a line of pixels.
    struct Span {
        /// Where it begins, as a share of the line.
        var start: Double
        /// How much of the line it is.
        var length: Double
        /// Whether it is read from its end.
        var isReversed = false
    }

    /// Matrices [spans, side, size] that resample a span of `size` numbers to `side` of them, each row adding up to one.
    ///
    /// Bilinear, pixel centres at halves; where several numbers become one, the triangle is as wide as they are.
    static func resampling(_ spans: [Span], from size: Int, to side: Int, device: Device) -> Tensor {
        var (centres, reaches): ([Float], [Float]) = ([], [])
        for span in spans {
            let step = span.length * Double(size) / Double(side)
            let line = (0..<side).map {
                Float(span.start * Double(size) + (Double($0) + 0.5) * step - 0.5)
            }
            centres += span.isReversed ? line.reversed() : line
            reaches.append(Float(max(step, 1)))
        }
        let centre = Tensor(centres, shape: [spans.count, side, 1]).to(device: device)
        let reach = Tensor(reaches, shape: [spans.count, 1, 1]).to(device: device)
        let places = Tensor.range(0, Double(size), device: device)
        let weights = (1 - (places - centre).absolute / reach).relu
        return weights / weights.sum([2], keeping: true)
    }
}

/// Rectangles of images that are greyed out, so that no single part of an image is relied on (Zhong and others 2017).
struct Erasing {
    /// What is erased of each image; nil for nothing.
    let rectangles: [Rectangle?]

    /// - Parameter share: how often an image loses a rectangle, of 2 to 25 % of its area.
    init(count: Int, share: Double, draws: inout Draws) {
        rectangles = (0..<count).map { _ in
            draws.unit() < share ? Rectangle(area: 0.02...0.25, aspect: 2, draws: &draws) : nil
        }
    }

    /// Images [B, C, side, side] in -1…1 with grey where something is erased.
    func callAsFunction(_ images: Tensor) -> Tensor {
        guard rectangles.contains(where: { $0 != nil }) else { return images }
        return images * (1 - Rectangle.mask(rectangles, side: images.shape[3], device: images.device))
    }
}
