import Diffusion
import Imaging
import Tensors

/// A prompt and the cells of a canvas that it paints.
struct RegionLayer {
    let prompt: Conditioning
    /// What guidance leads away from; the request's own where nil.
    let negative: Conditioning?
    /// 1 or 0, [1, 1, H, W].
    let cells: Tensor
    /// Whether the first steps show it alone on a flat colour; the background's prompt never is.
    let isBootstrapped: Bool
}

/// The noise in a canvas that many windows and prompts paint together (MultiDiffusion).
///
/// Every window is shown to the model with every prompt that has cells in it; a cell's noise is the mean over all
/// windows and prompts that see it. The paper averages the latents after the step; with binary masks and a step that is
/// linear in latent and noise this is the same, and any such step can follow.
struct RegionPainter {
    let session: DiffusionSession
    let windows: Windows
    let guidance: Double
    private let layers: [RegionLayer]
    private let parts: [Part]
    /// How many windows and prompts see each cell, at least 1.
    private let count: Tensor
    /// Cells that some prompt paints, [1, 1, H, W].
    let covered: Tensor

    /// One prompt in one window.
    private struct Part {
        let window: Int
        let layer: Int
        /// The window's share of the layer's cells.
        let cells: Tensor
    }

    /// - Parameter covering: whether every cell must be painted.
    /// - Throws: `EditingError.uncovered` where a cell is not.
    init(
        _ session: DiffusionSession, windows: Windows, layers: [RegionLayer], guidance: Double,
        covering: Bool = true
    ) throws {
        (self.session, self.windows, self.layers, self.guidance) = (session, windows, layers, guidance)
        var parts: [Part] = []
        var count = Tensor.zeros(
            [1, 1, windows.context.height, windows.context.width], device: session.model.device)
        for (window, corner) in windows.corners.enumerated() {
            for (index, layer) in layers.enumerated() {
                let cells = windows.crop(layer.cells, at: corner)
                guard cells.amax().item > 0 else { continue }
                parts.append(Part(window: window, layer: index, cells: cells))
                count += windows.place(cells, at: corner)
            }
        }
        self.parts = parts
        covered = (count > 0).to(dtype: .float32)
        let missing = covered.count - Int(covered.sum.item)
        if covering, missing > 0 { throw EditingError.uncovered(cells: missing) }
        self.count = count.clamped(1, nil)
    }

    /// Guided noise, zero where no prompt paints.
    /// - Parameters:
    ///   - usual: what guidance leads away from where a layer does not say.
    ///   - alone: shows bootstrapped prompts their own cells on flat colours.
    func noise(
        in context: Tensor, at level: NoiseLevel, negative usual: Conditioning, alone: Bootstrapping? = nil
    ) throws -> Tensor {
        let crops = windows.corners.map { windows.crop(context, at: $0) }
        let queries = parts.map { part in
            let layer = layers[part.layer]
            var view = crops[part.window]
            if let alone, layer.isBootstrapped, level.index >= alone.lowest {
                let corner = windows.corners[part.window]
                let around = alone.colour(at: level, behind: { windows.crop($0, at: corner) })
                view = EditContext.blend(view, over: around, mask: part.cells.like(view))
            }
            return Query(
                view, at: level, prompt: layer.prompt,
                guidance: Guidance(awayFrom: layer.negative ?? usual, scale: guidance))
        }
        var sum = context.zerosLike
        for (part, noise) in zip(parts, try session.predict(queries)) {
            sum += windows.place(noise * part.cells.like(noise), at: windows.corners[part.window])
        }
        return sum / count.like(sum)
    }
}

/// Flat colours behind a region in the first steps, which keep its object within it.
struct Bootstrapping {
    /// The cleanest level that is bootstrapped.
    let lowest: Int
    /// Latents of flat images of a window's size.
    private let colours: [Tensor]
    /// The canvas's first noise, used again for the colours.
    private let noise: Tensor
    private let random: RandomGenerator

    /// Draws and encodes colours: uniform numbers [count, 3].
    init(
        _ session: DiffusionSession, from lowest: Int, colours count: Int, windows: Windows, noise: Tensor,
        random: RandomGenerator
    ) throws {
        let bytes = random.uniform([count, 3]).floats.map { UInt8($0 * 256) }
        let factor = session.model.facts.latentFactor
        colours = try (0..<count).map { index in
            let flat = Image(
                width: windows.size.width * factor, height: windows.size.height * factor,
                red: bytes[index * 3], green: bytes[index * 3 + 1], blue: bytes[index * 3 + 2])
            return try session.encode(flat).like(noise)
        }
        (self.lowest, self.noise, self.random) = (lowest, noise, random)
    }

    /// A colour by chance, with the noise that belongs behind it; draws one whole number.
    func colour(at level: NoiseLevel, behind crop: (Tensor) -> Tensor) -> Tensor {
        let pick = Int(random.integers(in: 0..<colours.count, [1]).item)
        return DDIM.addNoise(colours[pick], crop(noise), to: level)
    }
}

extension RegionPainter {
    /// The painter of a canvas with regions over a background.
    ///
    /// Without a background's prompt only the regions are painted; the background has the cells that no region has (W₀
    /// = max(1 - ΣWₖ, 0)).
    init(
        _ session: DiffusionSession, windows: Windows, regions: [EditRegion], background: Conditioning?,
        guidance: Double
    ) throws {
        var rest = Tensor.ones(
            [1, 1, windows.context.height, windows.context.width], device: session.model.device)
        for region in regions { rest = rest - region.cells }
        var layers = regions.map {
            RegionLayer(prompt: $0.prompt, negative: $0.negative, cells: $0.cells, isBootstrapped: true)
        }
        if let background {
            let ground = RegionLayer(
                prompt: background, negative: nil, cells: rest.clamped(0, nil), isBootstrapped: false)
            layers.insert(ground, at: 0)
        }
        try self.init(
            session, windows: windows, layers: layers, guidance: guidance, covering: background != nil)
    }

    /// The colours for the noisiest steps; nil where none is bootstrapped.
    /// - Parameter share: of all steps of the trajectory (20 of 50), wherever sampling begins.
    func bootstrapping(
        share: Double, of levels: Trajectory, from top: Int? = nil, noise: Tensor, random: RandomGenerator
    ) throws -> Bootstrapping? {
        let lowest = levels.steps - levels.stepCount(strength: share) + 1
        let count = (top ?? levels.steps) - lowest + 1
        guard count > 0, layers.contains(where: \.isBootstrapped) else { return nil }
        return try Bootstrapping(
            session, from: lowest, colours: count, windows: windows, noise: noise, random: random)
    }
}
