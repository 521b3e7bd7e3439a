/// Changes in place, for optimisers and loading alone; nobody else may see the tensors meanwhile.
extension Tensor {
    /// Overwrites the elements.
    package func copyInPlace(from other: Tensor) {
        Operator.copyInPlace.perform(.tensor(self), .tensor(other))
    }
}

/// One AdamW step over many parameters at once (Loshchilov and Hutter 2019, algorithm 2).
/// - Parameter steps: per parameter a float32 scalar that counts its steps; advanced here.
package func adamWInPlace(
    parameters: [Tensor], gradients: [Tensor], firstMoments: [Tensor], secondMoments: [Tensor],
    steps: [Tensor],
    learningRate: Double, beta1: Double, beta2: Double, weightDecay: Double, epsilon: Double
) {
    Operator.foreachAddInPlace.perform(.tensors(steps), .double(1))
    // The kernel walks memory, not indices: gradients of convolutions often lie in another order than the weights.
    let aligned = zip(gradients, parameters).map { $0.laidOut(like: $1) }
    Operator.fusedAdamW.perform(
        .tensors(parameters), .tensors(aligned), .tensors(firstMoments), .tensors(secondMoments),
        .tensors([]),
        .tensors(steps), .double(learningRate), .double(beta1), .double(beta2), .double(weightDecay),
        .double(epsilon), false, false)
}

/// average ← average + (value - average)·weight, for each pair.
package func lerpInPlace(_ averages: [Tensor], towards values: [Tensor], weight: Double) {
    Operator.foreachLerpInPlace.perform(.tensors(averages), .tensors(values), .double(weight))
}

/// Multiplies every tensor by one number held in a tensor.
package func multiplyInPlace(_ tensors: [Tensor], by factor: Tensor) {
    Operator.foreachMultiplyInPlace.perform(.tensors(tensors), .tensor(factor))
}

/// Euclidean length of all tensors together.
package func globalNorm(_ tensors: [Tensor]) -> Tensor {
    Tensor.stacked(
        Operator.foreachNorm.results([.tensors(tensors), .double(2)]).map { $0.to(dtype: .float32) }
    ).norm()
}

/// Copies values into tensors, pair by pair.
package func copyInPlace(_ targets: [Tensor], from sources: [Tensor]) {
    Operator.foreachCopyInPlace.perform(.tensors(targets), .tensors(sources))
}
