public import Tensors

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2), as PyTorch computes it.
public final class AdamW {
    private let parameters: [Tensor]
    private let firstMoments: [Tensor]
    private let secondMoments: [Tensor]
    private let steps: [Tensor]
    private let beta1: Double
    private let beta2: Double
    private let weightDecay: Double
    private let epsilon: Double

    /// An optimiser of parameters, which `step` changes in place.
    public init(
        parameters: [Tensor], beta1: Double = 0.9, beta2: Double = 0.999, weightDecay: Double = 0.01,
        epsilon: Double = 1e-8
    ) {
        self.parameters = parameters
        firstMoments = parameters.map(\.zerosLike)
        secondMoments = parameters.map(\.zerosLike)
        steps = parameters.map { .zeros([], device: $0.device) }
        self.beta1 = beta1
        self.beta2 = beta2
        self.weightDecay = weightDecay
        self.epsilon = epsilon
    }

    /// One step along gradients, in the parameters' order.
    public func step(gradients: [Tensor], learningRate: Double) {
        withoutGradients {
            adamWInPlace(
                parameters: parameters, gradients: gradients, firstMoments: firstMoments,
                secondMoments: secondMoments, steps: steps, learningRate: learningRate, beta1: beta1,
                beta2: beta2,
                weightDecay: weightDecay, epsilon: epsilon)
        }
    }

    /// Everything the optimiser remembers, for a checkpoint: two moments per parameter and the count of steps.
    public var state: (firstMoments: [Tensor], secondMoments: [Tensor], steps: [Tensor]) {
        (firstMoments, secondMoments, steps)
    }

    /// Takes up the state of a checkpoint, in the parameters' order.
    public func restore(firstMoments: [Tensor], secondMoments: [Tensor], steps: [Tensor]) {
        withoutGradients {
            copyInPlace(self.firstMoments, from: firstMoments)
            copyInPlace(self.secondMoments, from: secondMoments)
            copyInPlace(self.steps, from: steps)
        }
    }
}

/// A slow average of parameters: average ← decay·average + (1 - decay)·parameter.
public final class ExponentialAverage {
    private let parameters: [Tensor]
    /// The averages, in the parameters' order.
    public let averages: [Tensor]

    /// Averages that begin at the parameters' values.
    public init(parameters: [Tensor]) {
        self.parameters = parameters
        averages = parameters.map { $0.detached.copied }
    }

    /// Moves the averages towards the parameters.
    public func update(decay: Double) {
        withoutGradients { lerpInPlace(averages, towards: parameters.map(\.detached), weight: 1 - decay) }
    }

    /// Takes up the averages of a checkpoint.
    public func restore(_ values: [Tensor]) { withoutGradients { copyInPlace(averages, from: values) } }
}

/// Shortens gradients to a common length where they are longer, and answers the length before.
public func clipGradients(_ gradients: [Tensor], to limit: Double) -> Tensor {
    withoutGradients {
        let norm = globalNorm(gradients)
        let factor = (limit / (norm + 1e-6)).clamped(nil, 1)
        multiplyInPlace(gradients, by: factor)
        return norm
    }
}
