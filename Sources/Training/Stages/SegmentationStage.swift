import Foundation
import Layers
import Networks
import Perception
import Prompts
import StillLife
import StillLifeStudy
import Tensors

/// A network learns where still lifes show what texts say, from a pair of towers and the renderer's masks.
///
/// Lüddecke and Ecker, "Image segmentation using text and image prompts", CVPR 2022, but for what is trained: both towers
/// learn on, the image's with smaller patches, because images of a few dozen pixels leave the pair's too few places.
final class SegmentationStage: TrainingStage {
    let name = "clipseg"
    let parameters: ParameterSet
    let shape: CLIPSegConfiguration
    let tokenizer: Tokenizer
    let normalisation: ImageNormalisation
    private let configuration: TrainingConfiguration
    private let images: SegmentationImages
    private let network: CLIPSegModel
    /// Tells from a patch's embedding what the patch shows; it goes when training ends.
    private let kinds: Linear
    private let device: Device
    private let dtype: DType
    private let randomness: Randomness
    private let order: ImageOrder
    private let control: TrainingControl

    init(
        _ configuration: TrainingConfiguration, images: SegmentationImages, device: Device,
        control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.images = images
        self.device = device
        self.control = control
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        order = ImageOrder(randomness, count: images.images.count)
        let section = configuration.clipseg
        let pair = try TowerPair(folder: section.pair)
        tokenizer = pair.tokenizer
        normalisation = pair.normalisation
        let shape = try Self.shape(section, size: configuration.data.size, pair: pair.shape)
        self.shape = shape
        var builder = NetworkBuilder(device: device, precision: dtype)
        network = try builder.build(
            "clipseg", seed: randomness.seed(.networkWeights, 0),
            adjust: { try pair.value(of: $0, in: $1) }
        ) { try CLIPSegModel($0, shape) }
        kinds = try builder.build("kinds", seed: randomness.seed(.networkWeights, 1)) {
            try Linear($0["patches"], shape.clip.image.hiddenSize, SegmentationImages.classes)
        }
        parameters = builder.parameters(
            weightDecay: section.weightDecay, averageDecay: section.averageDecay)
    }

    private static func shape(
        _ section: ClipsegSection, size: Int, pair: CLIPConfiguration
    ) throws -> CLIPSegConfiguration {
        let known = pair.image.patchSize
        guard known % section.patch == 0 else {
            throw TrainingError.invalidValue(
                key: "clipseg.patch", value: "\(section.patch)",
                reason: "a divisor of \(known), which the patches of \(section.pair) have a side")
        }
        guard section.extractLayers.allSatisfy({ $0 < pair.image.layers }) else {
            throw TrainingError.invalidValue(
                key: "clipseg.extractLayers", value: "\(section.extractLayers)",
                reason: "below \(pair.image.layers), the layers of \(section.pair)")
        }
        var shape = CLIPSegConfiguration()
        shape.clip = pair
        shape.clip.image.imageSize = size
        shape.clip.image.patchSize = section.patch
        shape.extractLayers = section.extractLayers
        shape.reducedWidth = section.decoderWidth
        shape.decoderHeads = section.decoderHeads
        shape.decoderIntermediateSize = section.decoderInner
        return shape
    }

    var steps: Int { configuration.clipseg.steps }
    var batch: Int { configuration.clipseg.batch }
    var pace: LearningRateSchedule {
        let section = configuration.clipseg
        return LearningRateSchedule(
            learningRate: section.learningRate, warmup: section.warmup, finalShare: 0.02,
            gradientClip: section.gradientClip)
    }
    var settings: [String: String] {
        configuration.commonSettings(data: images.images.fingerprint)
            .merging(configuration.clipseg.architecture) { $1 }
            .merging(["roundTrips": images.roundTrips?.fingerprint ?? "none"]) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let section = configuration.clipseg
        let chosen = order.batch(step: step, size: batch)
        var generator = SeededGenerator(seed: randomness.seed(.texts, step))
        let texts = chosen.map { index in
            let scene = images.scene(index)
            // The first is of something that is there, so that every image teaches a shape.
            return [scene.presentObject(with: &generator)]
                + (1..<section.texts).map { _ in scene.askedText(with: &generator) }
        }
        var draws = randomness.draws(.degradation, step)
        let flipped = draws.unit() < 0.5
        let (input, truth, shares) = withoutGradients { () -> (Tensor, Tensor, Tensor) in
            let shown = images.images.tensor(chosen, device: device)
                .mixed(
                    with: images.roundTrips?.tensor(chosen, device: device), share: section.roundTrips,
                    draws: &draws)
            let random = RandomGenerator(seed: randomness.seed(.degradationNoise, step), device: device)
            let worse = Degradation(share: section.degraded)(shown, draws: &draws, random: random)
            func turned(_ images: Tensor, _ dimension: Int) -> Tensor {
                flipped ? images.flipped(dimension) : images
            }
            return (
                normalisation(turned(worse, 3)).to(dtype: dtype),
                turned(images.truth(chosen, texts, device: device), 2),
                turned(images.classShares(chosen, patch: section.patch, device: device), 3)
            )
        }
        let read = network.features(of: tokens(texts.joined().map(\.text)))
        let seen = network.encode(input)
        let logits = network(seen, textsPerImage: section.texts, texts: read)
        let loss = SegmentationLoss(diceWeight: section.diceWeight)(logits.to(dtype: .float32), truth)
        return loss + PatchLoss()(kinds(seen.patches).to(dtype: .float32), shares) * section.kindWeight
    }

    /// Texts as int64 [B, L], as long as the longest of them: what stands behind a text's end never counts.
    private func tokens(_ texts: [String]) -> Tensor {
        let ids = texts.map { tokenizer.encode($0).ids }
        let length = ids.map { ($0.firstIndex(of: tokenizer.endToken) ?? $0.count - 1) + 1 }.max() ?? 1
        return Tensor(
            ids.flatMap { $0.prefix(length).map(Int64.init) }, shape: [texts.count, length]
        ).to(device: device)
    }

    /// The network with the averaged weights.
    func averaged() throws -> CLIPSeg {
        let weights = Dictionary(uniqueKeysWithValues: parameters.averages(of: name))
        let network = try withoutGradients { try CLIPSegModel(WeightStore(tensors: weights).weights, shape) }
        return CLIPSeg(network, tokenizer: tokenizer, normalisation: normalisation, device: device)
    }

    /// How well things are found in so many held-out images, as rendered and as they come back.
    func accuracies(of count: Int = .max) throws -> [String: RelevanceAccuracy] {
        let network = try averaged()
        var found = [
            "renders": try RelevanceAccuracy(
                of: network, on: images.heldOut(count, afterRoundTrip: false))
        ]
        if images.roundTrips != nil {
            found["round trips"] = try RelevanceAccuracy(
                of: network, on: images.heldOut(count, afterRoundTrip: true))
        }
        return found
    }

    func showSamples(step: Int) throws {
        for (name, accuracy) in try accuracies(of: 96).sorted(by: { $0.key < $1.key }) {
            control.report(.message("clipseg, held-out \(name): \(accuracy)"))
        }
    }
}
