import Layers
import Tensors
import Testing

@testable import Training

/// A lack of memory ends a run of training as an error, with the parameters of the step before.
@Suite struct MemoryTests {
    private final class Stage: TrainingStage {
        let (name, steps, batch, settings) = ("hungry", 4, 1, [String: String]())
        let pace = LearningRateSchedule(learningRate: 0.1, warmup: 0, finalShare: 1, gradientClip: 1)
        let leaf = Tensor([1, 2] as [Float]).requiringGradient
        let parameters: ParameterSet
        var hungryStep: Int? = 2
        /// The parameters before each step.
        var seen: [[Float]] = []

        init() {
            parameters = ParameterSet(
                names: ["a/leaf"], working: [leaf], masters: [leaf], weightDecay: 0, averageDecay: 0.9)
        }

        func loss(step: Int) -> Tensor {
            seen.append(leaf.detached.floats)
            let square = (leaf * leaf).sum
            return step == hungryStep ? square + Tensor.zeros([1 << 30, 1 << 24]).sum : square
        }

        func showSamples(step: Int) {}
    }

    @Test("A step without room for it throws and changes nothing, and another run goes on")
    func step() throws {
        let scratch = try Scratch()
        let loop = try Trainer(.tiny(in: scratch.path)).loop(until: nil, of: "hungry")
        let stage = Stage()
        #expect(throws: TensorError.outOfMemory(bytes: 1 << 56)) {
            try guardingMemory { try loop.run(stage) }
        }
        #expect(stage.seen.count == 3 && Set(stage.seen).count == 3)
        #expect(stage.leaf.detached.floats == stage.seen[2])
        stage.hungryStep = nil
        #expect(try guardingMemory { try loop.run(stage) } == .finished)
        #expect(stage.seen[3] == stage.seen[2])
    }
}
