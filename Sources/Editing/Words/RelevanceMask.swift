import Diffusion
public import Imaging
public import Perception
import Tensors

/// Where an image shows what words say, as a relevance network sees it, and how sure that is.
public struct RelevanceMask: Sendable, Hashable {
    /// The probability of each pixel that it shows it, 0…1, at the image's size.
    public var probabilities: Mask
    /// The pixels that are held to show it: 1 there, 0 elsewhere.
    public var mask: Mask
    /// How far what was found stands out, 0…1: the mean probability inside the mask minus that outside; 0 where nothing
    /// was found.
    public var confidence: Double

    /// A mask of probabilities.
    ///
    /// - `threshold`: above which probability a pixel is held to show it.
    public init(probabilities: Mask, threshold: Float = 0.5) {
        let inside = probabilities.values.map { $0 > threshold }
        func mean(_ isIn: Bool) -> Double {
            let values = zip(probabilities.values, inside).filter { $0.1 == isIn }.map { Double($0.0) }
            return values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
        }
        self.probabilities = probabilities
        mask = Mask(
            width: probabilities.width, height: probabilities.height, values: inside.map { $0 ? 1 : 0 })
        confidence = inside.contains(true) ? max(mean(true) - mean(false), 0) : 0
    }
}

extension RelevanceNetwork {
    /// Where an image of any size shows what words say; several texts are answered in their order.
    ///
    /// - `threshold`: above which probability a pixel is held to show it.
    /// - Throws: what the network throws for texts that it cannot read.
    public func masks(
        of words: [String], in image: Image, threshold: Float = 0.5
    ) throws -> [RelevanceMask] {
        guard !words.isEmpty else { return [] }
        let pixels = image.width * image.height
        let values = try withoutGradients {
            let shown = image.tensor().expanded([words.count, 3, image.height, image.width])
            return try relevance(of: shown, to: words).to(dtype: .float32).sigmoid.floats
        }
        return words.indices.map { index in
            RelevanceMask(
                probabilities: Mask(
                    width: image.width, height: image.height,
                    values: Array(values[(index * pixels)..<((index + 1) * pixels)])),
                threshold: threshold)
        }
    }
}
