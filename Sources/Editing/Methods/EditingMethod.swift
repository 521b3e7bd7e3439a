public import Diffusion
public import Imaging
public import Networks
public import Tensors

/// A way to edit an image by text; one file per method, written like the paper's algorithm.
public protocol EditingMethod: Sendable {
    /// What it is, needs and can be told.
    static var description: MethodDescription { get }
    /// Options that name files, and what those must hold; no method opens them.
    static var files: [String: OptionFile.Kind] { get }
    /// Whether its latents may be sampled by any sampler; the others' inversions and levels are DDIM's.
    static var takesSamplers: Bool { get }
    /// Refuses settings that it cannot do anything with, before anything is loaded.
    static func check(_ settings: EditSettings) throws
    /// The method with its options, which were checked against the description.
    init(_ options: Options)
    /// The sampler that its latents are sampled with; it cuts the trajectory of the context.
    var sampler: any Sampler { get }
    /// Edits.
    func edit(_ context: EditContext) throws -> EditOutput
}

extension EditingMethod {
    /// Everything that can be checked without it is good.
    public static func check(_ settings: EditSettings) throws {}
    /// By its own alone.
    public static var takesSamplers: Bool { false }
    /// No files.
    public static var files: [String: OptionFile.Kind] { [:] }
    /// DDIM.
    public var sampler: any Sampler { DDIM() }
}

/// A method that tells what it would change before it paints.
public protocol MaskFinding: EditingMethod {
    /// The mask that it would keep to, and the map that it was cut from, each [1, 1, h, w]; nil where it takes all.
    func findMask(_ context: EditContext) throws -> FoundMask?
}

/// What may change in an image, as a method found it.
public struct FoundMask {
    /// 1 may change, 0 stays, [1, 1, h, w].
    public var mask: Tensor
    /// The map that the mask was cut from, in 0…1, [1, 1, h, w].
    public var soft: Tensor
    /// What the map was scaled from, [1, 1, h, w].
    public var difference: Tensor

    /// Whether nothing may change.
    var isEmpty: Bool { mask.sum.item == 0 }
}

/// What a method is given: the latent to edit, the prompts, and the model behind a session.
public struct EditContext {
    /// Where predictions come from.
    public let session: DiffusionSession
    /// The trajectory: clean at 0.
    public let levels: Trajectory
    /// How many levels up the edit begins: ⌊strength·N⌋.
    public let startStep: Int
    /// The image's latent (x₀), [1, C, h, w].
    public let clean: Tensor
    /// What the image should show (Q).
    public let prompt: Conditioning
    /// What the image shows now (R), if the user said so.
    public let source: Conditioning?
    /// What guidance leads away from: the empty prompt, or the user's negative one.
    public let negative: Conditioning
    /// The empty prompt (∅).
    public let empty: Conditioning
    /// Guidance scale (g).
    public let guidance: Double
    /// The user's mask at the latent's size, [1, 1, h, w]: 1 may change, 0 stays.
    public let mask: Tensor?
    /// How the image is brought to noise, by `invert(to:through:prompt:stage:)`.
    public let inversion: InversionKind
    /// The job's noise; each method documents in which order it draws.
    public let random: RandomGenerator
    /// What the inversion is told beside its kind.
    public var inversionSettings = InversionSettings()
    /// The sampler that was asked for; nil for the method's own.
    public internal(set) var sampler: (any Sampler)?
    /// Parts of the image with prompts of their own.
    public internal(set) var regions: [EditRegion] = []
    /// The same as they were asked for, with roles, seeds and all.
    public internal(set) var layout: [Region] = []
    /// The network that the method may be guided by, where it asks for one.
    public internal(set) var relevance: RelevanceSource?
    /// The pair of CLIP towers that the method may be guided by, where it asks for one.
    public internal(set) var clip: CLIPSource?
    /// Long side that was asked for, in pixels, for methods that do not work at the model's own; nil where none was.
    public internal(set) var workingSide: Int?
    /// Seed of the job's noise, for regions that have none of their own.
    public internal(set) var seed: UInt64 = 0
    /// What the files hold that options name.
    public internal(set) var files: [String: OptionFile] = [:]
    /// The image that the latent was encoded from, at the working size; nil where there is only a latent.
    public internal(set) var image: Image?
    /// The user's image at its own size; nil where there is only a latent.
    public internal(set) var photo: Image?
    /// The user's mask at the image's size.
    public internal(set) var imageMask: Mask?
    /// What is to be done, in words, for methods whose prompt is an instruction; nil for all others.
    public internal(set) var instruction: String?
    /// Whether only what would be changed is to be shown, without painting it.
    public internal(set) var isPreview = false
    /// What the method learnt before, where the request brings a file of it.
    var tunedFile: TunedFile?
    /// Whether what the method learns goes into a file, and nothing is painted.
    var isForFile = false

    /// Fresh standard normal noise of the latent's shape.
    public func freshNoise() -> Tensor { random.normal(clean.shape).like(clean) }

    /// The request's guidance, away from its negative prompt or another.
    public func away(from other: Conditioning? = nil, plan: Plan = .none) -> Guidance {
        Guidance(awayFrom: other ?? negative, scale: guidance, plan: plan)
    }

    /// The noise in a latent at a level, under the request's prompt and guidance.
    ///
    /// - `other`: the negative prompt, where it is not the request's.
    /// - `extra`: further input channels of networks that want them.
    public func guidedNoise(
        in latent: Tensor, at level: NoiseLevel, awayFrom other: Conditioning? = nil, extra: Tensor? = nil
    ) throws -> Tensor {
        let query = Query(latent, at: level, prompt: prompt, guidance: away(from: other), extra: extra)
        return try session.predict([query])[0]
    }

    /// `edited` where the mask is 1 and `kept` where it is 0; all of `edited` without a mask.
    public static func blend(_ edited: Tensor, over kept: Tensor, mask: Tensor?) -> Tensor {
        guard let mask else { return edited }
        return mask * edited + (1 - mask) * kept
    }
}

/// A region as the model sees it.
public struct EditRegion {
    /// What it should show.
    public let prompt: Conditioning
    /// What guidance leads away from there; the request's own where nil.
    public let negative: Conditioning?
    /// 1 where it is and 0 elsewhere, [1, 1, h, w].
    public let cells: Tensor
}

/// What a method makes.
public struct EditOutput {
    /// The edited latent, [1, C, h, w].
    public var latent: Tensor
    /// What was allowed to change, [1, 1, h, w]; nil where everything was.
    public var mask: Tensor?
    /// The map that the mask was cut from, in 0...1.
    public var softMask: Tensor?
    /// The inversion that the edit began with, if there was one; its error can be measured.
    public var path: InvertedTrajectory?
    /// All levels of the way to noise, for `--trace`.
    public var inversion: [Tensor] { path?.latents ?? levels }
    /// The latents of a way to noise whose error is not to be measured; a path counts before them.
    public var levels: [Tensor]
    /// Whatever else the paper names, for `--trace`.
    public var trace: [String: Tensor]
    /// The edited image itself, for methods that make it at the photo's size; nil where the latent is to be decoded.
    public var finished: Finished?

    /// An edited image at the photo's size.
    public struct Finished: Sendable {
        /// The image.
        public var image: Image
        /// How much of it takes the photo's place, at its size: 0 nothing, 1 all.
        public var reach: Mask

        /// An edited image and how much of it counts where.
        public init(image: Image, reach: Mask) {
            (self.image, self.reach) = (image, reach)
        }
    }

    /// The output of a method; one that inverts in a way of its own names its levels instead of a path.
    public init(
        _ latent: Tensor, mask: Tensor? = nil, softMask: Tensor? = nil, path: InvertedTrajectory? = nil,
        levels: [Tensor] = [], trace: [String: Tensor] = [:]
    ) {
        self.latent = latent
        self.mask = mask
        self.softMask = softMask
        self.path = path
        self.levels = levels
        self.trace = trace
    }

    /// Takes over what was found to be what may change.
    mutating func keep(to found: FoundMask) {
        (mask, softMask) = (found.mask, found.soft)
        trace["difference"] = found.difference
    }
}
