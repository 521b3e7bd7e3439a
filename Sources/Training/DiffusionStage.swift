import Foundation
import Layers
import Networks
import Prompts
import Tensors

/// The second stage: text encoder and UNet learn together to tell noise from latents.
final class DiffusionStage: TrainingStage {
    let name = "diffusion"
    let parameters: ParameterSet
    let unetConfiguration: UNetConfiguration
    let textConfiguration: TextEncoderConfiguration
    let tokens: CaptionTokens
    private let configuration: TrainingConfiguration
    private let pictures: PictureSet
    private let latents: LatentSet
    private let autoencoder: Autoencoder
    private let unet: UNet
    private let text: TextEncoder
    private let device: Device
    private let dtype: DType
    private let randomness: Randomness
    private let order: PictureOrder
    private let noiseLevels = NoiseLevels()
    private let sampleFolder: String
    private let control: TrainingControl

    init(
        _ configuration: TrainingConfiguration, pictures: PictureSet, latents: LatentSet, autoencoder: Autoencoder,
        device: Device, sampleFolder: String, control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.pictures = pictures
        self.latents = latents
        self.autoencoder = autoencoder
        self.device = device
        self.sampleFolder = sampleFolder
        self.control = control
        let section = configuration.diffusion
        dtype = configuration.precision == .bfloat16 ? .bfloat16 : .float32
        randomness = Randomness(seed: configuration.seed)
        order = PictureOrder(randomness, count: pictures.count)
        let tokenizer = try CaptionTokens.learned(
            from: pictures.captions, vocabulary: section.vocabulary, contextLength: section.contextLength)
        tokens = CaptionTokens(tokenizer, captions: pictures.captions)

        var unetShape = UNetConfiguration()
        unetShape.inChannels = latents.shape[0]
        unetShape.outChannels = latents.shape[0]
        unetShape.sampleSize = latents.shape[1]
        unetShape.blockOutChannels = section.channels
        unetShape.downAttends = section.attention
        unetShape.upAttends = section.attention.reversed()
        unetShape.layersPerBlock = section.channels.map { _ in section.layersPerBlock }
        unetShape.crossAttentionDim = section.textWidth
        unetShape.heads = section.heads
        unetShape.useLinearProjection = true
        unetShape.normNumGroups = section.normGroups
        unetConfiguration = unetShape

        var textShape = TextEncoderConfiguration()
        textShape.vocabularySize = tokenizer.vocabularySize
        textShape.hiddenSize = section.textWidth
        textShape.intermediateSize = section.textWidth * 4
        textShape.layers = section.textLayers
        textShape.heads = section.textHeads
        textShape.contextLength = section.contextLength
        textShape.endTokenId = tokenizer.endToken
        textConfiguration = textShape

        var builder = NetworkBuilder(device: device, precision: dtype)
        let channelsLast = section.channelsLast
        unet = try builder.build(
            "unet", seed: randomness.seed(.unetWeights, 0),
            adjust: { name, tensor in
                // Nothing is predicted at first: the loss begins at the noise's own variance.
                let value = name.hasPrefix("conv_out.") ? tensor.zerosLike : tensor
                return channelsLast && value.rank == 4 ? value.channelsLast : value
            }
        ) { try UNet($0, unetShape) }
        text = try builder.build("text", seed: randomness.seed(.textWeights, 0)) { try TextEncoder($0, textShape) }
        parameters = builder.parameters(weightDecay: section.weightDecay, averageDecay: section.averageDecay)
    }

    /// What was measured on the way to the latents.
    var measures: LatentSet.Measures { latents.measures }

    var steps: Int { configuration.diffusion.steps }
    var batch: Int { configuration.diffusion.batch }
    var pace: Pace {
        let section = configuration.diffusion
        return Pace(
            learningRate: section.learningRate, warmup: section.warmup, finalShare: section.finalLearningRateShare,
            gradientClip: section.gradientClip)
    }
    var settings: [String: String] {
        [
            "seed": "\(configuration.seed)", "data": pictures.fingerprint,
            "precision": configuration.precision.rawValue,
        ]
    }

    func loss(step: Int) -> Tensor {
        let chosen = order.batch(step: step, size: batch)
        let clean = latents.scaled(chosen, device: device)
        let noise = RandomGenerator(seed: randomness.seed(.noise, step)).normal(clean.shape).to(device: device)
        // One level from each of `batch` equal parts of the range: every level as likely, with less scatter.
        var draws = randomness.draws(.timesteps, step)
        let levels = (0..<batch).map {
            min(Int((Double($0) + draws.unit()) / Double(batch) * Double(NoiseLevels.count)), NoiseLevels.count - 1)
        }
        var captionDraws = randomness.draws(.captions, step)
        let ids = tokens.drawn(
            for: chosen, emptyShare: configuration.diffusion.emptyCaptions, draws: &captionDraws, device: device)
        let noisy = noiseLevels.noisy(clean, noise, levels: levels).to(dtype: dtype)
        let predicted = unet(
            configuration.diffusion.channelsLast ? noisy.channelsLast : noisy,
            timesteps: Tensor(levels.map(Int64.init)).to(device: device),
            context: PromptContext(embedding: text(ids).lastHiddenState))
        let errors = (predicted.to(dtype: .float32) - noise).squared
        let gamma = configuration.diffusion.snrGamma
        return (errors * NoiseLevels.column(levels.map { noiseLevels.weight($0, gamma: gamma) }, like: errors)).mean
    }

    /// UNet and text encoder with the averaged weights, in float32.
    func averaged() throws -> (unet: UNet, text: TextEncoder) {
        func store(_ network: String) -> Weights {
            WeightStore(tensors: Dictionary(uniqueKeysWithValues: parameters.averages(of: network))).weights
        }
        return (try UNet(store("unet"), unetConfiguration), try TextEncoder(store("text"), textConfiguration))
    }

    /// Pictures for the configuration's prompts, always from the same noise.
    func showSamples(step: Int) throws {
        let prompts = configuration.samples.prompts
        guard !prompts.isEmpty else { return }
        let (unet, text) = try averaged()
        let noise = RandomGenerator(seed: randomness.seed(.samples, 0)).normal([prompts.count] + latents.shape)
        let decoded = withoutGradients {
            let context = unet.context(text(tokens.tensor(prompts, device: device)).lastHiddenState)
            let empty = unet.context(
                text(tokens.tensor(prompts.map { _ in "" }, device: device)).lastHiddenState)
            let final = sampled(noise.to(device: device), unet: unet, context: context, empty: empty)
            return autoencoder.decode(final * (1 / latents.measures.scalingFactor))
        }
        let columns = Int(Double(prompts.count).squareRoot().rounded(.up))
        try writeSheet(
            sheet(decoded.pictures(), columns: columns), to: "\(sampleFolder)/diffusion-\(step)", control: control)
    }

    /// DDIM from noise under classifier-free guidance (Ho and Salimans 2022): empty + g·(prompt - empty).
    private func sampled(_ noise: Tensor, unet: UNet, context: PromptContext, empty: PromptContext) -> Tensor {
        let guidance = configuration.samples.guidance
        let levels = noiseLevels.levels(steps: configuration.samples.ddimSteps)
        let both = PromptContext.concatenated([empty, context])
        var latents = noise
        let count = noise.shape[0]
        for (index, level) in levels.enumerated() {
            let timesteps = Tensor([Int64](repeating: Int64(level), count: count * 2)).to(device: device)
            let halves = unet(.concatenated([latents, latents]), timesteps: timesteps, context: both)
                .chunks(2, along: 0)
            let predicted = halves[0] + (halves[1] - halves[0]) * guidance
            let next = index + 1 < levels.count ? levels[index + 1] : level - NoiseLevels.count / levels.count
            latents = noiseLevels.moved(latents, noise: predicted, from: level, to: next)
        }
        return latents
    }
}
