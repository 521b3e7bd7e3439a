import Foundation
import Judging
import Layers
import Networks
import Prompts
import Tensors

/// Two towers learn to bring pictures and their captions together.
final class PairStage: TrainingStage {
    let name = "clip"
    let parameters: ParameterSet
    let shape: PairConfiguration
    let tokenizer: Tokenizer
    /// Pictures reach the tower in -1…1.
    let normalisation = PictureNormalisation()
    private let configuration: TrainingConfiguration
    private let pictures: PictureSet
    private let tokens: CaptionTokens
    private let network: PairNetwork
    private let device: Device
    private let dtype: DType
    private let randomness: Randomness
    private let order: PictureOrder
    private let control: TrainingControl

    init(
        _ configuration: TrainingConfiguration, pictures: PictureSet, device: Device, control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.pictures = pictures
        self.device = device
        self.control = control
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        order = PictureOrder(randomness, repeats: pictures.repeats)
        let section = configuration.clip
        tokenizer = try Tokenizer(folder: section.tokenizer)
        tokens = CaptionTokens(tokenizer, captions: pictures.captions)
        var shape = PairConfiguration()
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
            try PairNetwork($0, shape)
        }
        parameters = builder.parameters(
            weightDecay: section.weightDecay, averageDecay: section.averageDecay)
    }

    var steps: Int { configuration.clip.steps }
    var batch: Int { configuration.clip.batch }
    var pace: Pace {
        let section = configuration.clip
        return Pace(
            learningRate: section.learningRate, warmup: section.warmup, finalShare: 0.02,
            gradientClip: section.gradientClip)
    }
    var settings: [String: String] {
        configuration.commonSettings(data: pictures.fingerprint)
            .merging(configuration.clip.architecture) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let chosen = order.batch(step: step, size: batch)
        var draws = randomness.draws(.captions, step)
        let ids = tokens.drawn(for: chosen, emptyShare: 0, draws: &draws, device: device)
        let shown = withoutGradients {
            var draws = randomness.draws(.degradation, step)
            let random = RandomGenerator(seed: randomness.seed(.degradationNoise, step))
            let worse = Degradation(share: 0.15)(
                pictures.tensor(chosen, device: device), draws: &draws, random: random)
            return normalisation(worse).to(dtype: dtype)
        }
        return PairLoss()(
            network.embed(pictures: shown), network.embed(tokens: ids), logitScale: network.logitScale,
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
    func averaged() throws -> PairNetwork {
        let weights = Dictionary(uniqueKeysWithValues: parameters.averages(of: "clip"))
        return try withoutGradients { try PairNetwork(WeightStore(tensors: weights).weights, shape) }
    }

    /// Among batches of so many held-out pairs: how often the nearest text of a picture is its own caption, and back.
    ///
    /// Equal captions count as one's own.
    func retrieval(of group: Int = 64) throws -> (texts: Double, pictures: Double, cosine: Double) {
        let network = try averaged()
        var (texts, found, cosines, total) = (0, 0, 0.0, 0)
        let end = pictures.count + pictures.heldOut
        for start in stride(from: pictures.count, to: end, by: group) {
            let part = Array(start..<min(start + group, end))
            let captions = part.map { pictures.captions[$0][0] }
            let similarity = withoutGradients { () -> [Double] in
                let seen = network.embed(pictures: normalisation(pictures.tensor(part, device: device)))
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
                    found.texts * 100, found.pictures * 100, found.cosine)))
    }
}

/// The symmetric contrastive loss of CLIP, in which equal captions do not count against each other.
///
/// Radford and others 2021, figure 3: cross entropies of the rows and of the columns of e^s·⟨pictureᵢ, textⱼ⟩ against
/// the diagonal. Where two pictures have one caption, neither is a wrong answer to it: such places are left out.
struct PairLoss {
    /// Largest factor of the cosines.
    static let mostScale = 100.0

    /// - Parameter captions: a number for each pair, the same for equal captions.
    func callAsFunction(
        _ pictures: Tensor, _ texts: Tensor, logitScale: Tensor, captions: [Int]
    ) -> Tensor {
        let scale = logitScale.to(dtype: .float32).exponential.clamped(nil, Self.mostScale)
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
            Tensor(values, shape: [count, count]).to(device: pictures.device)
        }
        let scores =
            pictures.to(dtype: .float32).matmul(texts.to(dtype: .float32).transposed(0, 1)) * scale
            + square(hidden)
        let likelihood = scores.logSoftmax(1) + scores.logSoftmax(0)
        return (likelihood * square(own)).sum * (-0.5 / Double(count))
    }
}
