import Foundation
import Imaging

/// Cuts a thing out of an image where a coarse map says that it is, by the colours inside and outside.
///
/// A few rounds of two colour models (weighted k-means in Lab), whose posterior is smoothed by a guided filter so that
/// its edges follow the image's.
struct Segmenter {
    /// Rounds of colour models.
    static let rounds = 4
    /// Centres inside and outside.
    static let centres = (inside: 4, outside: 8)
    /// What a difference of squared distances is worth, and the most that it counts.
    static let colourWeight: Float = 40
    static let mostColour: Float = 4
    /// Where the map is so high that colours are not asked.
    static let surely: Float = 0.6
    /// The most that a map counts where another thing's is higher.
    static let rivalled: Float = 0.1
    /// Parts of less than this share of the greatest are dropped.
    static let leastPart: Float = 0.1
    /// A second thing of a name is looked for where the map is above this beside the first.
    static let leastSibling: Float = 0.25
    /// The most points that colour models are fitted to.
    static let mostPoints = 16384

    private let image: FloatImage
    private let threshold: Float
    /// Colours in Lab, scaled so that lightness and chroma count alike.
    private let colours: [SIMD3<Float>]
    private let unit: Double

    /// Prepares an image.
    /// - Parameter threshold: where a map is so low that its thing is surely not there.
    init(_ image: FloatImage, threshold: Float) {
        self.image = image
        self.threshold = threshold
        colours = image.lab().map { $0 / SIMD3(100, 60, 60) }
        unit = image.unit
    }

    /// The map with rivals taken off, how surely each pixel is the thing's, and the pixels that are.
    func segment(_ map: Mask, rivals: [Mask]) -> (map: Mask, soft: Mask, core: Mask) {
        var own = map
        var isRivalled = [Bool](repeating: false, count: map.values.count)
        for place in map.values.indices where rivals.contains(where: { $0.values[place] > map.values[place] })
        {
            isRivalled[place] = true
            own.values[place] = min(map.values[place], Self.rivalled)
        }
        var soft = posterior(own)
        var core = soft
        for place in soft.values.indices {
            if own.values[place] <= threshold { soft.values[place] = 0 }
            let isIn = soft.values[place] > 0.5 || own.values[place] > Self.surely
            core.values[place] = isIn && !isRivalled[place] ? 1 : 0
        }
        return (own, soft, core.keepingParts(above: Self.leastPart, by: own))
    }

    private static func logistic(_ value: Float) -> Float { 1 / (1 + exp(-value)) }

    /// The posterior of a map by the rounds of colour models (q).
    private func posterior(_ map: Mask) -> Mask {
        let prior = map.values.map { Self.logistic(8 * ($0 - 0.45)) }
        let logits = prior.map { value -> Float in
            let clipped = min(max(value, 0.02), 0.98)
            return 0.5 * log(clipped / (1 - clipped))
        }
        let stride = max(Int((Double(colours.count) / Double(Self.mostPoints)).rounded(.up)), 1)
        let points = Swift.stride(from: 0, to: colours.count, by: stride).map { $0 }
        var soft = Mask(width: map.width, height: map.height, values: prior)
        for _ in 0..<Self.rounds {
            let sample = points.map { colours[$0] }
            let inside = WeightedKMeans(
                sample, weights: points.map { max(soft.values[$0] - 0.5, 0) + 1e-6 },
                count: Self.centres.inside)
            let outside = WeightedKMeans(
                sample, weights: points.map { max(0.5 - soft.values[$0], 0) + 1e-6 },
                count: Self.centres.outside)
            for place in soft.values.indices {
                let (near, far) = (
                    inside.squaredDistance(to: colours[place]), outside.squaredDistance(to: colours[place])
                )
                let colour = min(max(Self.colourWeight * (far - near), -Self.mostColour), Self.mostColour)
                soft.values[place] = Self.logistic(logits[place] + colour)
            }
            soft = soft.guided(by: image, radius: max(Int((2 * unit).rounded()), 1))
            soft.values = soft.values.map { min(max($0, 0), 1) }
        }
        return soft
    }
}

extension FloatImage {
    /// How many pixels one of an image of 64 pixels a side is.
    var unit: Double { Double(max(width, height)) / 64 }
}
