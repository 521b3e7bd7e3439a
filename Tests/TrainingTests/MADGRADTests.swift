import Foundation
import Layers
import Tensors
import TestSupport
import Testing

/// The optimiser of Text2LIVE.
@Suite struct MADGRADTests {
    static var slopes: [Tensor] { [Tensor([Float(0.3), -0.05])] }

    // What fails: a square root in place of the cube root, λ without √(k+1) or ε, momentum on the gradient, weight decay
    // that is decoupled.
    @Test("Three steps along a constant gradient lead where the published package leads")
    func trajectory() {
        let leaf = Tensor([Float(1), -2]).requiringGradient
        let optimiser = MADGRAD(parameters: [leaf], weightDecay: 0.01)
        for wanted in [[0.998753011, -1.99924064], [0.996633589, -1.99795008], [0.993751943, -1.99619544]] {
            optimiser.step(gradients: Self.slopes, learningRate: 2.5e-3)
            for (found, value) in zip(leaf.detached.scalars(as: Double.self), wanted) {
                #expect(abs(found - value) < 1e-6)
            }
        }
    }

    @Test("A run that takes up a checkpoint ends where a whole one does, to the bit")
    func restored() throws {
        func set() -> ParameterSet {
            let leaf = Tensor([Float(1), -2]).requiringGradient
            return ParameterSet(
                names: ["x"], working: [leaf], masters: [leaf],
                optimiser: MADGRAD(parameters: [leaf], weightDecay: 0.01), averageDecay: nil)
        }
        func descend(_ set: ParameterSet, _ steps: Range<Int>) {
            for step in steps { set.descend(along: Self.slopes, step: step, learningRate: 0.01) }
        }
        let whole = set()
        descend(whole, 0..<5)
        let folder = try Folder()
        let checkpoints = Checkpoints(folder: folder.path, stage: "x")
        let first = set()
        descend(first, 0..<2)
        _ = try checkpoints.save(first, at: .init(step: 2, seconds: 0, smoothedLoss: 0, settings: [:]))
        let second = set()
        // Steps of its own, which must not count.
        descend(second, 0..<1)
        #expect(try checkpoints.restore(second, settings: [:])?.step == 2)
        descend(second, 2..<5)
        #expect(second.leaves[0].detached.isEqual(to: whole.leaves[0].detached))
    }
}
