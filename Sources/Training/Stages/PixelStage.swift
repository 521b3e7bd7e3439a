import Diffusion
import Imaging
import Layers
import Networks
import Tensors

/// A stage that trains an unconditional UNet in pixel space from nothing (Ho, Jain and Abbeel 2020).
final class PixelStage: DenoisingStage {
    let name = "pixels"
    let parameters: ParameterSet
    let shape: PixelUNetConfiguration
    let configuration: TrainingConfiguration
    let images: ImageSet
    let device: Device
    let randomness: Randomness
    let sampleFolder: String
    let control: TrainingControl
    let objective: DenoisingLoss
    let dtype: DType
    private let unet: PixelUNet
    private let order: ImageOrder

    init(
        _ configuration: TrainingConfiguration, images: ImageSet, device: Device, sampleFolder: String,
        control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.images = images
        self.device = device
        self.sampleFolder = sampleFolder
        self.control = control
        let section = configuration.pixels
        objective = DenoisingLoss(
            schedule: DenoisingLoss.pixelSchedule(), gamma: section.snrGamma, floor: section.snrFloor)
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        order = ImageOrder(randomness, repeats: images.repeats)
        let shape = PixelUNetConfiguration(section, side: configuration.data.size)
        self.shape = shape
        var builder = NetworkBuilder(device: device, precision: dtype)
        unet = try builder.build(
            Self.network, seed: randomness.seed(.unetWeights, 0),
            adjust: { name, tensor in
                // Nothing is predicted at first: the loss begins at the noise's own variance.
                let value = name.hasPrefix("conv_out.") ? tensor.zerosLike : tensor
                return section.channelsLast && value.rank == 4 ? value.channelsLast : value
            }
        ) { try PixelUNet($0, shape) }
        parameters = builder.parameters(weightDecay: section.weightDecay, averageDecay: section.averageDecay)
    }

    private static let network = "unet"

    var section: any DenoisingSection { configuration.pixels }
    var settings: [String: String] {
        configuration.commonSettings(data: images.fingerprint)
            .merging(configuration.pixels.architecture) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let clean = images.tensor(order.batch(step: step, size: batch), device: device)
        return loss(of: clean, step: step) { unet($0, timesteps: $1) }
    }

    /// The averaged weights by name.
    var weights: [(name: String, tensor: Tensor)] { parameters.averages(of: Self.network) }

    /// The averaged network as a model, in float32.
    func averagedModel() throws -> PixelModel {
        try PixelModel(
            weights: weights, shape, schedule: objective.schedule,
            facts: ModelFacts(name: name, fingerprint: Fingerprint.of(weights: weights), unet: shape),
            device: device)
    }

    /// The error of the averaged network on held-out images.
    func heldOutError() throws -> Double {
        let unet = try averagedModel().unet
        return heldOutError(of: images, clean: { images.tensor($0, device: device) }) { _ in
            { unet($0, timesteps: $1) }
        }
    }

    /// A sheet of images by DDIM, always from the same noise, by the averaged weights.
    func showSamples(step: Int) throws {
        try showSamples(step: step, heldOutError: try heldOutError()) {
            try sampled(by: DiffusionSession(model: averagedModel())).map { ContactSheet.Cell($0) }
        }
    }

    /// Samples by DDIM, all of them side by side.
    func sampled(by session: DiffusionSession) throws -> [Image] {
        let levels = try session.schedule.levels(steps: configuration.samples.ddimSteps)
        let noise = sampleNoise(
            configuration.pixels.samples, shape: [shape.inChannels, images.size, images.size])
        let nothing = Conditioning.unconditional()
        return try session.sample(
            noise, from: levels.steps, of: levels, prompts: noise.map { _ in nothing }
        ).map { try session.decode($0) }
    }
}

extension PixelUNetConfiguration {
    /// The network of a trainer's section for images of a side.
    fileprivate init(_ section: PixelsSection, side: Int) {
        self.init()
        sampleSize = side
        blockOutChannels = section.channels
        downBlocks = section.attention.map { $0 ? .attention : .plain }
        upBlocks = downBlocks.reversed()
        layersPerBlock = section.layersPerBlock
        headChannels = section.headChannels
        normNumGroups = section.normGroups
        // Without it the middle's attention would go without normalisation where the time scales and shifts.
        middleNormGroups = section.normGroups
        timeScales = section.timeScales
    }
}
