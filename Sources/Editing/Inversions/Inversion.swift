import Diffusion
import Foundation
import Tensors

/// An algorithm that brings a real image to noise; one file per kind, written like the paper's.
protocol Inversion {
    /// What it is, costs and can be told.
    static var description: InversionDescription { get }
    /// The inversion with its options, which were checked against the description.
    init(_ options: Options)
    /// Inverts the clean latent up to the context's start step.
    func path(of inversion: InversionContext) throws -> InvertedTrajectory
}

/// What an inversion is given: the latent, the way up, the prompts, and what was cached of earlier inversions.
final class InversionContext {
    /// Where predictions come from.
    let session: DiffusionSession
    /// The trajectory: clean at 0.
    let levels: Trajectory
    /// How many levels up (K).
    let startStep: Int
    /// The image's latent (x₀), [1, C, h, w].
    let clean: Tensor
    /// What the source branch sees.
    let prompt: Conditioning
    /// What guidance leads away from where the inversion does not say otherwise.
    let negative: Conditioning
    /// The empty prompt (∅).
    let empty: Conditioning
    /// Guidance scale of the way back (g).
    let guidance: Double
    /// Seed of the inversion's own noise, which is never the method's.
    let seed: UInt64
    /// What the stage is called in progress.
    let stage: String
    /// Where earlier inversions are cached.
    let cache: InversionCache?
    /// Whether everything so far was found in the cache.
    private(set) var isKept = false
    private var hasComputed = false

    init(
        _ context: EditContext, to startStep: Int, through levels: Trajectory, prompt: Conditioning,
        stage: String
    ) {
        session = context.session
        self.levels = levels
        self.startStep = startStep
        clean = context.clean
        self.prompt = prompt
        negative = context.negative
        empty = context.empty
        guidance = context.guidance
        seed = context.inversionSettings.seed
        cache = context.inversionSettings.cache
        self.stage = stage
    }

    /// The path's plain part; kinds add negatives and noises.
    func path(_ kind: InversionKind, _ latents: [Tensor]) -> InvertedTrajectory {
        InvertedTrajectory(kind, levels: levels, latents: latents, prompt: prompt)
    }

    /// The latents x₀…x_K of plain DDIM inversion, which several kinds begin with; computed once for all of them.
    func invert(scale: Double = 1) throws -> [Tensor] {
        guard startStep > 0 else { return [clean] }
        let kept = try kept(
            "ddim", of: scale == 1 ? [prompt] : [prompt, empty], numbers: [scale],
            shapes: ["latents": stackedShape(of: clean)]
        ) {
            let path = try session.invert(
                clean, through: levels, to: startStep, prompt: prompt, negative: empty, scale: scale,
                stage: stage)
            return ["latents": .stacked(Array(path.dropFirst()))]
        }
        return [clean] + kept.steps("latents")
    }

    /// The shape of K tensors, one on the other.
    func stackedShape(of tensor: Tensor) -> [Int] { [startStep] + tensor.shape }

    /// What `compute` makes, or was kept of it when it was made before from the very same inputs.
    ///
    /// Always in row-major memory, whether computed or read, so that both lead to the same bits later.
    /// - Parameters:
    ///   - prompts: the prompts that it depends on.
    ///   - numbers: the numbers that it depends on.
    ///   - shapes: what it must bring, by name; a file that brings anything else is not used.
    func kept(
        _ name: String, of prompts: [Conditioning], numbers: [Double] = [], options: Options? = nil,
        shapes: [String: [Int]], compute: () throws -> [String: Tensor]
    ) throws -> CachedTensors {
        guard let cache else {
            (hasComputed, isKept) = (true, false)
            return CachedTensors(try compute().mapValues { $0.detached.contiguous })
        }
        let key = self.key(name, of: prompts, numbers: numbers, options: options)
        let (tensors, outcome) = try cache.tensors(
            key, shapes: shapes, device: clean.device, compute: compute)
        hasComputed = hasComputed || outcome != nil
        isKept = !hasComputed
        if case .failed(let reason)? = outcome { session.warn("the inversion was not kept: \(reason)") }
        return CachedTensors(tensors)
    }

    /// A name for everything that the result depends on; file names are no part of it.
    private func key(_ name: String, of prompts: [Conditioning], numbers: [Double], options: Options?)
        -> String
    {
        let path = levels.prefix(startStep + 1).map { "\($0.timestep) \($0.alphaBar.bitPattern)" }
        let told = (options?.values ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        return InversionCache.key(
            "inversion \(InversionCache.version)", name, of: [clean] + prompts.map(\.embedding),
            on: session.model, device: clean.device,
            lines: path + numbers.map { "\($0.bitPattern)" } + told)
    }
}

/// What an inversion computed or found.
struct CachedTensors {
    private let tensors: [String: Tensor]

    init(_ tensors: [String: Tensor]) { self.tensors = tensors }

    /// The tensors that were stacked under a name, one per level.
    func steps(_ name: String) -> [Tensor] {
        guard let tensor = tensors[name] else { preconditionFailure("nothing is kept as \(name)") }
        return (0..<tensor.shape[0]).map { tensor.selected(0, at: $0).contiguous }
    }
}
