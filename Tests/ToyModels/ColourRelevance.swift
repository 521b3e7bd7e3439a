public import Perception
public import Tensors

/// A closed form in place of a segmenting network: a text is seen where pixels are near the colour that it names.
///
/// Logits are gain·(0.3 - mean((I - c)²)) over the channels. A text without a colour has one of its own that follows
/// from its letters.
public final class ColourRelevance: RelevanceNetwork, @unchecked Sendable {
    /// The texts of every pass so far.
    public private(set) var asked: [[String]] = []
    private let gain: Double

    /// A network.
    public init(gain: Double = 4) { self.gain = gain }

    private static let colours: [String: [Float]] = [
        "red": [0.5, -0.7, -0.7], "green": [-0.5, 0.3, -0.6], "blue": [-0.6, -0.4, 0.5],
        "yellow": [0.7, 0.5, -0.6], "purple": [0.1, -0.6, 0.3], "orange": [0.8, 0, -0.8],
    ]

    /// The colour that a text is seen by, in -1…1.
    static func colour(of text: String) -> [Float] {
        let words = text.split { !$0.isLetter }.map(String.init)
        if let named = words.compactMap({ colours[$0] }).first { return named }
        let sum = text.unicodeScalars.reduce(0) { ($0 * 31 + Int($1.value)) % 9973 }
        return [sum % 7, sum % 5, sum % 11].map { Float($0) / 6 - 0.8 }
    }

    /// Logits [B, H, W].
    public func relevance(of images: Tensor, to texts: [String]) throws -> Tensor {
        asked.append(texts)
        let colours = Tensor(texts.flatMap(Self.colour), shape: [texts.count, 3, 1, 1]).like(images)
        return ((images - colours).squared.mean([1]) * -1 + 0.3) * gain
    }
}
