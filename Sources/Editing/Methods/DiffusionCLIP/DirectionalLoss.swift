public import Perception
public import Tensors

/// How far changes of images lie from the direction in which texts change, in CLIP's space (StyleGAN-NADA's loss).
///
/// Gal and others, "StyleGAN-NADA: CLIP-Guided Domain Adaptation of Image Generators", SIGGRAPH 2022. The direction of the
/// texts is computed once and has no gradient.
public struct DirectionalLoss {
    /// ΔT, the unit direction of the texts, [1, D].
    public let direction: Tensor
    private let network: any EmbeddingNetwork

    /// A loss for a pair of texts, each put into all templates (`{}` is where).
    /// - Throws: `DiffusionCLIPError.sameTexts` where the texts have one embedding.
    public init(
        from source: String, to target: String, templates: [String] = Self.templates,
        in network: any EmbeddingNetwork
    ) throws(DiffusionCLIPError) {
        func mean(_ text: String) -> Tensor {
            network.embed(templates.map { $0.replacing("{}", with: text) }).mean([0], keeping: true)
        }
        let change = withoutGradients { (mean(target) - mean(source)).detached }
        let length = change.squared.sum.item.squareRoot()
        guard length > 1e-6 else { throw .sameTexts(source: source, target: target) }
        direction = change / length
        self.network = network
    }

    /// L_dir of images, [B] in 0…2: 1 - ΔI·ΔT/(‖ΔI‖ + g), where ΔI is the change of their unit embeddings.
    ///
    /// g is 1e-7, and 1e-3 where an image has hardly changed: there the direction is noise, and its gradient without a
    /// bound.
    /// - Parameters:
    ///   - images: [B, 3, H, W] in about -1…1; gradients reach them.
    ///   - references: what they were, of the same shape.
    public func callAsFunction(_ images: Tensor, from references: Tensor) -> Tensor {
        let before = withoutGradients { network.embed(images: references).detached }
        let change = network.embed(images: images) - before
        let length = change.norm([-1])
        let guards = length.detached.scalars(as: Float.self).map { $0 < 1e-4 ? Float(1e-3) : 1e-7 }
        let cosine = (change * direction).sum([-1]) / (length + Tensor(guards).like(length))
        return 1 - cosine
    }

    /// S_dir, the mean cosine of the images' change with the texts' direction; images that have not changed have none and
    /// are left out.
    /// - Returns: the mean, nil where no image has changed, and how many were left out.
    public func similarity(
        of images: Tensor, from references: Tensor
    ) -> (mean: Double?, leftOut: Int) {
        withoutGradients {
            let change = network.embed(images: images) - network.embed(images: references)
            let lengths = change.norm([-1]).scalars(as: Double.self)
            let products = (change * direction).sum([-1]).scalars(as: Double.self)
            let cosines = zip(products, lengths).filter { $1 > 1e-5 }.map { $0 / $1 }
            let mean = cosines.isEmpty ? nil : cosines.reduce(0, +) / Double(cosines.count)
            return (mean, lengths.count - cosines.count)
        }
    }

    /// DiffusionCLIP's loss of such distances, -ln((2 - L_dir)/2), [B]: 0.6931 for a change across, 0 along.
    ///
    /// Against the direction it grows without a bound, here up to 16.
    public static func stretched(_ distances: Tensor) -> Tensor {
        ((2 - distances) * 0.5).clamped(1e-7, nil).logarithm * -1
    }

    /// Sentences that a text is put into, so that its embedding does not hang on one wording.
    public static let templates = [
        "{}", "a photo of {}", "a picture of {}", "an image of {}", "a close view of {}", "a view of {}",
        "a good photo of {}", "a bad photo of {}", "a bright photo of {}", "a dark photo of {}",
        "a sharp photo of {}", "a blurred photo of {}", "a small photo of {}", "a large photo of {}",
        "a clean picture of {}", "a plain picture of {}", "a cropped picture of {}", "one {}", "the {}",
        "this is {}", "here is {}", "we see {}", "a render of {}", "a snapshot of {}",
    ]
}
