import TestSupport
import Testing

@testable import Tensors

@Suite struct OptimizerStepTests {
    @Test("Two AdamW steps give what the formulas give by hand")
    func twoSteps() {
        let parameter = Tensor([1] as [Float])
        let (first, second) = (Tensor.zeros([1]), Tensor.zeros([1]))
        let count = Tensor.zeros([])
        // Decay takes 1 to 0.99, then m̂/√v̂ = 0.5/0.5 takes 0.1 away. The second time decay takes 0.89 to 0.8811,
        // m = 0.9·0.05 - 0.1·0.5 = -0.005, m̂ = -0.005/0.19, √v̂ = 0.5: 0.1·0.0526316 comes back.
        for (gradient, expected) in [(0.5, 0.89), (-0.5, 0.8863632)] {
            adamWInPlace(
                parameters: [parameter], gradients: [.full([1], gradient)], firstMoments: [first],
                secondMoments: [second], steps: [count], learningRate: 0.1, beta1: 0.9, beta2: 0.999,
                weightDecay: 0.1, epsilon: 0)
            #expect(abs(parameter.item - expected) < 1e-6)
        }
        #expect(count.item == 2)
        #expect(abs(first.item + 0.005) < 1e-8)
        #expect(abs(second.item - 0.00049975) < 1e-9)
    }

    @Test("Five steps, clipped or not, follow PyTorch's", arguments: ["plain", "decay", "clipped"])
    func fixture(named name: String) throws {
        let file = try Fixtures.tensors("adamw.safetensors")
        let settings = try file.tensor(name + ".settings").scalars(as: Double.self)
        let (x, y) = (try file.tensor("x"), try file.tensor("y"))
        // Copies: what is mapped from a file must not be written to.
        let parameters = try ["weight", "bias"].map { try file.tensor($0).copied.requiringGradient }
        let moments = [parameters.map(\.zerosLike), parameters.map(\.zerosLike)]
        let steps = parameters.map { _ in Tensor.zeros([]) }
        for step in 1...5 {
            let loss = (x.matmul(parameters[0]) + parameters[1] - y).squared.mean
            let found = gradients(of: loss, withRespectTo: parameters)
            let norm = globalNorm(found)
            #expect(relativeError(loss.detached, try file.tensor("\(name).\(step).loss")) < 1e-6)
            #expect(relativeError(norm, try file.tensor("\(name).\(step).norm")) < 1e-6)
            withoutGradients {
                if settings[5] > 0 {
                    multiplyInPlace(found, by: (settings[5] / (norm + 1e-6)).clamped(nil, 1))
                }
                adamWInPlace(
                    parameters: parameters, gradients: found, firstMoments: moments[0],
                    secondMoments: moments[1], steps: steps, learningRate: settings[0], beta1: settings[1],
                    beta2: settings[2], weightDecay: settings[4], epsilon: settings[3])
            }
            for (parameter, part) in zip(parameters, ["weight", "bias"]) {
                #expect(
                    relativeError(parameter.detached, try file.tensor("\(name).\(step).\(part)")) < 2e-6)
            }
        }
    }

    @Test("Averages move towards values by a weight, tensors are overwritten in place")
    func averages() {
        let averages = [Tensor([0, 4] as [Float]), Tensor([1] as [Float])]
        lerpInPlace(averages, towards: [Tensor([4, 0] as [Float]), Tensor([1] as [Float])], weight: 0.25)
        #expect(averages[0].floats == [1, 3] && averages[1].floats == [1])
        copyInPlace(averages, from: [Tensor([7, 8] as [Float]), Tensor([9] as [Float])])
        #expect(averages[0].floats == [7, 8] && averages[1].floats == [9])
    }
}
