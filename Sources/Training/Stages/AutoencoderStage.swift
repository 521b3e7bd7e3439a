import Diffusion
import Foundation
import Imaging
import Layers
import Networks
import Tensors

/// The first stage: an autoencoder learns to bring crops through few numbers.
final class AutoencoderStage: TrainingStage {
    let name = "autoencoder"
    let parameters: ParameterSet
    let autoencoderConfiguration: AutoencoderConfiguration
    private let configuration: TrainingConfiguration
    private let images: ImageSet
    private let autoencoder: Autoencoder
    private let device: Device
    private let dtype: DType
    private let randomness: Randomness
    private let order: ImageOrder
    /// What the teacher makes of whole images; nil without one.
    private let teacher: LatentSet?
    private let sampleFolder: String
    private let control: TrainingControl

    init(
        _ configuration: TrainingConfiguration, images: ImageSet, device: Device, work: String,
        control: TrainingControl
    ) throws {
        self.configuration = configuration
        self.images = images
        self.device = device
        self.control = control
        sampleFolder = work + "/samples"
        dtype = configuration.precision.dtype
        randomness = Randomness(seed: configuration.seed)
        // Its own shuffles: the second stage has others.
        order = ImageOrder(Randomness(seed: randomness.seed(.crops, 0)), count: images.count)
        let shape = Self.shape(configuration)
        autoencoderConfiguration = shape
        let folder = configuration.autoencoder.teacher
        teacher =
            folder.isEmpty
            ? nil
            : try Teacher(folder: folder, of: shape, device: device).latents(
                of: images, in: work, control: control)
        let start = configuration.autoencoder.start
        let predecessor = start.isEmpty ? nil : try PretrainedWeights(folder: start, part: .autoencoder)
        var builder = NetworkBuilder(device: device, precision: dtype)
        let latents = shape.latentChannels
        autoencoder = try builder.build(
            "vae", seed: randomness.seed(.autoencoderWeights, 0),
            adjust: { name, tensor in
                var fresh = tensor
                if name == "quant_conv.bias" {
                    // Posteriors begin narrow (ln σ² = -6): under the noise of σ = 1 little is learned for a long time.
                    fresh = .concatenated([tensor.narrowed(0, from: 0, count: latents), .full([latents], -6)])
                }
                return predecessor?.value(of: name, in: fresh, halves: Self.halves[name] ?? []) ?? fresh
            }
        ) { try Autoencoder($0, shape) }
        // The average is short: it smooths the last few hundred steps.
        parameters = builder.parameters(
            weightDecay: configuration.autoencoder.weightDecay, averageDecay: Self.averageDecay)
    }

    /// The dimensions that hold the posteriors' means and then their log variances.
    private static let halves = [
        "encoder.conv_out.weight": [0], "encoder.conv_out.bias": [0], "quant_conv.weight": [0, 1],
        "quant_conv.bias": [0],
    ]
    static let averageDecay = 0.995
    static let finalShare = 0.02

    /// The network's shape; the scaling factor is measured later.
    static func shape(_ configuration: TrainingConfiguration) -> AutoencoderConfiguration {
        var shape = AutoencoderConfiguration()
        shape.latentChannels = configuration.autoencoder.latentChannels
        shape.blockOutChannels = configuration.autoencoder.channels
        shape.layersPerBlock = configuration.autoencoder.layersPerBlock
        shape.normNumGroups = configuration.autoencoder.normGroups
        shape.scalingFactor = 1
        shape.sampleSize = configuration.data.size
        return shape
    }

    var steps: Int { configuration.autoencoder.steps }
    var batch: Int { configuration.autoencoder.batch }
    var pace: LearningRateSchedule {
        let section = configuration.autoencoder
        return LearningRateSchedule(
            learningRate: section.learningRate, warmup: section.warmup, finalShare: Self.finalShare,
            gradientClip: section.gradientClip)
    }
    var settings: [String: String] {
        configuration.commonSettings(data: images.fingerprint)
            .merging(configuration.autoencoder.architecture) { $1 }
    }

    func loss(step: Int) -> Tensor {
        let side = configuration.autoencoder.cropSize
        var draws = randomness.draws(.crops, step)
        // A teacher has seen whole images: its latents have places every few pixels only.
        let grid = teacher == nil ? 1 : configuration.autoencoder.factor
        let room = (images.size - side) / grid + 1
        let places = order.batch(step: step, size: batch).map {
            (image: $0, x: draws.below(room) * grid, y: draws.below(room) * grid)
        }
        let input = images.tensor(crops: places, side: side, device: device).to(dtype: dtype)
        let (mean, logVariance) = autoencoder.encode(input)
        let noise = RandomGenerator(seed: randomness.seed(.encode, step), device: device)
            .normal(mean.shape).like(mean)
        let output = autoencoder.decode(mean + (logVariance * 0.5).exp * noise)
        let loss = AutoencoderLoss(configuration.autoencoder)(
            output, input, mean: mean, logVariance: logVariance)
        guard let teacher else { return loss }
        let distance = mean.to(dtype: .float32) - lesson(teacher, places, side: side / grid, grid: grid)
        return loss + distance.squared.mean * configuration.autoencoder.teacherWeight
    }

    /// The teacher's latents of crops, [crops, latentChannels, side, side].
    private func lesson(
        _ teacher: LatentSet, _ places: [(image: Int, x: Int, y: Int)], side: Int, grid: Int
    ) -> Tensor {
        let whole = teacher.plain(places.map(\.image), device: device)
        return .concatenated(
            places.enumerated().map { row, place in
                whole.narrowed(0, from: row, count: 1)
                    .narrowed(2, from: place.y / grid, count: side)
                    .narrowed(3, from: place.x / grid, count: side)
            })
    }

    /// The trained autoencoder, with the averaged weights.
    func averaged() throws -> Autoencoder {
        let weights = Dictionary(uniqueKeysWithValues: parameters.averages(of: "vae"))
        return try Autoencoder(WeightStore(tensors: weights).weights, autoencoderConfiguration)
    }

    /// Held-out images above what comes back of them.
    func showSamples(step: Int) throws {
        let autoencoder = try averaged()
        let indices = images.count..<(images.count + min(8, images.heldOut))
        let input = images.tensor(indices, device: device)
        let output = withoutGradients { autoencoder.decode(autoencoder.encode(input).mean) }
        let cells = [input, output].map { $0.separateRows.map { ContactSheet.Cell(Image($0)) } }
        try writeSheet(
            ContactSheet(rows: cells, gap: 2), to: "\(sampleFolder)/autoencoder-\(step)", control: control)
        let quality = reconstructionQuality(of: autoencoder, on: images, device: device, most: 64)
        control.report(.message("autoencoder: \(String(format: "%.2f", quality)) dB on held-out pictures"))
    }
}

/// Mean peak signal-to-noise ratio, in dB, of held-out images after encoding (posterior mean) and decoding.
///
/// Per image 10·log₁₀(1 / mean squared difference of values in 0…1), then the mean over images.
func reconstructionQuality(
    of autoencoder: Autoencoder, on images: ImageSet, device: Device, most: Int = .max
) -> Double {
    let indices = Array(images.count..<(images.count + min(most, images.heldOut)))
    var sum = 0.0
    for start in stride(from: 0, to: indices.count, by: 32) {
        let part = indices[start..<min(start + 32, indices.count)]
        let input = images.tensor(part, device: device)
        let squares = withoutGradients {
            let output = autoencoder.decode(autoencoder.encode(input).mean).clamped(-1, 1)
            return ((output - input) * 0.5).squared.mean([1, 2, 3])
        }
        sum += squares.scalars(as: Double.self).reduce(0) { $0 - 10 * log10(max($1, 1e-10)) }
    }
    return sum / Double(indices.count)
}

/// What an autoencoder is trained to make small: differences of pixels, of their neighbours, of smaller versions, and
/// the distance of its latents from a standard normal.
struct AutoencoderLoss {
    private let section: AutoencoderSection

    init(_ section: AutoencoderSection) { self.section = section }

    func callAsFunction(_ output: Tensor, _ input: Tensor, mean: Tensor, logVariance: Tensor) -> Tensor {
        let difference = (output - input).to(dtype: .float32)
        var loss = size(difference)
        if section.gradientWeight > 0 {
            let (_, _, height, width) = difference.shape4
            let across =
                difference.narrowed(3, from: 1, count: width - 1)
                - difference.narrowed(3, from: 0, count: width - 1)
            let down =
                difference.narrowed(2, from: 1, count: height - 1)
                - difference.narrowed(2, from: 0, count: height - 1)
            loss += (size(across) + size(down)) * section.gradientWeight
        }
        if section.multiScaleWeight > 0 {
            let half = difference.averagePooled(2)
            loss += (size(half) + size(half.averagePooled(2))) * section.multiScaleWeight
        }
        // KL(N(μ, σ²) ‖ N(0, 1)) = ½(μ² + σ² - 1 - ln σ²)
        let (mean, logVariance) = (mean.to(dtype: .float32), logVariance.to(dtype: .float32))
        let divergence = (mean.squared + logVariance.exp - 1.0 - logVariance).mean * 0.5
        return loss + divergence * section.klWeight
    }

    private func size(_ difference: Tensor) -> Tensor {
        section.loss == .absolute ? difference.absolute.mean : difference.squared.mean
    }
}
