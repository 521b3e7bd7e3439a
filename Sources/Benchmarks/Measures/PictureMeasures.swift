import Diffusion
import Editing
public import ImageMetrics
public import Imaging
public import Perception
import Tensors

/// Measures of an edit by pixels and by the networks that are there.
public struct PictureMeasures {
    /// Networks that tell how unlike pictures look.
    public var distances: [PerceptualDistance]
    /// A pair of CLIP towers.
    public var towers: CLIPScorer?
    /// A network that tells faces apart, for pictures of faces.
    public var faces: FaceIdentity?

    /// Measures by networks, as far as they are there.
    public init(
        distances: [PerceptualDistance] = [], towers: CLIPScorer? = nil, faces: FaceIdentity? = nil
    ) {
        (self.distances, self.towers, self.faces) = (distances, towers, faces)
    }

    /// What is known of an edit beside its pictures.
    public struct Facts: Sendable, Hashable {
        /// What the picture shows before.
        public var source: String?
        /// What it is to show.
        public var target: String?
        /// Where it may change.
        public var edited: ImageArea?
        /// What is to stay; all that may not change where nil.
        public var inherent: ImageArea?

        /// Facts, as far as they are known.
        public init(
            source: String? = nil, target: String? = nil, edited: ImageArea? = nil,
            inherent: ImageArea? = nil
        ) {
            (self.source, self.target, self.edited, self.inherent) = (source, target, edited, inherent)
        }
    }

    /// What a result is worth.
    /// - Precondition: pictures and areas have one size.
    public func callAsFunction(from before: Image, to after: Image, _ facts: Facts = Facts()) -> PictureScores
    {
        var scores = PictureScores()
        pixels(before, after, into: &scores)
        for network in distances { distance(network, before, after, facts.edited, into: &scores) }
        if let edited = facts.edited, edited.count > 0 {
            areas(before, after, edited, facts.inherent ?? edited.complement, into: &scores)
        }
        if let towers { texts(towers, before, after, facts, into: &scores) }
        scores.values[.face] = faces?.likeness(of: before, to: after)
        return scores
    }

    private func pixels(_ before: Image, _ after: Image, into scores: inout PictureScores) {
        scores.values[.mae] = after.meanAbsoluteError(to: before)
        scores.values[.mse] = after.meanSquaredError(to: before)
        scores.values[.psnr] = after.decibels(to: before)?.value
        scores.values[.ssim] = after.structuralSimilarity(to: before)
        scores.values[.ssimReflected] = after.reflectedSimilarity(to: before)
        if scores.values[.mse] == 0 { scores.notes.append("the pictures are equal; nothing was edited") }
    }

    private func distance(
        _ network: PerceptualDistance, _ before: Image, _ after: Image, _ edited: ImageArea?,
        into scores: inout PictureScores
    ) {
        let isAlex = network.trunk == "alex"
        guard let whole = network.distance(from: before, to: after) else {
            scores.notes.append(
                "LPIPS (\(network.trunk)) wants pictures of \(network.leastSide) pixels a side at least")
            return
        }
        scores.values[isAlex ? .lpipsAlex : .lpipsVGG] = whole
        guard let edited, let map = network.map(from: before, to: after) else { return }
        let kept = zip(map, edited.values).filter { !$1 }.map(\.0)
        scores.values[isAlex ? .lpipsAlexKept : .lpipsVGGKept] = Statistics.mean(kept)
    }

    private func areas(
        _ before: Image, _ after: Image, _ edited: ImageArea, _ inherent: ImageArea,
        into scores: inout PictureScores
    ) {
        let kept = edited.complement
        scores.values[.maeKept] = after.meanAbsoluteError(to: before, in: kept)
        scores.values[.mseKept] = after.meanSquaredError(to: before, in: kept)
        scores.values[.psnrKept] = after.decibels(to: before, in: kept)?.value
        scores.values[.ssimKept] = after.structuralSimilarity(to: before, in: kept)
        scores.values[.ssimEdited] = after.structuralSimilarity(to: before, centredIn: edited)
        scores.values[.ssimInherent] = after.structuralSimilarity(to: before, centredIn: inherent)
        guard kept.count > 0 else { return }
        let (blackBefore, blackAfter) = (before.blackened(in: edited), after.blackened(in: edited))
        scores.values[.mseZeroed] = blackAfter.meanSquaredError(to: blackBefore)
        scores.values[.psnrZeroed] = blackAfter.decibels(to: blackBefore)?.value
        scores.values[.ssimZeroed] = blackAfter.reflectedSimilarity(to: blackBefore)
    }

    private func texts(
        _ towers: CLIPScorer, _ before: Image, _ after: Image, _ facts: Facts,
        into scores: inout PictureScores
    ) {
        let pictures = towers.embed([before, after])
        scores.values[.clipImage] = Self.cosine(pictures.rows(0..<1), pictures.rows(1..<2))
        guard let target = facts.target else { return }
        let texts = towers.embed(["A photo depicts " + target, target])
        let likeness = Self.cosine(pictures.rows(1..<2), texts.rows(1..<2))
        scores.values[.clip] = likeness
        scores.values[.clipClipped] = max(likeness, 0)
        scores.values[.clipHundred] = 100 * likeness
        scores.values[.clipHessel] =
            2.5 * max(Self.cosine(pictures.rows(1..<2), texts.rows(0..<1)), 0)
        if let edited = facts.edited, edited.count > 0 {
            let part = towers.embed([after.blackened(in: edited.complement)])
            scores.values[.clipEdited] = 100 * Self.cosine(part, texts.rows(1..<2))
        }
        guard let source = facts.source else { return }
        let old = towers.embed([source])
        scores.values[.clipAccuracy] = likeness > Self.cosine(pictures.rows(1..<2), old) ? 1 : 0
        let wanted = texts.rows(1..<2) - old
        guard wanted.norm().item >= Self.least else {
            scores.notes.append(
                "both texts are one to the towers: there is no direction from one to the other")
            return
        }
        scores.values[.direction] = Self.direction(pictures, wanted)
        let side = towers.imageSide
        let squares = [before, after].map { $0.tensor().resampledBicubic(height: side, width: side) }
        let square = withoutGradients { towers.embed(images: .concatenated(squares)) }
        scores.values[.directionSquare] = Self.direction(square, wanted)
        // The texts differ, so there is a direction, if not by sentences around them.
        if let loss = try? DirectionalLoss(from: source, to: target, in: towers) {
            scores.values[.directionTemplates] =
                loss.similarity(of: after.tensor(), from: before.tensor()).mean ?? 0
        }
    }

    /// Differences of embeddings below this are none.
    private static let least = 1e-6

    /// The cosine of the change between two rows with a direction; 0 where nothing has changed.
    private static func direction(_ pictures: Tensor, _ wanted: Tensor) -> Double {
        let change = pictures.rows(1..<2) - pictures.rows(0..<1)
        return change.norm().item < least ? 0 : cosine(change, wanted)
    }

    private static func cosine(_ first: Tensor, _ second: Tensor) -> Double {
        (first * second).sum.item / (first.norm().item * second.norm().item)
    }
}
