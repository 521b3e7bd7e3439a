public import ImageMetrics
public import Imaging
public import StillLife

/// A still life before and after an edit of one region, with the regions of all its objects.
public struct RegionPair: Sendable, Hashable {
    /// What it is called: `add-07`.
    public var id: String
    /// The scene's seed, which intervals are clustered by.
    public var scene: String
    /// The pair, and others that the same words admit, the nearest of which counts.
    public var answers: [EditedPair]
    /// The regions, the background first.
    public var file: RegionFile
    /// The box of what comes, goes or changes, in pixels.
    public var changed: Box
    /// The boxes of what stays, in pixels.
    public var inherent: [Box]
    /// Seed of all noise.
    public var seed: UInt64

    /// The pair itself.
    public var pair: EditedPair { answers[0] }
    /// Pixels a side.
    public var size: Int { pair.sourceImage.width }

    /// The objects that stay as they are, by what a judge can see of them.
    public var inherentObjects: [SceneObject] {
        let touched = pair.edit.touchedObjects
        return pair.source.objects.indices.filter { !touched.contains($0) }.map { pair.source.objects[$0] }
    }
}

extension RegionPair {
    /// Parts of the image that similarities are measured in, by the names of the columns.
    ///
    /// `entire` is what the papers' SSIM-e is taken for here, `inherent` what SSIM-i is: the boxes of what stays without
    /// that of the edit. `border` is a band on both sides of the edit's box, a thirty-second of the side wide on each.
    public var areas: [(name: String, area: ImageArea)] {
        let band = max(size / 32, 1)
        let (outer, inner) = (changed.widened(by: band, within: size), changed.narrowed(by: band))
        func area(_ holds: (Int, Int) -> Bool) -> ImageArea {
            let values = (0..<size).flatMap { y in (0..<size).map { x in holds(x, y) } }
            return ImageArea(width: size, height: size, values: values)
        }
        return [
            ("entire", area { _, _ in true }),
            (
                "inherent",
                area { x, y in !changed.holds(x, y) && inherent.contains { $0.holds(x, y) } }
            ),
            ("edited", area(changed.holds)),
            ("outside", area { !changed.holds($0, $1) }),
            ("border", area { x, y in outer.holds(x, y) && inner?.holds(x, y) != true }),
        ]
    }
}

extension Box {
    /// A box with so many pixels fewer on each side; nil where none are left.
    func narrowed(by margin: Int) -> Box? {
        guard width > 2 * margin, height > 2 * margin else { return nil }
        return Box(x: x + margin, y: y + margin, width: width - 2 * margin, height: height - 2 * margin)
    }
}
