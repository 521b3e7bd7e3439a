import Diffusion
import Tensors

/// MultiDiffusion: many windows and many prompts paint one canvas and agree on it at every step.
///
/// Bar-Tal, Yariv, Lipman and Dekel, "MultiDiffusion: Fusing Diffusion Paths for Controlled Image
/// Generation",
/// ICML 2023. Every region has a prompt of its own, seen through windows of the size that the model knows;
/// where
/// several see the same cell, their mean counts. On a photo it repaints the regions and, unless told
/// otherwise,
/// keeps everything else: outside them each level gets the photo's own latent back. Without regions the
/// prompt
/// paints everything, in windows. Pictures from text alone are made by `generate` with regions.
///
/// Draws one noise of the latent's shape (the start where `start` is `noised`, and what lies behind the flat
/// colours), then uniform numbers [B, 3] for B colours, then one whole number per view of a region in the
/// bootstrapped steps; B is the number of those. Cost of a step: 2·(views of regions) + (views of the
/// background
/// and its windows' empty prompt) while bootstrapping; later (views of all prompts) + (windows); a view is a
/// window that holds cells of a prompt. `start=inverted` adds what the inversion costs: k forwards for DDIM.
public struct MultiDiffusion: EditingMethod {
    /// What becomes of the cells in no region.
    enum Background: String, CaseIterable { case keep, prompt }
    /// What the walk down begins with.
    enum Start: String, CaseIterable { case noised, inverted }

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
            .init([.source, .inversion], when: .option("start", ["inverted"])),
            .init(options: ["background", "bootstrapping"], when: .given(.regions)),
        ],
        options: [
            .init(
                "background", .choice(Background.allCases.map(\.rawValue)), .text("keep"),
                help: "what is in no region: keep the photo, or repaint it by the prompt"),
            .init(
                "start", .choice(Start.allCases.map(\.rawValue)), .text("noised"),
                help: "noised: new content in every region; inverted: closer to the photo's shapes"),
            .init(
                "bootstrapping", .number(0...1), .number(0.4), symbol: "B/T",
                help: "share of all steps, noisiest first, in which a region stands alone on a flat colour"),
            .init(
                "window", .integer(0...4096), .integer(0),
                help: "side of a window in latent elements; 0 for the size the model was trained on"),
            .init(
                "stride", .integer(0...4096), .integer(0),
                help: "latent elements from one window to the next; 0 for an eighth of the window"),
            .init("wrap", .flag, .flag(false), help: "the right edge continues at the left one"),
        ])

    private let background: Background
    private let start: Start
    private let settings: WindowSettings

    /// The method with its options.
    public init(_ options: Options) {
        background = options.choice("background", as: Background.self)
        start = options.choice("start", as: Start.self)
        let (window, stride) = (options.integer("window"), options.integer("stride"))
        settings = WindowSettings(
            side: window > 0 ? window : nil, stride: stride > 0 ? stride : nil, wraps: options.flag("wrap"),
            bootstrapping: options.number("bootstrapping"))
    }

    /// Edits.
    public func edit(_ canvas: Canvas) throws -> Painting {
        let (_, _, height, width) = canvas.clean.shape4
        let facts = canvas.studio.model.facts
        let windows = try settings.windows(
            height: height, width: width, modelSide: facts.pictureSide / facts.latentFactor)
        if canvas.regions.isEmpty { canvas.studio.warn(Self.noRegion) }
        let paintsAll = canvas.regions.isEmpty || background == .prompt
        let painter = try RegionPainter(
            canvas.studio, windows: windows, regions: canvas.regions,
            background: paintsAll ? canvas.prompt : nil, guidance: canvas.guidance)
        let covered = painter.covered.like(canvas.clean)
        let mask = paintsAll ? canvas.mask : canvas.mask.map { $0 * covered } ?? covered
        guard canvas.top > 0 else { return Painting(canvas.clean, mask: mask) }

        let noise = canvas.freshNoise()
        let path = try path(canvas, noise)
        let alone = try painter.bootstrapping(
            share: settings.bootstrapping, of: canvas.levels, from: canvas.top, noise: noise,
            random: canvas.random)
        let latent = try canvas.studio.sample(
            path.start, from: canvas.top, of: canvas.levels, by: path.sampler, fresh: path.freshNoise,
            stage: "painting",
            predicting: {
                try painter.noise(
                    in: $0, at: $1, against: path.negative(at: $1.index, or: canvas.negative), alone: alone)
            },
            each: { Canvas.blend($1, over: path.latents[$0], mask: mask) })
        var painting = Painting(latent, mask: mask, trace: ["noised_latent": path.start])
        if start == .inverted { painting.path = path }
        return painting
    }

    static let noRegion =
        "without a region multidiffusion repaints the whole picture by the prompt, as sdedit does; say what goes "
        + "where with --region \"x,y,width,height: a prompt\""

    /// The photo's latents at all levels: inverted, or with one noise in all of them.
    private func path(_ canvas: Canvas, _ noise: Tensor) throws -> SourcePath {
        guard start == .noised else { return try canvas.invert() }
        return canvas.noised(with: noise, prompt: canvas.source ?? canvas.empty)
    }
}
