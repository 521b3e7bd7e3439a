import Tensors

/// The views of an image that CLIP is shown: the whole, and random parts of it, each turned, bent and recoloured at random.
struct LayerViews {
    /// Side that CLIP's image tower was trained on, in pixels.
    let side: Int
    /// How many views there are.
    let count: Int

    /// How much longer than `side` the long side of a view may be; with CLIP's 224 pixels 320.
    private static let longest = 320.0 / 224
    /// The same of what is compared for its structure; with 224 pixels 380.
    private static let longestOfStructure = 380.0 / 224

    /// Views [count, 3, h, w] of an image [1, 3, H, W] in 0…1; gradients reach the image.
    func callAsFunction(of image: Tensor, _ dice: LayerDice) -> Tensor {
        let (_, _, height, width) = image.shape4
        let (rows, columns) = Self.size(height, width, side, Self.longest)
        let parts = (0..<count).map { place -> Tensor in
            guard place > 0 else { return image.resampledBicubic(height: rows, width: columns) }
            let share = dice.number(in: 0.6...1)
            let (h, w) = (Self.part(share, height), Self.part(share, width))
            let (top, left) = (dice.index(below: height - h + 1), dice.index(below: width - w + 1))
            return image.narrowed(2, from: top, count: h).narrowed(3, from: left, count: w)
                .resampledBicubic(height: rows, width: columns)
        }
        let maps = (0..<count).map { _ in Self.map(height: rows, width: columns, dice) }
        let colours = (0..<count).map { _ -> Augmentation.Colours in
            var colours = dice.happens(0.7) ? Augmentation.Colours(dice) : .init()
            if dice.happens(0.15) { colours.saturation = 0 }
            return colours
        }
        let warped = Augmentation.warped(.concatenated(parts).clamped(0, 1), by: maps)
        return Augmentation.recoloured(warped, by: colours)
    }

    /// An image [1, 3, H, W] at the size at which its structure is compared, as it is.
    func structural(_ image: Tensor) -> Tensor {
        let (_, _, height, width) = image.shape4
        let (rows, columns) = Self.size(height, width, side, Self.longestOfStructure)
        return image.resampledBicubic(height: rows, width: columns)
    }

    /// An image [1, C, H, W] squashed to CLIP's square.
    func square(_ image: Tensor) -> Tensor { image.resampledBilinear(height: side, width: side) }

    /// The size with a short side of `side` pixels, less where the long one would have more than `longest` times that.
    static func size(
        _ height: Int, _ width: Int, _ side: Int, _ longest: Double
    ) -> (height: Int, width: Int) {
        let (short, long) = (Double(min(height, width)), Double(max(height, width)))
        let scale = min(Double(side) / short, Double(side) * longest / long)
        func pixels(_ length: Int) -> Int { max(Int((Double(length) * scale).rounded()), 1) }
        return (pixels(height), pixels(width))
    }

    private static func part(_ share: Double, _ length: Int) -> Int {
        min(max(Int((share * Double(length)).rounded()), 1), length)
    }

    /// Mirrored in half of the cases, turned and moved in most, seen from aside in half.
    private static func map(height: Int, width: Int, _ dice: LayerDice) -> Homography {
        var map = dice.happens(0.5) ? Homography.mirrored : .identity
        if dice.happens(0.8) {
            let angle = dice.number(in: -15...15) * .pi / 180
            let (x, y) = (dice.number(in: -0.1...0.1), dice.number(in: -0.1...0.1))
            map = map * .turned(by: angle, x: x * Double(width), y: y * Double(height))
        }
        if dice.happens(0.5) { map = map * perspective(height: height, width: width, dice) }
        return map
    }

    /// The corners drawn inwards by up to two fifths of half the sides.
    private static func perspective(height: Int, width: Int, _ dice: LayerDice) -> Homography {
        let (right, down) = (Double(width) / 2, Double(height) / 2)
        let signs = [(-1.0, -1.0), (1, -1), (1, 1), (-1, 1)]
        let outer = signs.map { (x: $0 * right, y: $1 * down) }
        let inner = signs.map { sign in
            (
                x: sign.0 * right * (1 - dice.number(in: 0...0.4)),
                y: sign.1 * down * (1 - dice.number(in: 0...0.4))
            )
        }
        return .square(to: outer) * Homography.square(to: inner).inverse
    }
}

/// A part of the one image that a step is about, as the generator's only training set has it.
struct LayerCrop {
    /// The part, [1, 3, h, w] in 0…1.
    let image: Tensor
    /// What may change of it, [1, 1, h, w]; all where nil.
    let mask: Tensor?

    /// The least that a side can shrink to.
    static let leastShare = 0.8 * 0.85

    /// The whole image as it is.
    init(_ image: Tensor, mask: Tensor?) { (self.image, self.mask) = (image, mask) }

    /// A random part: at times recoloured, half of them mirrored, at 0.8 to 1.2 of the size and cut to 0.85 to 1 of that.
    init(of image: Tensor, mask: Tensor?, _ dice: LayerDice) {
        let (_, _, height, width) = image.shape4
        let colours = dice.happens(0.1) ? Augmentation.Colours(dice) : nil
        let isMirrored = dice.happens(0.5)
        let (scale, share) = (dice.number(in: 0.8...1.2), dice.number(in: 0.85...1))
        func scaled(_ length: Int, _ factor: Double) -> Int { Int((Double(length) * factor).rounded()) }
        let (rows, columns) = (scaled(height, scale), scaled(width, scale))
        let (h, w) = (scaled(rows, share), scaled(columns, share))
        let (top, left) = (dice.index(below: rows - h + 1), dice.index(below: columns - w + 1))
        func cut(_ x: Tensor) -> Tensor {
            (isMirrored ? x.flipped(3) : x).resampledSmoothly(height: rows, width: columns)
                .narrowed(2, from: top, count: h).narrowed(3, from: left, count: w)
        }
        self.image = cut(colours.map { Augmentation.recoloured(image, by: [$0]) } ?? image)
        self.mask = mask.map(cut)
    }
}
