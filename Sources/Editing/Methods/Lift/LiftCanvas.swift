import Diffusion
import Imaging
import Tensors

/// The image as the steps of an instruction leave it, at the user's size and at the model's.
struct LiftCanvas {
    /// At its own size.
    private(set) var photo: FloatImage
    /// At the working size.
    private(set) var working: FloatImage
    /// Where the image may differ from the one that was given, at its own size, 0 or 1.
    private(set) var reach: Mask
    /// Whether no step has changed it yet.
    private(set) var isUntouched = true
    /// What the steps computed, by the names of the documentation.
    private(set) var trace: [String: Tensor] = [:]
    /// The last thing's scaled map.
    private(set) var map: Tensor?
    private var steps = 0
    /// What the last step may change, and the pixels of things that it must not.
    private var area: Mask
    private var inner: Mask
    private var before: FloatImage

    /// An image that nothing was done to.
    init(photo: FloatImage, working: FloatImage) {
        (self.photo, self.working, before) = (photo, working, photo)
        reach = Mask(width: photo.width, height: photo.height, filledWith: 0)
        (area, inner) = (reach, reach)
    }

    /// Shows what would be moved, in red, and where to, in green.
    func previewing(_ cores: [Mask], _ placements: [Placement]) -> LiftCanvas {
        var next = self
        var image = photo.image
        for (core, placement) in zip(cores, placements) {
            let mask = core.enlarged(like: photo)
            let target = mask.placed(
                placement.scaled(
                    Double(photo.width) / Double(working.width), Double(photo.height) / Double(working.height)
                ))
            image = image.overlaid(with: mask).overlaid(with: target, red: 0, green: 220, blue: 60)
            next.reach = next.reach.union(mask.strictly(above: 0)).union(target.strictly(above: 0))
        }
        next.photo = FloatImage(image)
        return next
    }

    /// The image with layers laid over a ground, those with the higher foot first.
    /// - Parameters:
    ///   - layers: at the photo's size, with their placements at the working size.
    ///   - ground: the image without the things.
    ///   - hole: where they stood.
    func laying(
        _ layers: [(LiftLayer, Placement)], over ground: FloatImage, hole: Mask, keepsShade: Bool
    ) -> LiftCanvas {
        var next = self
        (next.before, next.area, next.photo) = (photo, hole, ground)
        next.inner = Mask(width: photo.width, height: photo.height, filledWith: 0)
        let (across, along) = (
            Double(photo.width) / Double(working.width), Double(photo.height) / Double(working.height)
        )
        for (layer, placement) in layers.sorted(by: { $0.1.foot + $0.1.down < $1.1.foot + $1.1.down }) {
            let placed = layer.placed(
                placement.scaled(across, along), over: next.photo, keepsShade: keepsShade)
            next.photo = placed.image
            next.area = next.area.union(placed.reach)
            next.inner = next.inner.union(placed.inner)
        }
        next.refresh()
        return next
    }

    /// Takes what was painted anew, as its difference to the collage: where things were and came to be, softly.
    /// - Parameter keepsInside: whether the things' own pixels stay, but for their rims.
    mutating func take(_ painted: FloatImage, instead collage: FloatImage, keepsInside: Bool) {
        let step = max(Int(photo.unit.rounded()), 1)
        var share = area.grown(by: step)
        if keepsInside { share = share.without(inner) }
        share = share.blurred(radius: 0.7 * photo.unit)
        let (new, old) = (
            painted.resized(width: photo.width, height: photo.height),
            collage.resized(width: photo.width, height: photo.height)
        )
        for place in photo.pixels.indices where share.values[place] > 0 {
            if keepsInside, inner.values[place] > 0.5 { continue }
            photo.pixels[place] += (new.pixels[place] - old.pixels[place]) * share.values[place]
        }
    }

    /// Gives back everything beyond the places where things were and came to be, and keeps what was computed.
    mutating func finish(
        step found: [ThingFinder.Found], hole: Mask, layers: [LiftLayer], ground: FloatImage,
        like latent: Tensor
    ) {
        let kept = area.grown(by: max(Int(photo.unit.rounded()), 1)).strictly(above: 0.5)
        photo = photo.blended(over: before, by: kept)
        reach = reach.union(kept)
        // In bytes from here on, so that the next step sees what a file would hold.
        photo = FloatImage(photo.image)
        refresh()
        isUntouched = false
        steps += 1
        let mark = steps == 1 ? "" : "_\(steps)"
        func stacked(_ masks: [Mask]) -> Tensor {
            Tensor.concatenated(masks.map { Tensor($0.values, shape: [1, 1, $0.height, $0.width]) }).like(
                latent)
        }
        trace["word_map" + mark] = stacked(found.map(\.map))
        trace["segmentation" + mark] = stacked(found.map(\.soft))
        trace["hole" + mark] = stacked([hole])
        trace["ground" + mark] = ground.image.tensor().like(latent)
        trace["alpha" + mark] = stacked(layers.map(\.alpha))
        trace["shade" + mark] = stacked(layers.map(\.shade))
        map = stacked([found[0].map])
    }

    private mutating func refresh() {
        working = photo.resized(width: working.width, height: working.height)
    }
}
