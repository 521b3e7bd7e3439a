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

extension Canvas {
    /// Inverts the picture by the request's inversion.
    ///
    /// - `top`: how many levels up; the canvas's own top where nil.
    /// - `levels`: the trajectory; the canvas's own where nil.
    /// - `prompt`: what the source branch sees; the source prompt, or else the empty one, where nil.
    public func invert(
        to top: Int? = nil, through levels: Levels? = nil, prompt: Prompt? = nil, stage: String = "inverting"
    ) throws -> SourcePath {
        let options = inversionSettings.options ?? Options(defaultsOf: inversion.description.options)
        let ascent = Ascent(
            self, to: top ?? self.top, through: levels ?? self.levels, prompt: prompt ?? source ?? empty,
            stage: stage)
        var path = try inversion.type.init(options).path(of: ascent)
        path.isKept = ascent.isKept
        return path
    }

    /// The picture's latents with one noise added at every level, as a path that no inversion climbed.
    func noised(with noise: Tensor, prompt: Prompt) -> SourcePath {
        let noised = levels.prefix(top + 1).dropFirst().map { DDIM.noised(clean, noise, to: $0) }
        return SourcePath(.ddim, levels: levels, latents: [clean] + noised, prompt: prompt)
    }

    /// Inverts the picture by DDIM with guidance away from the empty prompt, whatever the request's inversion
    /// is.
    func invertedByDDIM(prompt: Prompt, scale: Double, stage: String = "encoding") throws -> SourcePath {
        let ascent = Ascent(self, to: top, through: levels, prompt: prompt, stage: stage)
        var path = ascent.path(.ddim, try ascent.climb(scale: scale))
        path.isKept = ascent.isKept
        return path
    }
}

extension Ascent {
    /// Tells the user that a negative prompt has no say beside an inversion that needs its place.
    func warnOfNegative(_ kind: InversionKind) {
        guard negative !== empty, guidance != 1 else { return }
        studio.warn("\(kind.rawValue) inversion takes the negative prompt's place; yours has no effect")
    }
}
