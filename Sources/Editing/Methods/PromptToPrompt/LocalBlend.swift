import Networks
import Tensors

/// Prompt-to-Prompt's local blend: the edit stays where the attention to the edited words is.
///
/// The maps of the words are summed over all steps so far, averaged over layers and heads, widened by one place,
/// enlarged to the latent, divided by their largest value and cut at a threshold. What either row's words reach may
/// change; elsewhere the target's latent becomes the source's.
struct LocalBlend {
    /// The positions of words in the ids of the source and of the target prompt.
    typealias Words = (source: [Int], target: [Int])

    /// Where the threshold cuts (k).
    let threshold: Double
    /// Where the maps of subtracted words are cut.
    let subtractThreshold: Double
    /// The first step that blends, counted from the noisiest.
    let firstStep: Int
    /// The maps that are looked at.
    let sites: [Site]
    private let wanted: Selectors
    private let subtracted: Selectors
    private let latentSize: (height: Int, width: Int)
    private var sums: [Tensor?] = [nil, nil, nil, nil]

    /// A blend for a network and a latent.
    /// - Parameter side: the side, in tokens, of the maps that are looked at, as near as the network has them.
    init(
        words: Words, subtract: Words = ([], []), threshold: Double, subtractThreshold: Double,
        firstStep: Int,
        side: Int, sites: [Site], latentShape: [Int], length: Int
    ) {
        self.threshold = threshold
        self.subtractThreshold = subtractThreshold
        self.firstStep = firstStep
        latentSize = (latentShape[2], latentShape[3])
        wanted = Selectors(words, length)
        subtracted = Selectors(subtract, length)
        self.sites = sites.promptMaps(nearestSide: side, latentShape: latentShape)
    }

    /// Which columns of a map count, by row; nil where no word of that row's prompt is meant.
    private struct Selectors {
        let source: Tensor?
        let target: Tensor?

        init(_ words: Words, _ length: Int) {
            func selector(_ positions: [Int]) -> Tensor? {
                guard !positions.isEmpty else { return nil }
                return Tensor((0..<length).map { positions.contains($0) ? Float(1) : 0 }, shape: [length])
            }
            source = selector(words.source)
            target = selector(words.target)
        }
    }

    /// Adds a step's maps.
    mutating func observe(_ maps: (Site) -> (source: Tensor, target: Tensor)) {
        guard let scale = sites.first?.scale else { return }
        // Strided convolutions round sides up.
        let height = (latentSize.height + scale - 1) / scale
        let width = (latentSize.width + scale - 1) / scale
        for site in sites {
            let (source, target) = maps(site)
            let chosen = [
                (source, wanted.source), (target, wanted.target), (source, subtracted.source),
                (target, subtracted.target),
            ]
            for (index, (map, selector)) in chosen.enumerated() {
                guard let selector else { continue }
                let seen = (map * selector.like(map)).sum([-1]).mean([1])  // [1, N]
                    .reshaped([1, 1, height, width]).to(dtype: .float32)
                sums[index] = sums[index].map { $0 + seen } ?? seen
            }
        }
    }

    /// Where the edit may show, [1, 1, h, w] of zeros and ones; nil before the first step that blends.
    func mask(at step: Int) -> Tensor? {
        guard step >= firstStep else { return nil }
        let nothing = Tensor.zeros([1, 1, latentSize.height, latentSize.width])
        func reach(_ sum: Tensor?, widened: Bool, above threshold: Double) -> Tensor {
            guard let sum else { return nothing }
            let map = widened ? sum.maxPooled(3, stride: 1, padding: 1) : sum
            let large = map.upsampledNearest(height: latentSize.height, width: latentSize.width)
            return (large / large.amax() > threshold).to(dtype: .float32)
        }
        let kept = reach(sums[0], widened: true, above: threshold)
            .maximum(reach(sums[1], widened: true, above: threshold))
        let taken = reach(sums[2], widened: false, above: subtractThreshold)
            .maximum(reach(sums[3], widened: false, above: subtractThreshold))
        return kept * (1 - taken)
    }

    /// The mean map of the wanted words over both rows, scaled to at most 1, [1, 1, h, w]; for a look at it.
    var softMask: Tensor? {
        let maps = sums[..<2].compactMap { sum in sum.map { $0 / $0.amax() } }
        guard let first = maps.first else { return nil }
        return maps.dropFirst().reduce(first) { $0.maximum($1) }
            .upsampledNearest(height: latentSize.height, width: latentSize.width).clamped(0, 1)
    }
}

extension [Site] {
    /// The maps over the prompt whose side, in tokens, is nearest to a wanted one.
    func promptMaps(nearestSide side: Int, latentShape: [Int]) -> [Site] {
        let shorter = Swift.min(latentShape[2], latentShape[3])
        // The middle's maps are left out, as in the published code.
        let maps = filter { $0.isCrossAttentionMap && $0.stage != .middle }
        /// How far a scale's side is from the wanted one: 2 for twice and for half of it.
        func distance(_ scale: Int) -> Double {
            let ratio = Double(shorter) / Double(scale) / Double(side)
            return Swift.max(ratio, 1 / ratio)
        }
        let nearest = maps.map(\.scale).min { (distance($0), $0) < (distance($1), $1) }
        return maps.filter { $0.scale == nearest }
    }
}
