public import Tensors

/// What moves parameters down their gradients, in place, and remembers what its next step depends on.
public protocol Optimizer: AnyObject {
    /// One step along gradients, in the parameters' order.
    func step(gradients: [Tensor], learningRate: Double)
    /// Everything that it remembers between steps, by kind, each in the parameters' order; a checkpoint is copied into
    /// these very tensors.
    var memory: [(kind: String, tensors: [Tensor])] { get }
}

extension AdamW: Optimizer {
    /// The two moments and the count of steps.
    public var memory: [(kind: String, tensors: [Tensor])] {
        let (first, second, steps) = state
        return [("first", first), ("second", second), ("steps", steps)]
    }
}
