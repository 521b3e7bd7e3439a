import Foundation

/// What is laid over an image: an edit at the size it was painted at, and how much of it each pixel takes.
///
/// Either the edit itself takes the image's place, enlarged (``Content/replacement``), or only what it changed is added
/// to the image, so that the image's own grain stays and what the autoencoder loses does not show
/// (``Content/difference``). A pixel that takes nothing keeps its bytes.
public struct PasteLayer: Sendable, Hashable {
    /// What is laid over the image.
    public enum Content: Sendable, Hashable {
        /// The edit takes the image's place.
        case replacement
        /// What differs between the edit and `base` is added; `guide` is the image at their size, and squares of
        /// `radius` are those in which the difference is a linear function of its colours.
        case difference(base: Image, guide: Image, radius: Int)
    }

    /// The edit, as the model painted it.
    public var edit: Image
    /// How it is laid over the image.
    public var content: Content
    /// How much of it each pixel takes, at the image's size; nil is all of it everywhere.
    public var coverage: Coverage?
    /// The part of the image that the edit is of; nil is all of it.
    public var window: PixelBox?

    /// A layer.
    public init(
        _ edit: Image, as content: Content = .replacement, coverage: Coverage?, window: PixelBox? = nil
    ) {
        self.edit = edit
        self.content = content
        self.coverage = coverage
        self.window = window
    }

    /// How much of a difference is no local linear function of the guide's colours: its root mean square as a share of
    /// the difference's own, where the mask is 1/2 or more; nil of a replacement.
    /// - Precondition: the mask, if any, has the edit's size.
    public func unexplained(within mask: Mask?) -> Double? {
        guard case .difference(let base, let guide, let radius) = content else { return nil }
        return GuidedDifference(from: base, to: edit, guide: guide, radius: radius, mask: mask).unexplained
    }

    /// The layer by itself, as transparent as it lets an image show through; nil where it adds differences.
    public func image(width: Int, height: Int) -> Image? {
        guard case .replacement = content else { return nil }
        let black = Image(
            width: width, height: height, pixels: Array(repeating: 0, count: width * height * 3))
        var image = whole(over: black)
        image.alpha = coverage?.values
        return image
    }

    /// The layer over an image, whose profile the edit is taken to be in.
    public func pasted(into image: Image) -> Image {
        var result = image
        paste(onto: &result)
        return result
    }

    /// The edit at an image's size: all of it, or laid over the image where it is of a part.
    public func whole(over image: Image) -> Image {
        guard let window else { return edit.resized(width: image.width, height: image.height) }
        return PasteLayer(edit, coverage: nil, window: window).pasted(into: image)
    }

    private func paste(onto image: inout Image) {
        let paster = Paster(self, width: image.width, height: image.height)
        paster.paste(onto: &image, rows: 0..<image.height)
    }

    /// The layer of a part of an image as one of the whole image, which nothing is laid over outside that part.
    /// - Precondition: the layer has no window, and its coverage, if any, has the part's size.
    public func placed(at window: PixelBox, width: Int, height: Int) -> PasteLayer {
        var layer = self
        layer.window = window
        layer.coverage = coverage.map { part in
            var values = [UInt8](repeating: 0, count: width * height)
            for row in 0..<part.height {
                let from = (window.top + row) * width + window.left
                values.replaceSubrange(
                    from..<(from + part.width),
                    with: part.values[(row * part.width)..<((row + 1) * part.width)])
            }
            return Coverage(width: width, height: height, values: values)
        }
        return layer
    }
}

/// A layer prepared for images of one size; it works through them row by row.
public struct Paster: Sendable {
    private let coverage: Coverage?
    private let width: Int
    private let height: Int
    /// Where the edit lies in the image.
    private let window: PixelBox
    private let isDifference: Bool
    private let enlarger: RowEnlarger

    /// Prepares a layer.
    /// - Precondition: the layer's coverage, if any, has this size.
    public init(_ layer: PasteLayer, width: Int, height: Int) {
        if let coverage = layer.coverage {
            precondition((coverage.width, coverage.height) == (width, height), "coverage of another size")
        }
        (coverage, self.width, self.height) = (layer.coverage, width, height)
        let window = layer.window ?? PixelBox(left: 0, top: 0, right: width - 1, bottom: height - 1)
        self.window = window
        switch layer.content {
        case .replacement:
            isDifference = false
            enlarger = RowEnlarger(
                layer.edit.pixels.map(Float.init), width: layer.edit.width, height: layer.edit.height,
                channels: 3,
                toWidth: window.width, height: window.height, by: .bicubic)
        case .difference(let base, let guide, let radius):
            isDifference = true
            let fit = GuidedDifference(from: base, to: layer.edit, guide: guide, radius: radius, mask: nil)
            enlarger = RowEnlarger(
                fit.coefficients, width: fit.width, height: fit.height, channels: 12,
                toWidth: window.width, height: window.height, by: .bilinear)
        }
    }

    /// The rows in parts of about a million pixels, to tell how far the work is between them.
    public var parts: [Range<Int>] {
        let rows = max((1 << 20) / width, 1)
        return stride(from: 0, to: height, by: rows).map { $0..<min($0 + rows, height) }
    }

    /// Lays the layer over some rows of an image.
    /// - Precondition: the image has the size that the layer was prepared for.
    public func paste(onto image: inout Image, rows: Range<Int>) {
        precondition((image.width, image.height) == (width, height), "a picture of another size")
        let chunk = max((rows.count + 15) / 16, 1)
        let width = width
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            nonisolated(unsafe) let pixels = pixels
            DispatchQueue.concurrentPerform(iterations: (rows.count + chunk - 1) / chunk) { part in
                var room = enlarger.room
                let start = rows.lowerBound + part * chunk
                for y in start..<min(start + chunk, rows.upperBound)
                where (window.top...window.bottom).contains(y) {
                    let row = UnsafeMutableBufferPointer(
                        rebasing: pixels[(y * width * 3)..<((y + 1) * width * 3)])
                    paste(row: y, pixels: row, room: &room)
                }
            }
        }
    }

    private func paste(row y: Int, pixels: UnsafeMutableBufferPointer<UInt8>, room: inout [Float]) {
        func each(_ body: (_ x: Int, _ share: Float) -> Void) {
            guard let coverage else {
                for x in window.left...window.right { body(x, 1) }
                return
            }
            coverage.values.withUnsafeBufferPointer { shares in
                for x in window.left...window.right where shares[y * width + x] > 0 {
                    body(x, Float(shares[y * width + x]) / 255)
                }
            }
        }
        if let coverage, !coverage.values[(y * width)..<((y + 1) * width)].contains(where: { $0 > 0 }) {
            return
        }
        enlarger.prepare(row: y - window.top, into: &room)
        room.withUnsafeBufferPointer { room in
            each { x, share in
                let (place, column) = (x * 3, x - window.left)
                let old = (Float(pixels[place]), Float(pixels[place + 1]), Float(pixels[place + 2]))
                func changed(_ channel: Int, _ old: Float, _ whole: Float) {
                    let mixed: Float = old + share * (whole - old)
                    pixels[place + channel] = UInt8(min(max(mixed.rounded(), 0), 255))
                }
                guard isDifference else {
                    changed(0, old.0, enlarger.value(x: column, channel: 0, in: room))
                    changed(1, old.1, enlarger.value(x: column, channel: 1, in: room))
                    changed(2, old.2, enlarger.value(x: column, channel: 2, in: room))
                    return
                }
                func added(_ channel: Int) -> Float {
                    let from = channel * 4
                    let red: Float = enlarger.value(x: column, channel: from, in: room) * old.0
                    let green: Float = enlarger.value(x: column, channel: from + 1, in: room) * old.1
                    let blue: Float = enlarger.value(x: column, channel: from + 2, in: room) * old.2
                    return (red + green + blue) / 255
                        + enlarger.value(x: column, channel: from + 3, in: room)
                }
                let sums = (added(0), added(1), added(2))
                changed(0, old.0, old.0 + sums.0)
                changed(1, old.1, old.1 + sums.1)
                changed(2, old.2, old.2 + sums.2)
            }
        }
    }
}

extension Image {
    /// The image with an edit where a mask allows it; both may have any size.
    ///
    /// The change fades in over `feather` pixels, counted inwards from where the mask is 0; see ``Coverage``.
    public static func pasting(
        edit: Image, into original: Image, mask: Mask, feather: Double = 2
    ) -> Image {
        let coverage = Coverage(given: mask, width: original.width, height: original.height, feather: feather)
        return PasteLayer(edit, coverage: coverage).pasted(into: original)
    }
}
