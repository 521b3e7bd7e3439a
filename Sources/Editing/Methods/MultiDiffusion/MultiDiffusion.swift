import Diffusion
import Support
import Tensors

/// MultiDiffusion: many windows and many prompts paint one canvas and agree on it at every step.
///
/// Bar-Tal, Yariv, Lipman and Dekel, "MultiDiffusion: Fusing Diffusion Paths for Controlled Image Generation", ICML
/// 2023. Every region has a prompt of its own, seen through windows of the size that the model knows; where several see
///       the same cell, their mean counts. On a photo it repaints the regions and, unless told otherwise, keeps
///       everything else: outside them each level gets the photo's own latent back. Without regions the prompt paints
///       everything, in windows. Images from text alone are made by `generate` with regions.
///
/// Draws one noise of the latent's shape (the start where `start` is `noised`, and what lies behind the flat colours),
/// then uniform numbers [B, 3] for B colours, then one whole number per view of a region in the bootstrapped steps; B
/// is the number of those. Cost of a step: 2·(views of regions) + (views of the background and its windows' empty
/// prompt) while bootstrapping; later (views of all prompts) + (windows); a view is a window that holds cells of a
/// prompt. `start=inverted` adds what the inversion costs: k forwards for DDIM.
public struct MultiDiffusion: EditingMethod {
    /// What becomes of the cells in no region.
    enum Background: String, OptionChoice { case keep, prompt }
    /// What the sampling begins with.
    enum Start: String, OptionChoice { case noised, inverted }

    static let background = TypedOption<Background>(
        "background", .keep, help: "what is in no region: keep the photo, or repaint it by the prompt")
    static let start = TypedOption<Start>(
        "start", .noised, help: "noised: new content in every region; inverted: closer to the photo's shapes")
    static let bootstrapping = TypedOption<Double>(
        "bootstrapping", in: 0...1, 0.4, symbol: "B/T",
        help: "share of all steps, noisiest first, in which a region stands alone on a flat colour")
    static let window = TypedOption<Int>(
        "window", in: 0...4096, 0,
        help: "side of a window in latent elements; 0 for the size the model was trained on")
    static let stride = TypedOption<Int>(
        "stride", in: 0...4096, 0,
        help: "latent elements from one window to the next; 0 for an eighth of the window")
    static let wrap = TypedOption<Bool>("wrap", false, help: "the right edge continues at the left one")

    /// What it is, needs and can be told.
    public static let description = MethodDescription(
        name: "multidiffusion", title: "MultiDiffusion",
        summary: "Repaints regions, each by a prompt of its own, in windows that agree where they overlap.",
        paper: "Bar-Tal et al., MultiDiffusion: Fusing Diffusion Paths for Controlled Image Generation, "
            + "ICML 2023, arXiv 2302.08113",
        year: 2023, needs: .init(source: .optional, regions: .optional, inversion: true),
        standard: .init(steps: 50, guidance: 7.5, strength: 0.8, inversion: .ddim),
        presets: [.fast: .init(steps: 20, guidance: 7.5, strength: 0.8, inversion: .ddim)],
        conditions: [
            .init([.source, .inversion], when: start.is(.inverted)),
            .init([background.setting, bootstrapping.setting], when: .given(.regions)),
        ],
        options: [
            background.description, start.description, bootstrapping.description, window.description,
            stride.description, wrap.description,
        ])

    /// Any, from noise; the way back from an inverted photo is DDIM's.
    public static let takesSamplers = true

    /// Refuses another sampler for the way back from an inverted photo.
    public static func check(_ settings: EditSettings) throws {
        guard let sampler = settings.sampler, settings.options[start.name] == Start.inverted.rawValue else {
            return
        }
        throw EditingError.fixedSampler(method: "multidiffusion from an inverted photo", sampler: sampler)
    }

    private let background: Background
    private let start: Start
    private let settings: WindowSettings

    /// The method with its options.
    public init(_ options: Options) {
        background = options[Self.background]
        start = options[Self.start]
        let (window, stride) = (options[Self.window], options[Self.stride])
        settings = WindowSettings(
            side: window > 0 ? window : nil, stride: stride > 0 ? stride : nil, wraps: options[Self.wrap],
            bootstrapping: options[Self.bootstrapping])
    }

    /// Edits.
    public func edit(_ context: EditContext) throws -> EditOutput {
        let (_, _, height, width) = context.clean.shape4
        let facts = context.session.model.facts
        let windows = try settings.windows(
            height: height, width: width, modelSide: facts.imageSide / facts.latentFactor)
        if context.regions.isEmpty { context.session.warn(Self.noRegion) }
        let paintsAll = context.regions.isEmpty || background == .prompt
        let painter = try RegionPainter(
            context.session, windows: windows, regions: context.regions,
            background: paintsAll ? try context.background : nil, guidance: context.guidance)
        let covered = painter.covered.like(context.clean)
        let mask = paintsAll ? context.mask : context.mask.map { $0 * covered } ?? covered
        guard context.startStep > 0 else { return EditOutput(context.clean, mask: mask) }

        let noise = context.freshNoise()
        let path = try path(context, noise)
        let alone = try painter.bootstrapping(
            share: settings.bootstrapping, of: context.levels, from: context.startStep, noise: noise,
            random: context.random)
        let latent = try context.session.sample(
            path.start, from: context.startStep, of: context.levels,
            by: context.sampler ?? path.sampler,
            fresh: { context.sampler == nil ? path.freshNoise(from: $0) : context.freshNoise() },
            stage: "painting",
            predicting: {
                try painter.noise(
                    in: $0, at: $1, negative: path.negative(at: $1.index, or: context.negative), alone: alone)
            },
            each: { EditContext.blend($1, over: path.latents[$0], mask: mask) })
        var painting = EditOutput(latent, mask: mask, trace: ["noised_latent": path.start])
        if start == .inverted { painting.path = path }
        return painting
    }

    static let noRegion: Message =
        "without a region multidiffusion repaints the whole picture by the prompt, as sdedit does; say what goes "
        + "where with \(.setting("region", "\"x,y,width,height: a prompt\""), plain: "regions that have prompts of their own")"

    /// The photo's latents at all levels: inverted, or with one noise in all of them.
    private func path(_ context: EditContext, _ noise: Tensor) throws -> InvertedTrajectory {
        guard start == .noised else { return try context.invert() }
        return context.noised(with: noise, prompt: context.source ?? context.empty)
    }
}

extension EditContext {
    /// What the whole image should show behind the regions: the prompt, and what listed backgrounds say.
    fileprivate var background: Conditioning {
        get throws {
            let text = layout.background(of: prompt.text ?? "")
            return text == prompt.text ?? "" ? prompt : try session.prompt(text)
        }
    }
}
