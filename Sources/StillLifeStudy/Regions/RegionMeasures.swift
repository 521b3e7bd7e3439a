import ImageMetrics
public import Imaging
public import Perception
import StillLife

/// What results of region pairs are worth beyond their gain, by the names of the columns.
public struct RegionMeasures {
    private let pairs: RegionPairs
    private let judge: Judge?
    private let towers: CLIPScorer?

    /// Measures by a judge and a pair of towers, as far as they are there.
    public init(of pairs: RegionPairs, judge: Judge?, towers: CLIPScorer?) {
        self.pairs = pairs
        self.judge = judge
        self.towers = towers
    }

    /// The measures of a result.
    ///
    /// - `clip`: the cosine with the caption of the target, by the towers of the still-life world, which guide nobody.
    /// - `ssim.…`: likeness to the source in the areas of `RegionPair.areas`: the map of SSIM over the whole image,
    ///   averaged over the windows with their centre in the area. No image is masked before.
    /// - `inherent.kept`: the share of what stays that the judge sees with its kind and colour.
    /// - `edit.seen`: 1 where the judge sees what comes or what changes as it should be, or no longer sees what goes.
    public func callAsFunction(_ result: Image, index: Int) throws -> [String: Double] {
        let pair = try pairs.pair(index)
        var found: [String: Double] = [:]
        for (name, area) in pair.areas {
            found["ssim.\(name)"] = pair.pair.sourceImage.structuralSimilarity(to: result, centredIn: area)
        }
        found["clip"] = towers?.cosines([result], [pair.pair.targetPrompt]).first
        guard let judge else { return found }
        let seen = judge.attributes(of: [result])[0]
        let kept = pair.inherentObjects.count { seen.object($0.kind)?.colour == $0.colour }
        found["inherent.kept"] = Double(kept) / Double(max(pair.inherentObjects.count, 1))
        found["edit.seen"] = Self.shows(seen, pair.pair) ? 1 : 0
        return found
    }

    /// Whether what a judge saw has the edit.
    static func shows(_ seen: ImageAttributes, _ pair: EditedPair) -> Bool {
        switch pair.edit {
        case .add(let object): return seen.object(object.kind)?.colour == object.colour
        case .remove(let index): return seen.object(pair.source.objects[index].kind) == nil
        default:
            return pair.edit.touchedObjects.allSatisfy { index in
                let wanted = pair.target.objects[index]
                guard let object = seen.object(wanted.kind) else { return false }
                return object.colour == wanted.colour && object.surface == wanted.surface
                    && object.state == wanted.state
            }
        }
    }
}
