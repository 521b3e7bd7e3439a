public import Diffusion
import Tensors

/// What an inversion is told beside its kind.
public struct InversionSettings: Sendable {
    /// Its own options, checked; the kind's defaults where nil.
    public var options: Options?
    /// Seed of the inversion's own noise.
    public var seed: UInt64
    /// Where inversions are kept; nil computes them anew every time.
    public var cache: InversionCache?

    /// Settings.
    public init(options: Options? = nil, seed: UInt64 = 0, cache: InversionCache? = nil) {
        self.options = options
        self.seed = seed
        self.cache = cache
    }
}

extension EditContext {
    /// Inverts the image by the request's inversion.
    ///
    /// - `startStep`: how many levels up; the context's own where nil.
    /// - `levels`: the trajectory; the context's own where nil.
    /// - `prompt`: what the source branch sees; the source prompt, or else the empty one, where nil.
    public func invert(
        to startStep: Int? = nil, through levels: Trajectory? = nil, prompt: Conditioning? = nil,
        stage: String = "inverting"
    ) throws -> InvertedTrajectory {
        let options = inversionSettings.options ?? Options(defaultsOf: inversion.description.options)
        let steps = InversionContext(
            self, to: startStep ?? self.startStep, through: levels ?? self.levels,
            prompt: prompt ?? source ?? empty,
            stage: stage)
        var path = try inversion.type.init(options).path(of: steps)
        path.isKept = steps.isKept
        return path
    }

    /// The image's latents with one noise added at every level, as a path that no inversion made.
    func noised(with noise: Tensor, prompt: Conditioning) -> InvertedTrajectory {
        let noised = levels.prefix(startStep + 1).dropFirst().map { DDIM.addNoise(clean, noise, to: $0) }
        return InvertedTrajectory(.ddim, levels: levels, latents: [clean] + noised, prompt: prompt)
    }

    /// Inverts the image by DDIM with guidance away from the empty prompt, whatever the request's inversion is.
    func invertedByDDIM(prompt: Conditioning, scale: Double, stage: String = "encoding") throws
        -> InvertedTrajectory
    {
        let inversion = InversionContext(self, to: startStep, through: levels, prompt: prompt, stage: stage)
        var path = inversion.path(.ddim, try inversion.invert(scale: scale))
        path.isKept = inversion.isKept
        return path
    }
}

extension InversionContext {
    /// Tells the user that a negative prompt has no say beside an inversion that needs its place.
    func warnOfNegative(_ kind: InversionKind) {
        guard negative !== empty, guidance != 1 else { return }
        session.warn("\(kind.rawValue) inversion takes the negative prompt's place; yours has no effect")
    }
}
