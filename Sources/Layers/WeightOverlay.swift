public import Tensors

/// Weight deltas or replacements that are laid over a network's weights by tensor name: LoRA, a tuned UNet.
///
/// An overlay changes no tensor of its base. Several are laid one over the other.
public struct WeightOverlay {
    /// What becomes of one tensor.
    public enum Change {
        /// A delta Δ of the tensor's shape that is added: W + scale·Δ.
        case delta(Tensor, scale: Double)
        /// A tensor of the same shape that takes the other's place.
        case replacement(Tensor)

        /// The tensor with the change; a sum is computed, and answered, in float32 or wider.
        func applied(to base: Tensor) -> Tensor {
            switch self {
            case .replacement(let tensor): return tensor.to(device: base.device)
            case .delta(let delta, let scale):
                let wide: DType = [base.dtype, delta.dtype].contains(.float64) ? .float64 : .float32
                return base.to(dtype: wide) + delta.to(dtype: wide, device: base.device) * scale
            }
        }

        /// The tensor that the change brings.
        public var tensor: Tensor {
            switch self {
            case .delta(let tensor, _), .replacement(let tensor): tensor
            }
        }
    }

    /// The changes by the whole names of tensors, as the network's weight files have them.
    public let changes: [String: Change]

    /// An overlay of changes by tensor name.
    public init(_ changes: [String: Change]) { self.changes = changes }

    /// Deltas by tensor name that are added: W + scale·Δ.
    public static func adding(_ deltas: [String: Tensor], scale: Double = 1) -> WeightOverlay {
        WeightOverlay(deltas.mapValues { .delta($0, scale: scale) })
    }

    /// Tensors by name that take the place of the base's.
    public static func replacing(_ tensors: [String: Tensor]) -> WeightOverlay {
        WeightOverlay(tensors.mapValues { .replacement($0) })
    }
}

extension WeightStore {
    /// A store of these weights with an overlay's deltas or replacements; this one serves what it did before.
    ///
    /// Names and shapes are checked at once. A changed tensor is computed when a network asks for it, in float32 or
    /// wider and then brought to the base's dtype; unchanged tensors are shared with the base. Gradients reach deltas
    /// that record them.
    /// - Throws: `WeightError.unknownChange` for a name that the base does not have, `.changeShape` for a tensor of
    ///   another shape than the base's of that name: of the first in alphabetical order.
    public func overlaid(with overlay: WeightOverlay) throws(WeightError) -> WeightStore {
        for (name, change) in overlay.changes.sorted(by: { $0.key < $1.key }) {
            try check(name, changedBy: change.tensor.shape)
        }
        return WeightStore(base: self, overlay: overlay)
    }

    /// Refuses a change of a tensor that is not there, or of another shape.
    func check(_ name: String, changedBy found: [Int]) throws(WeightError) {
        guard let wanted = shape(of: name) else {
            throw WeightError.unknownChange(name: name, place: place)
        }
        guard found == wanted else {
            throw WeightError.changeShape(name: name, found: found, wanted: wanted, place: place)
        }
    }
}
