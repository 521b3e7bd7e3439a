/// A measure of an edit, each definition under a name of its own.
public enum PictureMeasure: String, Sendable, Hashable, Codable, CaseIterable {
    case mae, mse, psnr, ssim
    case ssimReflected = "ssim.reflected"
    case lpipsAlex = "lpips.alex"
    case lpipsVGG = "lpips.vgg"
    case maeKept = "mae.kept"
    case mseKept = "mse.kept"
    case psnrKept = "psnr.kept"
    case ssimKept = "ssim.kept"
    case lpipsAlexKept = "lpips.alex.kept"
    case lpipsVGGKept = "lpips.vgg.kept"
    case ssimEdited = "ssim.e"
    case ssimInherent = "ssim.i"
    case mseZeroed = "mse.zeroed"
    case psnrZeroed = "psnr.zeroed"
    case ssimZeroed = "ssim.zeroed"
    case clip
    case clipClipped = "clip.clipped"
    case clipHessel = "clip.hessel"
    case clipHundred = "clip.hundred"
    case clipEdited = "clip.edited"
    case clipAccuracy = "clip.accuracy"
    case clipImage = "clip.image"
    case direction
    case directionSquare = "direction.square"
    case directionTemplates = "direction.templates"
    case gain
    case face

    /// What it is, in a line: the definition, so that numbers of two papers are not taken for one.
    public var meaning: String {
        switch self {
        case .mae: "mean absolute difference, 0 to 1"
        case .mse: "mean squared difference of values from 0 to 1"
        case .psnr: "-10·log₁₀ of mse in dB, 100 at most"
        case .ssim: "SSIM of Wang 2004: Gaussian windows, population covariances, whole windows alone"
        case .ssimReflected: "SSIM as torchmetrics since 1.4.2: the border mirrored, every pixel a window"
        case .lpipsAlex: "LPIPS 0.1 with AlexNet, at the pictures' own size"
        case .lpipsVGG: "LPIPS 0.1 with VGG-16, at the pictures' own size"
        case .maeKept: "mae where nothing should change"
        case .mseKept: "mse where nothing should change"
        case .psnrKept: "psnr where nothing should change"
        case .ssimKept: "ssim over windows that lie wholly where nothing should change"
        case .lpipsAlexKept: "the mean of LPIPS' map (AlexNet) where nothing should change"
        case .lpipsVGGKept: "the mean of LPIPS' map (VGG-16) where nothing should change"
        case .ssimEdited: "SSIM-e: the map of ssim over the whole picture, averaged over the edited area"
        case .ssimInherent: "SSIM-i: the same map, averaged over what is to stay"
        case .mseZeroed: "mse as PIE-Bench: the edited area black in both pictures, the whole frame counts"
        case .psnrZeroed: "psnr of mse.zeroed; larger than psnr.kept by -10·log₁₀ of the kept share"
        case .ssimZeroed: "ssim.reflected with the edited area black in both pictures, as PIE-Bench"
        case .clip: "CLIP-T: cosine of result and target text"
        case .clipClipped: "max(clip, 0), the CLIP score of the TEdBench study"
        case .clipHessel: "CLIPScore of Hessel: 2.5·max(cosine, 0) with \"A photo depicts \" before the text"
        case .clipHundred: "100·cosine, as torchmetrics and PIE-Bench print it"
        case .clipEdited: "100·cosine with all but the edited area black (PIE-Bench, edited)"
        case .clipAccuracy: "1 where the result is nearer to the target text than to the source text, else 0"
        case .clipImage: "CLIP-I: cosine of result and picture before"
        case .direction: "cosine of the change of pictures with that of captions, short side and middle"
        case .directionSquare:
            "the same, pictures squeezed to a square without antialiasing (InstructPix2Pix)"
        case .directionTemplates:
            "the same, texts averaged over sentences (DiffusionCLIP's loss is 1 less this)"
        case .gain:
            "1 - mse of result and truth / mse of picture before and truth, where the true edit is; -1 at least"
        case .face: "cosine of two faces that fill their pictures (MobileFaceNet)"
        }
    }

    /// Whether more of it is better.
    public var wantsMore: Bool {
        switch self {
        case .mae, .mse, .lpipsAlex, .lpipsVGG, .maeKept, .mseKept, .lpipsAlexKept, .lpipsVGGKept, .mseZeroed:
            false
        default: true
        }
    }

    /// Whether it tells if the edit happened; the others tell what stayed as it was, and are best for doing nothing.
    public var tellsOfEdit: Bool {
        switch self {
        case .clip, .clipClipped, .clipHessel, .clipHundred, .clipEdited, .clipAccuracy, .direction,
            .directionSquare, .directionTemplates, .gain:
            true
        default: false
        }
    }
}

/// What an edit is worth by as many measures as can be told.
public struct PictureScores: Sendable, Hashable {
    /// The values.
    public var values: [PictureMeasure: Double] = [:]
    /// What has to be known of them, in lines.
    public var notes: [String] = []

    /// Nothing is known yet.
    public init() {}

    /// The values by their names.
    public var named: [String: Double] {
        Dictionary(uniqueKeysWithValues: values.map { ($0.key.rawValue, $0.value) })
    }
}
