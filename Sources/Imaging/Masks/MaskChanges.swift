/// What is done to a mask before it is used: exchanged, grown, then softened.
public struct MaskChanges: Sendable, Hashable {
    /// Whether black and white are exchanged.
    public var isInverted: Bool
    /// By how many of its pixels it grows; below 0 it shrinks.
    public var growth: Int
    /// The Gaussian that softens it, in its pixels.
    public var blur: Double

    /// Changes; none by default.
    public init(isInverted: Bool = false, growth: Int = 0, blur: Double = 0) {
        self.isInverted = isInverted
        self.growth = growth
        self.blur = blur
    }

    /// The mask as it will be used.
    /// - Parameter path: what messages call it.
    /// - Throws: `MaskError.black` where nothing may change.
    public func applied(to mask: Mask, path: String) throws(MaskError) -> Mask {
        var mask = mask
        if isInverted { mask = mask.inverted() }
        if growth != 0 { mask = mask.grown(by: growth) }
        if blur > 0 { mask = mask.blurred(radius: blur) }
        guard mask.values.contains(where: { $0 > 0 }) else { throw .black(path: path) }
        return mask
    }

    /// Whether a notice about the mask as it was read still tells something.
    public func leaves(_ notice: MaskNotice) -> Bool {
        switch notice {
        // Whoever exchanges black and white knows which is which.
        case .everything, .mostlyWhite: !isInverted
        default: true
        }
    }
}

extension Mask {
    /// What should be known of its shape beside a photo's; nil where they go together.
    /// - Parameters:
    ///   - photo: pixels of the photo across and down.
    ///   - path: what messages call the mask.
    /// - Throws: `MaskError.turned` where one of the two lies on its side.
    public func advice(on photo: (width: Int, height: Int), path: String) throws(MaskError) -> String? {
        switch fit(width: photo.width, height: photo.height) {
        case .fits: nil
        case .turned: throw .turned(path: path, width: width, height: height)
        case .stretched:
            "the mask is \(width)x\(height) and the photo \(photo.width)x\(photo.height); it is stretched to fit"
        }
    }
}

extension MaskNotice {
    /// The file that it is about.
    public var path: String {
        switch self {
        case .hole(let path), .strokes(let path), .twoGreys(let path, _, _), .oneColour(let path, _),
            .everything(let path), .mostlyWhite(let path, _):
            path
        }
    }
}
