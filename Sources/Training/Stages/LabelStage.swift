import Foundation
import Layers
import Networks
import Perception
import StillLifeStudy
import Tensors

/// Images of a folder with the labels that its lines give them.
struct LabelledImages: Sendable {
    let images: ImageSet
    /// Per group its labels, by name.
    let groups: [LabelNetworkConfiguration.Group]
    /// Per image and group the number of its label; nil where none was given.
    ///
    /// Held-out images included.
    let truth: [[Int?]]

    /// - Throws: `TrainingError.unusableData` where no group has two labels.
    init(_ images: ImageSet, labels: [[String: String]], folder: String) throws {
        self.images = images
        let names = Set(labels.flatMap(\.keys)).sorted()
        groups = names.map { name in .init(name: name, labels: Set(labels.compactMap { $0[name] }).sorted()) }
            .filter { $0.labels.count > 1 }
        guard !groups.isEmpty else {
            throw TrainingError.unusableData(
                path: folder,
                reason:
                    "no two of its pictures are told apart by \"labels\": {\"kind\": \"tulip\"} in captions.jsonl"
            )
        }
        truth = labels.map { [groups] labels in
            groups.map { group in labels[group.name].flatMap { group.labels.firstIndex(of: $0) } }
        }
    }
}

/// A network learns which label of each group fits an image.
final class LabelStage: JudgingStage {
    let name = "labels"
    let parameters: ParameterSet
    let shape: LabelNetworkConfiguration
    let configuration: TrainingConfiguration
    private let set: LabelledImages
    private let network: LabelNetwork
    private let device: Device
    private let dtype: DType
    private let randomness: Randomness
    private let order: ImageOrder
    private let control: TrainingControl

    init(
        _ configuration: TrainingConfiguration, _ set: LabelledImages, device: Device,
        control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.set = set
        self.device = device
        self.control = control
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        order = ImageOrder(randomness, repeats: set.images.repeats)
        var shape = LabelNetworkConfiguration()
        shape.side = configuration.data.size
        shape.channels = configuration.judge.channels
        shape.layersPerLevel = configuration.judge.layersPerLevel
        shape.normGroups = configuration.judge.normGroups
        shape.groups = set.groups
        shape.views = configuration.judge.views
        self.shape = shape
        var builder = NetworkBuilder(device: device, precision: dtype)
        network = try builder.build(name, seed: randomness.seed(.networkWeights, 2)) {
            try LabelNetwork($0, shape)
        }
        parameters = configuration.judge.parameters(of: builder)
    }

    var settings: [String: String] {
        configuration.commonSettings(data: set.images.fingerprint)
            .merging(configuration.judge.architecture) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let chosen = order.batch(step: step, size: batch)
        let (input, mixing) = withoutGradients { shown(chosen, step: step) }
        let answers = network(input, dropping: dropping(step: step))
        var loss = Tensor.zeros([]).to(device: device)
        for (index, answer) in answers.enumerated() {
            let count = set.groups[index].labels.count
            let wanted = mixing.targets(
                chosen.map { set.truth[$0][index] }, of: count, smoothing: configuration.judge.smoothing)
            let told = max(wanted.reduce(0, +), 1)
            let target = Tensor(wanted, shape: [chosen.count, count]).to(device: device)
            let entropy = (answer.to(dtype: .float32).logSoftmax(-1) * target).sum * (-1 / Double(told))
            loss = loss + entropy
        }
        return loss
    }

    /// What the network sees of images at a step, and how they are mixed.
    func shown(_ chosen: [Int], step: Int) -> (images: Tensor, mixing: Mixing) {
        let (section, count) = (configuration.judge, chosen.count)
        var draws = randomness.draws(.crops, step)
        let crops = Crops(count: count, smallestArea: section.smallestArea, draws: &draws)
        let erasing = Erasing(count: count, share: section.erased, draws: &draws)
        var mixingDraws = randomness.draws(.mixing, step)
        let mixing = Mixing(count: count, alpha: section.mixing, side: shape.side, draws: &mixingDraws)

        let parts = crops(set.images.tensor(chosen, device: device), side: shape.side)
        var degradationDraws = randomness.draws(.degradation, step)
        let worse = Degradation(share: section.degraded)(
            parts, draws: &degradationDraws,
            random: RandomGenerator(seed: randomness.seed(.degradationNoise, step), device: device))
        return (mixing(erasing(worse)).to(dtype: dtype), mixing)
    }

    /// Leaves features out and makes up for it by the others (Srivastava and others 2014); nil where none are left out.
    func dropping(step: Int) -> ((Tensor) -> Tensor)? {
        let rate = configuration.judge.dropout
        guard rate > 0 else { return nil }
        let random = RandomGenerator(seed: randomness.seed(.dropout, step))
        return { features in
            let kept = withoutGradients { (random.uniform(features.shape) > rate).like(features) }
            return features * kept * (1 / (1 - rate))
        }
    }

    /// A judge with the averaged weights.
    func averaged() throws -> LabelJudge {
        let weights = Dictionary(uniqueKeysWithValues: parameters.averages(of: name))
        return LabelJudge(
            try withoutGradients { try LabelNetwork(WeightStore(tensors: weights).weights, shape) },
            device: device)
    }

    /// Of held-out images, by group: how often each label was answered for each true one.
    func confusion() throws -> [String: [String: [String: Int]]] {
        let judge = try averaged()
        let images = set.images
        var found: [String: [String: [String: Int]]] = [:]
        let end = images.count + images.heldOut
        for start in stride(from: images.count, to: end, by: 32) {
            let part = start..<min(start + 32, end)
            for (image, labels) in zip(part, judge.labels(of: images.tensor(part, device: device))) {
                for (index, group) in set.groups.enumerated() {
                    guard let truth = set.truth[image][index], let answer = labels[group.name] else {
                        continue
                    }
                    found[group.name, default: [:]][group.labels[truth], default: [:]][
                        answer.name, default: 0] += 1
                }
            }
        }
        return found
    }

    /// The share of right answers of each group.
    static func shares(_ confusion: [String: [String: [String: Int]]]) -> [String: Double] {
        confusion.mapValues { group in
            let right = group.reduce(0) { $0 + ($1.value[$1.key] ?? 0) }
            let all = group.reduce(0) { $0 + $1.value.values.reduce(0, +) }
            return Double(right) / Double(max(all, 1))
        }
    }

    func showSamples(step: Int) throws {
        let shares = Self.shares(try confusion()).sorted { $0.key < $1.key }
        let parts = shares.map { "\($0.key) \(String(format: "%.1f", $0.value * 100))" }
        control.report(.message("labels, held-out pictures, % right: " + parts.joined(separator: ", ")))
    }
}
