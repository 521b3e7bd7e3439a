import Diffusion
import Foundation
import Imaging
import Support
import Tensors

/// The first step of DiffEdit: a mask from the difference of two noise estimates.
///
/// D(h,w) = mean over i and channels of |ε(zᵢ, t_s, Q) - ε(zᵢ, t_s, R)|, with a fresh noise in every zᵢ; extreme values
/// are removed, the rest is scaled to 0...1 and cut at θ. The paper does not say how outliers are removed: here D is
/// clamped at κ times its mean, as both public implementations do, so that a pixel is on where D > κθ·mean(D).
struct DiffEditMask {
    /// How extreme values are removed.
    enum Outliers: String, OptionChoice {
        /// D' = min(D, κ·mean)/(κ·mean); at most 1/(κθ) of the image can be on.
        case clamp
        /// Clipped at a percentile, then scaled from the smallest to the largest value; for large edits.
        case percentile
    }

    static let noises = TypedOption<Int>(
        "noises", in: 1...256, 10, presets: [.fast: 4], symbol: "n",
        help: "how many noises the mask is averaged over")
    static let maskNoise = TypedOption<Double>(
        "mask-noise", in: 0.01...1, 0.5, symbol: "s",
        help: "noise level of the mask step, as a share of the trajectory")
    static let threshold = TypedOption<Double>(
        "threshold", in: 0...1, 0.5, symbol: "θ",
        help: "where the scaled difference is cut; lower makes the mask larger")
    static let outliers = TypedOption<Outliers>(
        "outliers", .clamp, help: "percentile: for edits of more than two thirds of the picture")
    static let clamp = TypedOption<Double>(
        "clamp", in: 1...100, 3, symbol: "κ", help: "differences are clamped at so many times their mean")
    static let percentile = TypedOption<Double>(
        "percentile", in: 50...100, 99, help: "where outliers=percentile clips")
    static let maskGuidance = TypedOption<Double>(
        "mask-guidance", in: 0.01...100, 1, presets: [.official: 7.5],
        help: "guidance of both estimates; only scales the difference, at twice the cost")
    /// Holes of doubt, which would show as dots of the old image, are closed; the published code leaves them.
    static let holes = TypedOption<Int>(
        "holes", in: 0...64, Mask.smallHole, presets: [.official: 0],
        help: "holes of at most so many cells in the mask are filled")

    static let options: [OptionDescription] = [
        noises.description, maskNoise.description, threshold.description, outliers.description,
        clamp.description, percentile.description, maskGuidance.description, holes.description,
    ]

    /// When the options count: where a mask is looked for, and the ways to remove outliers one at a time.
    static let conditions: [Condition] = [
        .init(options.map(\.setting), when: .notGiven(.mask)),
        .init([clamp.setting], when: outliers.is(.clamp)),
        .init([percentile.setting], when: outliers.is(.percentile)),
    ]

    static let emptyMaskAdvice: Message =
        "the two prompts make no difference that stands out anywhere, so the mask is empty and the picture "
        + "stays as it is; name what is there now with \(.setting("source"), plain: "a source prompt"), or give a "
        + "\(.setting("mask"), plain: "mask"), or use \(Setting.message("outliers", "percentile")) (large edits), "
        + "\(Setting.message("threshold", "0.25")) (small ones) or \(Setting.message("mask", "none")) (change everything)"

    let noises: Int
    let level: Double
    let threshold: Double
    let outliers: Outliers
    let clamp: Double
    let percentile: Double
    let guidance: Double
    let holes: Int

    init(_ options: Options) {
        noises = options[Self.noises]
        level = options[Self.maskNoise]
        threshold = options[Self.threshold]
        outliers = options[Self.outliers]
        clamp = options[Self.clamp]
        percentile = options[Self.percentile]
        guidance = options[Self.maskGuidance]
        holes = options[Self.holes]
    }

    /// The same for whoever edits with it: an empty mask is warned of.
    func findOrWarn(on context: EditContext, extra: Tensor? = nil) throws -> FoundMask {
        let found = try find(on: context, extra: extra)
        if found.isEmpty { context.session.warn(Self.emptyMaskAdvice) }
        return found
    }

    /// The mask, the map it was cut from and the difference itself.
    /// - Parameter extra: what the network reads besides the latent, if it does.
    func find(on context: EditContext, extra: Tensor? = nil) throws -> FoundMask {
        let difference = try difference(on: context, extra: extra)
        let soft = scaled(difference)
        let cut = Mask((soft > threshold).to(dtype: .float32)).fillingHoles(upTo: holes)
        let mask = Tensor(cut.values, shape: [1, 1, cut.height, cut.width]).like(difference)
        return FoundMask(mask: mask, soft: soft, difference: difference)
    }

    /// The difference of the two estimates (D), [1, 1, h, w].
    func difference(on context: EditContext, extra: Tensor? = nil) throws -> Tensor {
        let level = context.levels[max(context.levels.stepCount(strength: level), 1)]
        let reference = context.source ?? context.empty
        var sum = context.clean.zerosLike.mean([1], keeping: true)
        // Equal prompts make no difference; rounding must not become a mask.
        guard reference !== context.prompt else { return sum }
        // All latents first, so that the session may put as many rows into a pass as fit.
        let latents = (0..<noises).map { _ in DDIM.addNoise(context.clean, context.freshNoise(), to: level) }
        let estimates = try context.session.noises(
            in: latents, at: level, prompts: [context.prompt, reference], negative: context.negative,
            scale: guidance, extra: extra, stage: "finding the mask")
        for pair in estimates { sum += (pair[0] - pair[1]).absolute.mean([1], keeping: true) }
        return sum / Double(noises)
    }

    /// The scaled difference (D'); one that is zero everywhere stays so.
    func scaled(_ difference: Tensor) -> Tensor {
        switch outliers {
        case .clamp:
            let highest = difference.mean.item * clamp
            guard highest > 0 else { return difference.zerosLike }
            return difference.clamped(nil, highest) / highest
        case .percentile:
            let sorted = difference.reshaped([-1]).sorted().scalars(as: Double.self)
            let rank = Int((Double(sorted.count - 1) * percentile / 100).rounded())
            let (lowest, highest) = (sorted[0], sorted[rank])
            guard highest > lowest else { return difference.zerosLike }
            return (difference.clamped(nil, highest) - lowest) / (highest - lowest)
        }
    }
}

extension DiffusionSession {
    /// Noise estimates of several latents under several prompts, latent by latent, in as few passes as memory allows.
    fileprivate func noises(
        in latents: [Tensor], at level: NoiseLevel, prompts: [Conditioning], negative: Conditioning,
        scale: Double,
        extra: Tensor?, stage: String
    ) throws -> [[Tensor]] {
        // Enough latents at a time to fill passes, few enough to show progress.
        let group = Swift.max(limits.rows / (prompts.count * 2), 1)
        let away = Guidance(awayFrom: negative, scale: scale)
        var estimates: [[Tensor]] = []
        for start in steps(stage, Array(stride(from: 0, to: latents.count, by: group))) {
            let part = latents[start..<Swift.min(start + group, latents.count)]
            let noises = try predict(
                part.flatMap { latent in
                    prompts.map { Query(latent, at: level, prompt: $0, guidance: away, extra: extra) }
                })
            estimates += part.indices.map { index in
                let first = (index - start) * prompts.count
                return Array(noises[first..<(first + prompts.count)])
            }
        }
        return estimates
    }
}
