import Foundation
import Layers
import Networks
import StillLife
import StillLifeStudy
import Tensors

/// A judge learns what still lifes show, however they were treated.
final class JudgeStage: JudgingStage {
    let name = "judge"
    let parameters: ParameterSet
    let shape: AttributeNetworkConfiguration
    let configuration: TrainingConfiguration
    private let images: JudgeImages
    private let network: AttributeNetwork
    private let device: Device
    private let dtype: DType
    private let randomness: Randomness
    private let order: ImageOrder
    private let control: TrainingControl

    init(
        _ configuration: TrainingConfiguration, images: JudgeImages, device: Device,
        control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.images = images
        self.device = device
        self.control = control
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        order = ImageOrder(randomness, count: images.images.count)
        var shape = AttributeNetworkConfiguration.stillLife(side: configuration.data.size)
        shape.channels = configuration.judge.channels
        shape.normGroups = configuration.judge.normGroups
        self.shape = shape
        var builder = NetworkBuilder(device: device, precision: dtype)
        network = try builder.build("judge", seed: randomness.seed(.networkWeights, 0)) {
            try AttributeNetwork($0, shape)
        }
        parameters = configuration.judge.parameters(of: builder)
    }

    var settings: [String: String] {
        configuration.commonSettings(data: images.images.fingerprint)
            .merging(configuration.judge.architecture) { $1 }
            .merging(["roundTrips": images.roundTrips?.fingerprint ?? "none"]) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let chosen = order.batch(step: step, size: batch)
        var draws = randomness.draws(.degradation, step)
        let flipped = draws.unit() < 0.5
        let input = withoutGradients { () -> Tensor in
            let shown = images.images.tensor(chosen, device: device)
                .mixed(
                    with: images.roundTrips?.tensor(chosen, device: device),
                    share: configuration.judge.roundTrips, draws: &draws)
            let random = RandomGenerator(seed: randomness.seed(.degradationNoise, step), device: device)
            let worse = Degradation(share: configuration.judge.degraded)(shown, draws: &draws, random: random)
            return (flipped ? worse.flipped(3) : worse).to(dtype: dtype)
        }
        return images.truth(chosen, device: device).loss(of: network(input), flipped: flipped)
    }

    /// A judge with the averaged weights.
    func averaged() throws -> Judge {
        let weights = Dictionary(uniqueKeysWithValues: parameters.averages(of: "judge"))
        let network = try withoutGradients {
            try AttributeNetwork(WeightStore(tensors: weights).weights, shape)
        }
        return try Judge(network, device: device)
    }

    /// How often the judge is right about held-out images, as rendered and as they come back.
    func accuracies() throws -> [String: JudgeAccuracy] {
        let judge = try averaged()
        let set = images.images
        let indices = Array(set.count..<(set.count + set.heldOut))
        var found: [String: JudgeAccuracy] = [:]
        func measure(_ name: String, _ tensor: ([Int]) -> Tensor) {
            var accuracy = JudgeAccuracy()
            for start in stride(from: 0, to: indices.count, by: 64) {
                let part = Array(indices[start..<min(start + 64, indices.count)])
                for (index, seen) in zip(part, judge.attributes(of: tensor(part))) {
                    accuracy.add(seen, of: images.scene(index))
                }
            }
            found[name] = accuracy
        }
        measure("renders") { set.tensor($0, device: device) }
        if let roundTrips = images.roundTrips {
            measure("round trips") { roundTrips.tensor($0, device: device) }
        }
        return found
    }

    func showSamples(step: Int) throws {
        for (name, accuracy) in try accuracies().sorted(by: { $0.key < $1.key }) {
            let parts = accuracy.counts.sorted { $0.key < $1.key }.map {
                "\($0.key) \(String(format: "%.1f", $0.value.share * 100))"
            }
            control.report(.message("judge, held-out \(name), % right: " + parts.joined(separator: ", ")))
        }
    }
}
