import Tensors

/// How a canvas is seen through windows of the size that the model knows.
public struct WindowSettings: Sendable, Hashable, Codable {
    /// Side of a window in latent elements; as the model was trained where nil.
    public var side: Int?
    /// Latent elements from one window to the next; an eighth of the side where nil.
    public var stride: Int?
    /// Whether the right edge continues at the left one.
    public var wraps: Bool
    /// Share of the steps, noisiest first, in which a region sees a flat colour around itself: 20 of 50.
    public var bootstrapping: Double

    /// The paper's settings, in proportion to the model's own size.
    public init(side: Int? = nil, stride: Int? = nil, wraps: Bool = false, bootstrapping: Double = 0.4) {
        self.side = side
        self.stride = stride
        self.wraps = wraps
        self.bootstrapping = bootstrapping
    }

    /// The windows of a canvas.
    /// - Parameter modelSide: side of the latents that the model was trained on.
    /// - Throws: `EditingError.badValue` for sides and strides that leave gaps.
    func windows(height: Int, width: Int, modelSide: Int) throws(EditingError) -> Windows {
        let side = side ?? modelSide
        let stride = stride ?? max(side / 8, 1)
        guard (1...4096).contains(side) else {
            throw .badValue(name: "window", value: "\(side)", expected: "from 1 to 4096 latent elements")
        }
        guard (1...side).contains(stride) else {
            throw .badValue(
                name: "stride", value: "\(stride)", expected: "from 1 to the window's side, \(side)")
        }
        guard (0...1).contains(bootstrapping) else {
            throw .badValue(name: "bootstrapping", value: "\(bootstrapping)", expected: "from 0 to 1")
        }
        return Windows(height: height, width: width, side: side, stride: stride, wraps: wraps)
    }
}

/// Windows of one size that together cover a canvas, row by row.
struct Windows {
    /// Size of the canvas.
    let context: (height: Int, width: Int)
    /// Size of every window: the model's side, or the canvas's where that is smaller.
    let size: (height: Int, width: Int)
    /// Upper left corners.
    let corners: [(top: Int, left: Int)]

    /// Windows `stride` apart, and last ones flush with the lower and right edge, so that nothing is left out.
    ///
    /// A canvas that wraps has windows at every stride of its width instead, some across the seam.
    init(height: Int, width: Int, side: Int, stride: Int, wraps: Bool = false) {
        let size = (height: min(side, height), width: min(side, width))
        self.context = (height, width)
        self.size = size
        let tops = Self.places(length: height, side: size.height, stride: stride)
        let lefts =
            wraps
            ? Array(Swift.stride(from: 0, to: width, by: stride))
            : Self.places(length: width, side: size.width, stride: stride)
        corners = tops.flatMap { top in lefts.map { (top, $0) } }
    }

    private static func places(length: Int, side: Int, stride: Int) -> [Int] {
        var places = Array(Swift.stride(from: 0, through: length - side, by: stride))
        if places[places.count - 1] + side < length { places.append(length - side) }
        return places
    }

    /// What a window shows of a canvas [1, C, H, W].
    func crop(_ context: Tensor, at corner: (top: Int, left: Int)) -> Tensor {
        let rows = context.narrowed(2, from: corner.top, count: size.height)
        let beyond = corner.left + size.width - self.context.width
        guard beyond > 0 else { return rows.narrowed(3, from: corner.left, count: size.width).contiguous }
        let right = rows.narrowed(3, from: corner.left, count: size.width - beyond)
        return .concatenated([right, rows.narrowed(3, from: 0, count: beyond)], along: 3)
    }

    /// A window's image on an empty canvas.
    func place(_ window: Tensor, at corner: (top: Int, left: Int)) -> Tensor {
        let below = context.height - corner.top - size.height
        // Laid at the left edge and rolled to its place, so that one across the seam needs no second case.
        let alone = window.padded([0, context.width - size.width, corner.top, below])
        return corner.left == 0 ? alone : alone.rolled([corner.left], along: [3])
    }
}
