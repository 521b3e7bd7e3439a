public import Diffusion
public import Tensors

/// A real picture's way to noise, with all that is needed to walk it back.
///
/// Methods walk down from `start`: at level k they guide away from `negative(at:)`, move by `move(_:_:from:)`, and pass
/// the source branch (the one that should come back to the picture) through `source(_:reaching:)`.
public struct SourcePath {
    /// How it was made.
    public let kind: InversionKind
    /// The trajectory it climbs.
    public let levels: Levels
    /// Latents of levels 0…top (x₀…x_K), each [1, C, h, w]; the first is the picture's own.
    public let latents: [Tensor]
    /// The prompt of the source branch.
    public let prompt: Prompt
    /// What guidance leads away from on the way down from level k, at index k - 1; empty where the inversion has no say.
    public var negatives: [Prompt] = []
    /// The noise that the step down from level k adds (z_k), at index k - 1; empty for deterministic steps.
    public var noises: [Tensor] = []

    /// A path that somebody climbed.
    public init(_ kind: InversionKind, levels: Levels, latents: [Tensor], prompt: Prompt) {
        precondition(
            !latents.isEmpty && latents.count <= levels.count, "a path has a latent for every level it climbs"
        )
        self.kind = kind
        self.levels = levels
        self.latents = latents
        self.prompt = prompt
    }

    /// How many levels it climbs (K).
    public var top: Int { latents.count - 1 }

    /// Where the way down begins (x_K).
    public var start: Tensor { latents[top] }

    /// What guidance leads away from on the step down from level k.
    public func negative(at k: Int, or usual: Prompt) -> Prompt {
        negatives.isEmpty ? usual : negatives[k - 1]
    }

    /// The latent of level k - 1 from that of level k and the noise estimated in it, in any branch.
    public func move(_ latent: Tensor, _ noise: Tensor, from k: Int) -> Tensor {
        guard !noises.isEmpty else { return DDIM.move(latent, noise, from: levels[k], to: levels[k - 1]) }
        return DDIM.move(latent, noise, from: levels[k], to: levels[k - 1], eta: 1, fresh: noises[k - 1])
    }

    /// What the source branch goes on with after a step to level k: the stored latent where the inversion wants it so.
    public func source(_ stepped: Tensor, reaching k: Int) -> Tensor {
        kind == .direct ? latents[k] : stepped
    }
}

extension Canvas {
    /// Inverts the picture by the request's inversion.
    /// - Parameters:
    ///   - top: how many levels up; the canvas's own top where nil.
    ///   - levels: the trajectory; the canvas's own where nil.
    ///   - prompt: what the source branch sees; the source prompt, or else the empty one, where nil.
    public func invert(
        to top: Int? = nil, through levels: Levels? = nil, prompt: Prompt? = nil, stage: String = "inverting"
    ) throws -> SourcePath {
        let levels = levels ?? self.levels
        let prompt = prompt ?? source ?? empty
        let latents = try studio.invert(
            clean, through: levels, to: top ?? self.top, prompt: prompt, stage: stage)
        var path = SourcePath(inversion, levels: levels, latents: latents, prompt: prompt)
        if inversion == .negativePrompt { path.negatives = latents.dropFirst().map { _ in prompt } }
        return path
    }
}
