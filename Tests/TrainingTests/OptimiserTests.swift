import Layers
import Tensors
import TestSupport
import Testing

@Suite struct OptimiserTests {
    @Test(
        "Five steps of the optimiser, clipped or not, follow PyTorch's",
        arguments: ["plain", "decay", "clipped"])
    func adamW(named name: String) throws {
        let file = try Fixtures.tensors("adamw.safetensors")
        // Learning rate, β₁, β₂, ε, decay, longest gradient (0 for none).
        let settings = try file.tensor(name + ".settings").scalars(as: Double.self)
        let (x, y) = (try file.tensor("x"), try file.tensor("y"))
        let parameters = try ["weight", "bias"].map { try file.tensor($0).copied.requiringGradient }
        let optimiser = AdamW(
            parameters: parameters, beta1: settings[1], beta2: settings[2], weightDecay: settings[4],
            epsilon: settings[3])
        for step in 1...5 {
            let loss = (x.matmul(parameters[0]) + parameters[1] - y).squared.mean
            let slopes = gradients(of: loss, withRespectTo: parameters)
            let norm = clipGradients(slopes, to: settings[5] > 0 ? settings[5] : .greatestFiniteMagnitude)
            optimiser.step(gradients: slopes, learningRate: settings[0])
            #expect(relativeError(norm, try file.tensor("\(name).\(step).norm")) < 1e-6)
            for (parameter, part) in zip(parameters, ["weight", "bias"]) {
                #expect(
                    relativeError(parameter.detached, try file.tensor("\(name).\(step).\(part)")) < 2e-6)
            }
        }
        #expect(optimiser.state.steps.map(\.item) == [5, 5])
    }

    @Test("An optimiser that takes up another's state goes on like that one")
    func restored() {
        func slopes(_ parameters: [Tensor], _ step: Int) -> [Tensor] {
            [RandomGenerator(seed: UInt64(step)).normal(parameters[0].shape)]
        }
        let first = [RandomGenerator(seed: 9).normal([4, 3])]
        let optimiser = AdamW(parameters: first, weightDecay: 0.1)
        for step in 0..<3 { optimiser.step(gradients: slopes(first, step), learningRate: 0.01) }
        let second = first.map(\.copied)
        let other = AdamW(parameters: second, weightDecay: 0.1)
        let state = optimiser.state
        other.restore(
            firstMoments: state.firstMoments, secondMoments: state.secondMoments, steps: state.steps)
        for step in 3..<5 {
            optimiser.step(gradients: slopes(first, step), learningRate: 0.01)
            other.step(gradients: slopes(second, step), learningRate: 0.01)
        }
        #expect(first[0].isEqual(to: second[0]))
    }
}
