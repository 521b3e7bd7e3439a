import Layers
import Networks
import Tensors
import Testing

@testable import Perception

/// Labels of images by a network with random weights.
@Suite struct LabelJudgeTests {
    /// Judges of the same weights that look at images in so many views.
    private func judges(views: [Int]) throws -> [LabelJudge] {
        var shape = LabelNetworkConfiguration()
        (shape.side, shape.channels, shape.normGroups) = (16, [8, 8], 4)
        shape.groups = [.init(name: "kind", labels: ["rose", "tulip"])]
        let fresh = WeightStore(initializing: 11)
        _ = try withoutGradients { try LabelNetwork(fresh.weights, shape) }
        // Answers that are far apart, so that a mean of them is nobody's own.
        let tensors = fresh.parameters.map { name, tensor in
            (name, name.hasSuffix("labels.weight") ? tensor.detached * 10 : tensor.detached)
        }
        return try views.map { count in
            shape.views = count
            let store = WeightStore(tensors: Dictionary(uniqueKeysWithValues: tensors))
            return LabelJudge(try withoutGradients { try LabelNetwork(store.weights, shape) }, device: .cpu)
        }
    }

    /// How probable roses are.
    private func roses(_ judge: LabelJudge, _ images: Tensor) -> [Double] {
        judge.labels(of: images).map { labels in
            labels["kind"].map { $0.name == "rose" ? $0.probability : 1 - $0.probability } ?? -1
        }
    }

    // Fails where numbers before the softmax are averaged, where views and images change places in the batch, and where
    // the mirror image of the middle is left out.
    @Test("Views are averaged as probabilities: the mirror image, and the middle of both")
    func views() throws {
        let judges = try judges(views: [1, 2, 4])
        let images = RandomGenerator(seed: 4).normal([3, 3, 16, 16])
        let middle = images.narrowed(2, from: 2, count: 12).narrowed(3, from: 2, count: 12)
            .resampledBilinear(height: 16, width: 16)
        let seen = [images, images.flipped(3), middle, middle.flipped(3)].map { roses(judges[0], $0) }
        let (two, four) = (roses(judges[1], images), roses(judges[2], images))
        for row in 0..<3 {
            #expect(abs(two[row] - (seen[0][row] + seen[1][row]) / 2) < 1e-5)
            #expect(abs(four[row] - seen.reduce(0) { $0 + $1[row] } / 4) < 1e-5)
        }
        let spread = (0..<3).map { row in seen.map { $0[row] } }.map { ($0.max() ?? 0) - ($0.min() ?? 0) }
        #expect(spread.allSatisfy { $0 > 1e-3 }, "\(seen)")
    }
}
