public import Imaging
import Networks
import Tensors

/// An image of what a job is painting, as far as that can be told before it is done.
public struct Preview: Sendable, Hashable {
    /// The predicted clean latent (x̂₀) as an image: of the size that is worked at, or of a pixel for each latent element.
    public var image: Image
    /// What is being done, such as "decoding".
    public var stage: String
    /// Steps of the stage that are done.
    public var step: Int
    /// Steps of the stage.
    public var of: Int
}

/// How often a job shows what it is painting.
public struct PreviewSettings: Sendable, Hashable {
    /// Seconds between two previews at least.
    public var interval: Double
    /// Share of the job's time that previews may take; beyond it the interval doubles.
    public var share: Double

    /// Settings; by default a preview every 0.7 seconds, for at most 2 % of the time.
    public init(interval: Double = 0.7, share: Double = 0.02) {
        self.interval = interval
        self.share = share
    }
}

/// Makes the previews of a job: when one is due, and of what.
final class Previewer {
    /// Up to so many pixels the decoder shows a latent; it would cost as much as a step of what is larger.
    static let mostDecoded = 256 * 256

    private var settings: PreviewSettings
    private let clock: ContinuousClock
    private var last: ContinuousClock.Instant
    private var spent = Duration.zero
    /// The image that was encoded first, and its latent, which colours are fitted to.
    private var seen: (image: Image, latent: Tensor)?
    private var colours: LatentColours?

    init(_ settings: PreviewSettings, clock: ContinuousClock = ContinuousClock()) {
        self.settings = settings
        self.clock = clock
        last = clock.now
    }

    /// Keeps what a latent looks like, for latents that are too large to be decoded.
    func encoded(_ image: Image, _ latent: Tensor) {
        if seen == nil { seen = (image, latent.detached) }
    }

    /// The image of a predicted clean latent where a preview is due; nil where none is, or none can be made.
    /// - Parameter elapsed: how long the job has taken.
    func image(of clean: @autoclosure () -> Tensor, by model: any DiffusionModel, elapsed: Duration) throws
        -> Image?
    {
        let start = clock.now
        guard start - last >= .seconds(settings.interval) else { return nil }
        let image = try guardingMemory { try withoutGradients { try shown(clean().detached, by: model) } }
        let end = clock.now
        last = end
        spent += end - start
        if spent > elapsed * settings.share { settings.interval *= 2 }
        return image
    }

    private func shown(_ clean: Tensor, by model: any DiffusionModel) throws -> Image? {
        guard clean.isFinite else { return nil }
        let (_, _, height, width) = clean.shape4
        let factor = model.facts.latentFactor
        if height * width * factor * factor <= Self.mostDecoded { return Image(try model.image(of: clean)) }
        if colours == nil, let seen { colours = LatentColours(of: seen.latent, shownBy: seen.image) }
        return colours?.image(of: clean)
    }
}

/// A linear map from latents to colours, fitted to one image: what the latents of its model look like at their own size.
///
/// Least squares of the image's means over the latent's elements on the C channels and a constant, with a slight ridge.
struct LatentColours {
    /// [C + 1, 3], the constant last.
    private let weights: Tensor

    /// The map that shows a latent [1, C, h, w] most like the image [f·h × f·w] that it is of.
    init(of latent: Tensor, shownBy image: Image) {
        let (_, channels, height, width) = latent.shape4
        let colours = image.tensor().averagePooled(image.height / height)
        let rows = Self.rows(of: latent)
        let wanted = colours.permuted(0, 2, 3, 1).reshaped([height * width, 3]).to(dtype: .float64)
        let turned = rows.transposed(0, 1)
        let ridge = Double(height * width) * 1e-4
        let diagonal = (0..<(channels + 1)).flatMap { row in
            (0..<(channels + 1)).map { $0 == row ? ridge : 0 }
        }
        let sums =
            turned.matmul(rows) + Tensor(diagonal, shape: [channels + 1, channels + 1])
        weights = sums.solved(for: turned.matmul(wanted))
    }

    /// The image of a latent [1, C, h, w], a pixel for each element.
    func image(of latent: Tensor) -> Image {
        let (_, _, height, width) = latent.shape4
        let colours = Self.rows(of: latent).matmul(weights)
        return Image(colours.reshaped([1, height, width, 3]).permuted(0, 3, 1, 2).to(dtype: .float32))
    }

    /// A row of channels and a one for each element, [h·w, C + 1].
    private static func rows(of latent: Tensor) -> Tensor {
        let (_, channels, height, width) = latent.shape4
        let rows = latent.to(dtype: .float64, device: .cpu).permuted(0, 2, 3, 1)
            .reshaped([height * width, channels])
        return .concatenated([rows, .ones([height * width, 1]).to(dtype: .float64)], along: 1)
    }
}
