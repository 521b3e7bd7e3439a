import Diffusion
import Layers
import Networks
import Prompts
import Tensors

/// The second stage: text encoder and UNet learn together to tell noise from latents.
final class DiffusionStage: DenoisingStage {
    let name = "diffusion"
    let parameters: ParameterSet
    let unetConfiguration: UNetConfiguration
    let textConfiguration: TextEncoderConfiguration
    let tokens: CaptionTokens
    let configuration: TrainingConfiguration
    let images: ImageSet
    let latents: LatentSet
    let autoencoder: Autoencoder
    let device: Device
    let randomness: Randomness
    let sampleFolder: String
    let control: TrainingControl
    let objective: DenoisingLoss
    private let unet: UNet
    private let text: TextEncoder
    /// The text encoder's weights where it is not trained.
    private let frozenText: WeightStore?
    let dtype: DType
    private let order: ImageOrder

    init(
        _ configuration: TrainingConfiguration, images: ImageSet, latents: LatentSet,
        autoencoder: Autoencoder,
        device: Device, sampleFolder: String, control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.images = images
        self.latents = latents
        self.autoencoder = autoencoder
        self.device = device
        self.sampleFolder = sampleFolder
        self.control = control
        let section = configuration.diffusion
        objective = DenoisingLoss(section)
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        order = ImageOrder(randomness, repeats: images.repeats)
        let start =
            section.start.isEmpty
            ? nil : try StartingPoint(folder: section.start, contextLength: section.contextLength)
        let frozen =
            section.frozenText.isEmpty
            ? nil : try FrozenText(folder: section.frozenText, contextLength: section.contextLength)
        frozenText = frozen?.store
        let tokenizer =
            try start?.tokenizer ?? frozen?.tokenizer
            ?? CaptionTokens.learned(
                from: images.captions, vocabulary: section.vocabulary, contextLength: section.contextLength)
        tokens = CaptionTokens(tokenizer, captions: images.captions)

        let unetShape = UNetConfiguration(section, latent: latents.shape)
        unetConfiguration = unetShape
        let textShape = TextEncoderConfiguration(section, tokenizer)
        textConfiguration = textShape

        var builder = NetworkBuilder(device: device, precision: dtype)
        let channelsLast = section.channelsLast
        unet = try builder.build(
            "unet", seed: randomness.seed(.unetWeights, 0),
            adjust: { name, tensor in
                // Nothing is predicted at first: the loss begins at the noise's own variance. And channels that
                // the predecessor did not have say nothing at first.
                let silent = name.hasPrefix("conv_out.") || (start != nil && name == "conv_in.weight")
                let fresh = silent ? tensor.zerosLike : tensor
                let value = start?.unet.value(of: name, in: fresh) ?? fresh
                return channelsLast && value.rank == 4 ? value.channelsLast : value
            }
        ) { try UNet($0, unetShape) }
        if let frozen {
            text = try TextEncoder(frozen.store.weights, textShape)
        } else {
            text = try builder.build(
                "text", seed: randomness.seed(.textWeights, 0),
                adjust: { start?.text.value(of: $0, in: $1) ?? $1 }
            ) { try TextEncoder($0, textShape) }
        }
        parameters = builder.parameters(weightDecay: section.weightDecay, averageDecay: section.averageDecay)
    }

    /// What was measured on the way to the latents.
    var measures: LatentSet.Measures { latents.measures }

    var section: any DenoisingSection { configuration.diffusion }
    var settings: [String: String] {
        configuration.commonSettings(data: images.fingerprint)
            .merging(configuration.diffusion.architecture) { $1 }
            .merging(["latents": latents.fingerprint]) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let chosen = order.batch(step: step, size: batch)
        var draws = randomness.draws(.captions, step)
        let ids = tokens.drawn(
            for: chosen, emptyShare: configuration.diffusion.emptyCaptions, draws: &draws, device: device)
        return loss(of: latents.scaled(chosen, device: device), step: step) { noisy, timesteps in
            unet(
                noisy, timesteps: timesteps, context: PromptContext(embedding: text(ids).lastHiddenState))
        }
    }

    /// The text encoder's weights by name: averaged, or as they were taken.
    var textWeights: [(name: String, tensor: Tensor)] {
        frozenText?.parameters ?? parameters.averages(of: "text")
    }

    /// UNet and text encoder with the averaged weights, in float32.
    func averaged() throws -> (unet: UNet, text: TextEncoder) {
        func weights(_ tensors: [(name: String, tensor: Tensor)]) -> Weights {
            WeightStore(tensors: Dictionary(uniqueKeysWithValues: tensors)).weights
        }
        return (
            try UNet(weights(parameters.averages(of: "unet")), unetConfiguration),
            try TextEncoder(weights(textWeights), textConfiguration)
        )
    }
}

extension UNetConfiguration {
    /// The UNet of a trainer's section for latents of a shape [C, h, w].
    fileprivate init(_ section: DiffusionSection, latent shape: [Int]) {
        self.init()
        inChannels = shape[0]
        outChannels = shape[0]
        sampleSize = shape[1]
        blockOutChannels = section.channels
        downAttends = section.attention
        upAttends = section.attention.reversed()
        layersPerBlock = section.channels.map { _ in section.layersPerBlock }
        crossAttentionDim = section.textWidth
        heads = section.heads
        useLinearProjection = true
        normNumGroups = section.normGroups
    }
}

extension TextEncoderConfiguration {
    /// The text encoder of a trainer's section for the tokens of a tokenizer.
    fileprivate init(_ section: DiffusionSection, _ tokenizer: Tokenizer) {
        self.init()
        vocabularySize = tokenizer.vocabularySize
        hiddenSize = section.textWidth
        intermediateSize = section.textWidth * 4
        layers = section.textLayers
        heads = section.textHeads
        contextLength = section.contextLength
        endTokenId = tokenizer.endToken
    }
}
