import Foundation
import Imaging

/// What was lifted off an image: a thing's pixels with their opacity, and the shade that it casts on the ground.
struct LiftLayer {
    /// How opaque each pixel is (α).
    let alpha: Mask
    /// The thing's own colours, without the ground that shines through at its rim.
    let colours: FloatImage
    /// What the ground is multiplied by (ρ).
    let shade: Mask
    /// The thing's pixels, 0 or 1.
    let core: Mask
    /// The part of the hole that is this thing's.
    let hole: Mask

    /// The layer of a thing.
    /// - Parameters:
    ///   - image: the image with the thing.
    ///   - ground: the image without it.
    init(of image: FloatImage, over ground: FloatImage, core: Mask, hole: Mask) {
        let unit = image.unit
        let step = max(Int(unit.rounded()), 1)
        (self.core, self.hole) = (core, hole)
        (alpha, colours) = Self.matte(image, ground, core, step: step)
        shade = Self.shade(image, ground, core, hole, step: step, unit: unit)
    }

    /// Which pixels are the thing's, by how they differ from the ground that was filled in, and by what was found.
    ///
    /// What a mere shade of the ground explains is no thing, unless it is very dark or bright.
    static func opaque(_ image: FloatImage, over ground: FloatImage, hole: Mask, found: Mask) -> Mask {
        var alpha = hole
        for place in hole.values.indices where hole.values[place] > 0 {
            let (seen, filled) = (image.pixels[place], ground.pixels[place])
            let ratio = Self.ratio(seen, filled)
            let unlike = Self.rms(seen - filled * ratio)
            alpha.values[place] = max(
                smoothstep(unlike, 0.05, 0.13), smoothstep(rms(seen - filled), 0.22, 0.34),
                smoothstep(found.values[place], 0.5, 0.9))
        }
        let step = max(Int(image.unit.rounded()), 1)
        let closed = alpha.strictly(above: 0.5).closed(by: step).fillingHoles(upTo: .max)
        return closed.intersection(hole).keepingParts(above: 0.06, least: Float(6 * step * step))
    }

    /// The shade of a pixel: the factor that brings the ground nearest to what is seen.
    private static func ratio(_ seen: SIMD3<Float>, _ ground: SIMD3<Float>) -> Float {
        min(max((seen * ground).sum() / ((ground * ground).sum() + 1e-4), 0.35), 1.15)
    }

    private static func rms(_ apart: SIMD3<Float>) -> Float { ((apart * apart).sum() / 3).squareRoot() }

    private static func smoothstep(_ value: Float, _ low: Float, _ high: Float) -> Float {
        let share = min(max((value - low) / (high - low), 0), 1)
        return share * share * (3 - 2 * share)
    }

    /// Opacity and colours: whole inside, at the rim by how far a pixel is from the ground to the nearest inner colour.
    private static func matte(
        _ image: FloatImage, _ ground: FloatImage, _ core: Mask, step: Int
    ) -> (Mask, FloatImage) {
        var inner = core.grown(by: -step)
        if inner.values.reduce(0, +) < 4 { inner = core }
        let outer = core.grown(by: step)
        var (alpha, colours) = (inner, image)
        guard let nearest = inner.nearestPlaces(where: { $0 > 0.5 }) else { return (alpha, colours) }
        for place in core.values.indices where outer.values[place] > 0.5 && inner.values[place] <= 0.5 {
            let (seen, filled) = (image.pixels[place], ground.pixels[place])
            let way = image.pixels[nearest[place]] - filled
            let share = min(max(((seen - filled) * way).sum() / ((way * way).sum() + 1e-3), 0), 1)
            alpha.values[place] = share
            let own = (seen - filled * (1 - share)) / max(share, 0.25)
            colours.pixels[place] = own.clamped(lowerBound: .zero, upperBound: SIMD3(repeating: 1))
        }
        return (alpha, colours)
    }

    /// The shade in the hole beside the thing, carried on below it and softened; 1 elsewhere.
    private static func shade(
        _ image: FloatImage, _ ground: FloatImage, _ core: Mask, _ hole: Mask, step: Int, unit: Double
    ) -> Mask {
        let covered = core.grown(by: step)
        var shade = Mask(width: core.width, height: core.height, filledWith: 1)
        guard let nearest = covered.nearestPlaces(where: { $0 <= 0.5 }) else { return shade }
        for place in shade.values.indices {
            let from = nearest[place]
            guard hole.values[from] > 0.5 else { continue }
            shade.values[place] = ratio(image.pixels[from], ground.pixels[from])
        }
        shade = shade.blurred(radius: 0.7 * unit)
        for place in shade.values.indices {
            shade.values[place] = hole.values[place] > 0.5 ? min(max(shade.values[place], 0.4), 1) : 1
        }
        return shade
    }

    /// The layer laid over an image at another place.
    /// - Parameter keepsShade: whether the shade stays where it was.
    func placed(_ placement: Placement, over image: FloatImage, keepsShade: Bool) -> Placed {
        var bare = shade
        for place in bare.values.indices where core.values[place] > 0.5 || alpha.values[place] > 0.5 {
            bare.values[place] = 1
        }
        let (opacity, own) = (alpha.placed(placement), colours.placed(placement))
        let cast = keepsShade ? bare : bare.placed(placement, outside: 1)
        var result = image
        for place in result.pixels.indices {
            let share = opacity.values[place]
            if share >= 1 {
                result.pixels[place] = own.pixels[place]
                continue
            }
            let ground = image.pixels[place] * cast.values[place]
            result.pixels[place] = share <= 0 ? ground : ground * (1 - share) + own.pixels[place] * share
        }
        var reach = hole.placed(placement).strictly(above: 0.02)
        reach = reach.union(opacity.strictly(above: 0.02))
        let kept = core.grown(by: -max(Int(image.unit.rounded()), 1)).placed(placement).strictly(above: 0.5)
        return Placed(image: result, reach: reach, inner: kept)
    }

    /// An image with a layer over it.
    struct Placed {
        /// The image.
        let image: FloatImage
        /// Where the layer and its hole came to lie.
        let reach: Mask
        /// The thing's pixels but for its rim.
        let inner: Mask
    }
}

extension Mask {
    /// 1 where the mask is above a level, 0 elsewhere.
    func strictly(above level: Float) -> Mask {
        Mask(width: width, height: height, values: values.map { $0 > level ? 1 : 0 })
    }

    /// 1 where this mask is above ½ and the other is not.
    func without(_ other: Mask) -> Mask { intersection(other.strictly(above: 0.5).inverted()) }
}
