public import Tensors

/// What stands between the layers of convolutional networks, by the names that diffusers gives.
public enum Activation: String, Sendable {
    /// x · sigmoid(x), also called swish.
    case silu
    /// x · Φ(x).
    case gelu
    /// x where it is positive, else 0.
    case relu
    /// x · tanh(ln(1 + eˣ)) (Misra 2019).
    case mish

    /// The names that files may have for them.
    public static let names = ["silu", "swish", "mish", "gelu", "relu"]

    /// The activation of a name, in letters of any case; nil for a name that is not known.
    public init?(named name: String) {
        let name = name.lowercased()
        self.init(rawValue: name == "swish" ? "silu" : name)
    }

    /// Every element through it.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .silu: x.silu
        case .gelu: x.gelu()
        case .relu: x.relu
        case .mish: x.mish
        }
    }
}
