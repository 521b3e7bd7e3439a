import Foundation
import Layers
import Networks
import Perception
import Prompts
import StillLifeStudy
import Tensors

/// Two towers learn to bring images and their captions together.
final class CLIPStage: TrainingStage {
    let name = "clip"
    let parameters: ParameterSet
    let shape: CLIPConfiguration
    let tokenizer: Tokenizer
    /// Images reach the tower in -1…1.
    let normalisation = ImageNormalisation()
    private let configuration: TrainingConfiguration
    private let images: ImageSet
    private let tokens: CaptionTokens
    private let network: CLIPModel
    private let device: Device
    private let dtype: DType
    private let randomness: Randomness
    private let order: ImageOrder
    private let control: TrainingControl

    init(
        _ configuration: TrainingConfiguration, images: ImageSet, device: Device, control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.images = images
        self.device = device
        self.control = control
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        order = ImageOrder(randomness, repeats: images.repeats)
        let section = configuration.clip
        tokenizer = try Tokenizer(folder: section.tokenizer)
        tokens = CaptionTokens(tokenizer, captions: images.captions)
        var shape = CLIPConfiguration()
        shape.projection = section.projection
        shape.image.imageSize = configuration.data.size
        shape.image.patchSize = section.patch
        shape.image.hiddenSize = section.visionWidth
        shape.image.intermediateSize = section.visionWidth * 4
        shape.image.layers = section.visionLayers
        shape.image.heads = section.visionHeads
        shape.text.vocabularySize = tokenizer.vocabularySize
        shape.text.hiddenSize = section.textWidth
        shape.text.intermediateSize = section.textWidth * 4
        shape.text.layers = section.textLayers
        shape.text.heads = section.textHeads
        shape.text.contextLength = tokenizer.contextLength
        shape.text.endTokenId = tokenizer.endToken
        self.shape = shape
        var builder = NetworkBuilder(device: device, precision: dtype)
        network = try builder.build("clip", seed: randomness.seed(.networkWeights, 1)) {
            try CLIPModel($0, shape)
        }
        parameters = builder.parameters(
            weightDecay: section.weightDecay, averageDecay: section.averageDecay)
    }

    var steps: Int { configuration.clip.steps }
    var batch: Int { configuration.clip.batch }
    var pace: LearningRateSchedule {
        let section = configuration.clip
        return LearningRateSchedule(
            learningRate: section.learningRate, warmup: section.warmup, finalShare: 0.02,
            gradientClip: section.gradientClip)
    }
    var settings: [String: String] {
        configuration.commonSettings(data: images.fingerprint)
            .merging(configuration.clip.architecture) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let chosen = order.batch(step: step, size: batch)
        var draws = randomness.draws(.captions, step)
        let ids = tokens.drawn(for: chosen, emptyShare: 0, draws: &draws, device: device)
        let shown = withoutGradients {
            var draws = randomness.draws(.degradation, step)
            let random = RandomGenerator(seed: randomness.seed(.degradationNoise, step), device: device)
            let worse = Degradation(share: 0.15)(
                images.tensor(chosen, device: device), draws: &draws, random: random)
            return normalisation(worse).to(dtype: dtype)
        }
        return CLIPLoss()(
            network.embed(images: shown), network.embed(tokens: ids), logitScale: network.logitScale,
            captions: Self.names(of: ids))
    }

    /// A number for each caption, the same for equal ones.
    private static func names(of ids: Tensor) -> [Int] {
        let (rows, length) = (ids.shape[0], ids.shape[1])
        let numbers = ids.scalars(as: Int64.self)
        var known: [ArraySlice<Int64>: Int] = [:]
        return (0..<rows).map { row in
            let caption = numbers[(row * length)..<((row + 1) * length)]
            if let name = known[caption] { return name }
            known[caption] = known.count
            return known.count - 1
        }
    }

    /// The pair with the averaged weights.
    func averaged() throws -> CLIPModel {
        let weights = Dictionary(uniqueKeysWithValues: parameters.averages(of: "clip"))
        return try withoutGradients { try CLIPModel(WeightStore(tensors: weights).weights, shape) }
    }

    /// Among batches of so many held-out pairs: how often the nearest text of an image is its own caption, and back.
    ///
    /// Equal captions count as one's own.
    func retrieval(of group: Int = 64) throws -> (texts: Double, images: Double, cosine: Double) {
        let network = try averaged()
        var (texts, found, cosines, total) = (0, 0, 0.0, 0)
        let end = images.count + images.heldOut
        for start in stride(from: images.count, to: end, by: group) {
            let part = Array(start..<min(start + group, end))
            let captions = part.map { images.captions[$0][0] }
            let similarity = withoutGradients { () -> [Double] in
                let seen = network.embed(images: normalisation(images.tensor(part, device: device)))
                let read = network.embed(tokens: tokens.tensor(captions, device: device))
                return seen.matmul(read.transposed(0, 1)).scalars(as: Double.self)
            }
            let count = part.count
            for row in 0..<count {
                let across = (0..<count).max { similarity[row * count + $0] < similarity[row * count + $1] }
                let down = (0..<count).max { similarity[$0 * count + row] < similarity[$1 * count + row] }
                texts += captions[across ?? 0] == captions[row] ? 1 : 0
                found += captions[down ?? 0] == captions[row] ? 1 : 0
                cosines += similarity[row * count + row]
            }
            total += count
        }
        let share = 1 / Double(max(total, 1))
        return (Double(texts) * share, Double(found) * share, cosines * share)
    }

    func showSamples(step: Int) throws {
        let found = try retrieval()
        control.report(
            .message(
                String(
                    format: "clip, held out: of 64, %.1f %% texts and %.1f %% pictures found; cosine %.3f",
                    found.texts * 100, found.images * 100, found.cosine)))
    }
}

/// The symmetric contrastive loss of CLIP, in which equal captions do not count against each other.
///
/// Radford and others 2021, figure 3: cross entropies of the rows and of the columns of e^s·⟨imageᵢ, textⱼ⟩ against the
/// diagonal. Where two images have one caption, neither is a wrong answer to it: such places are left out.
struct CLIPLoss {
    /// Largest factor of the cosines.
    static let mostScale = 100.0

    /// - Parameter captions: a number for each pair, the same for equal captions.
    func callAsFunction(
        _ images: Tensor, _ texts: Tensor, logitScale: Tensor, captions: [Int]
    ) -> Tensor {
        let scale = logitScale.to(dtype: .float32).exp.clamped(nil, Self.mostScale)
        let count = captions.count
        var hidden = [Float](repeating: 0, count: count * count)
        var own = hidden
        for row in 0..<count {
            own[row * count + row] = 1
            for column in 0..<count where column != row && captions[row] == captions[column] {
                hidden[row * count + column] = -1e4
            }
        }
        func square(_ values: [Float]) -> Tensor {
            Tensor(values, shape: [count, count]).to(device: images.device)
        }
        let scores =
            images.to(dtype: .float32).matmul(texts.to(dtype: .float32).transposed(0, 1)) * scale
            + square(hidden)
        let likelihood = scores.logSoftmax(1) + scores.logSoftmax(0)
        return (likelihood * square(own)).sum * (-0.5 / Double(count))
    }
}
