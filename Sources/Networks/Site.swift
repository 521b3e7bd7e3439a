/// A place in the UNet's dataflow where a value can be recorded or edited.
///
/// Sites are values in the computation (a query, a map), not modules: some methods need queries and keys before the
/// softmax, others the map after it. The printed form is `up1.0.cross.map`, `middle.0.features`.
public struct Site: Hashable, Sendable {
    /// A stage of the UNet.
    public enum Stage: Hashable, Sendable {
        case down(Int)
        case middle
        case up(Int)
    }

    /// Whose tokens an attention layer looks at.
    public enum Attention: String, Sendable, CaseIterable {
        /// The image's own: self-attention.
        case selfAttention = "self"
        /// The prompt's: cross-attention.
        case crossAttention = "cross"
    }

    /// Which value at the place is meant.
    public enum Value: String, Sendable, CaseIterable {
        /// Q, [1, heads, tokens, channels of a head].
        case query
        /// K, [1, heads, context tokens, channels of a head].
        case key
        /// V, [1, heads, context tokens, channels of a head].
        case value
        /// softmax(Q·Kᵀ/√d), [1, heads, tokens, context tokens]; each row sums to 1.
        case map
        /// The residual branch of a resnet before it is added, [1, channels, height, width].
        case features
    }

    /// The stage.
    public let stage: Stage
    /// The resnet or attention layer within the stage, from 0.
    public let layer: Int
    /// Which attention; nil for `features`.
    public let attention: Attention?
    /// Which value.
    public let value: Value
    /// How many times smaller each side is than the latent's: 1, 2, 4 and so on.
    public let scale: Int

    /// Whether this is a map over the prompt's tokens.
    public var isCrossAttentionMap: Bool { attention == .crossAttention && value == .map }
    /// Whether this is a map over the image's own tokens.
    public var isSelfAttentionMap: Bool { attention == .selfAttention && value == .map }
}

extension Site.Stage: CustomStringConvertible {
    /// `down0`, `middle`, `up2`.
    public var description: String {
        switch self {
        case .down(let index): "down\(index)"
        case .middle: "middle"
        case .up(let index): "up\(index)"
        }
    }
}

extension Site: CustomStringConvertible {
    /// The printed form, by which command lines and files name the site.
    public var description: String {
        ([stage.description, String(layer)] + [attention?.rawValue, value.rawValue].compactMap(\.self))
            .joined(separator: ".")
    }
}

extension Collection where Element == Site {
    /// The site of a printed form, or nil where this network has none of that name.
    public func named(_ text: String) -> Site? { first { $0.description == text } }
}
