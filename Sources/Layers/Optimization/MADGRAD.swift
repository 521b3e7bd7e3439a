import Foundation
public import Tensors

/// MADGRAD: dual averaging of gradients with a cube root in place of Adam's square root, and momentum.
///
/// Defazio and Jelassi, "Adaptivity without Compromise: A Momentumized, Adaptive, Dual Averaged Gradient Method for
/// Stochastic Optimization", 2021, arXiv 2101.11075. Step k from 0, with λ = (rate + ε)·√(k+1): g ← gradient + decay·p;
/// ν += λ·g²; s += λ·g; z = p₀ - s / (∛ν + ε); p ← momentum·p + (1 - momentum)·z, where p₀ is what p began with.
public final class MADGRAD: Optimizer {
    private let parameters: [Tensor]
    private let starts: [Tensor]
    private let sums: [Tensor]
    private let squares: [Tensor]
    private let steps: [Tensor]
    private let momentum: Double
    private let weightDecay: Double
    private let epsilon: Double

    /// An optimiser of parameters, which `step` changes in place; their values now are p₀.
    public init(
        parameters: [Tensor], momentum: Double = 0.9, weightDecay: Double = 0, epsilon: Double = 1e-6
    ) {
        self.parameters = parameters
        starts = parameters.map { $0.detached.copied }
        sums = parameters.map(\.zerosLike)
        squares = parameters.map(\.zerosLike)
        steps = parameters.map { .zeros([], device: $0.device) }
        self.momentum = momentum
        self.weightDecay = weightDecay
        self.epsilon = epsilon
    }

    /// One step along gradients, in the parameters' order.
    public func step(gradients: [Tensor], learningRate: Double) {
        withoutGradients {
            for (place, gradient) in gradients.enumerated() {
                let value = parameters[place].detached
                let share = (learningRate + epsilon) * sqrt(steps[place].item + 1)
                let slope = gradient + value * weightDecay
                squares[place].copyInPlace(from: squares[place] + slope.squared * share)
                sums[place].copyInPlace(from: sums[place] + slope * share)
                let goal = starts[place] - sums[place] / (squares[place].power(1.0 / 3) + epsilon)
                value.copyInPlace(from: value * momentum + goal * (1 - momentum))
                steps[place].copyInPlace(from: steps[place] + 1)
            }
        }
    }

    /// The values that it began with, the two sums and the count of steps.
    public var memory: [(kind: String, tensors: [Tensor])] {
        [("start", starts), ("sum", sums), ("squares", squares), ("steps", steps)]
    }
}
