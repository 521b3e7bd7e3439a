public import Tensors

/// Classifier-free guidance (Ho and Salimans 2022): the prompted estimate, exaggerated away from the empty
/// one.
///
/// ε̃ = ε_∅ + g·(ε_P - ε_∅); scale 1 is the prompted estimate alone.
public func guided(empty: Tensor, prompted: Tensor, scale: Double) -> Tensor {
    scale == 1 ? prompted : empty + (prompted - empty) * scale
}
