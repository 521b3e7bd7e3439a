import Diffusion
import Tensors

extension RegionPairing {
    /// What changes the noises of a step before it is made.
    typealias Guide = (_ noises: Sides<Tensor>, _ latents: Sides<Tensor>, _ level: NoiseLevel) throws ->
        Sides<Tensor>

    /// Both clean latents, from one noise.
    func generated(_ painting: RegionPainting, guiding: Guide = { noises, _, _ in noises }) throws
        -> Sides<Tensor>
    {
        let start = firstNoise()
        // Two tensors, so that the first step costs what all others do.
        return try walk(Sides(start, start.copied), painting, inverted: nil, guiding: guiding)
    }

    /// The photo's edit: its regions inverted, and both pictures painted from there.
    func edited(_ painting: RegionPainting, guiding: Guide = { noises, _, _ in noises }) throws -> EditOutput
    {
        let inverted = try RegionInversion(
            context, painting.regions, kind: options[RegionPairOptions.inversion],
            nullSteps: options[RegionPairOptions.nullSteps])
        let source = inverted.latents[steps]
        let both = try walk(
            Sides(source, refreshed(source)), painting, inverted: inverted, guiding: guiding)
        var output = EditOutput(both.target, mask: changing, levels: inverted.latents)
        output.trace["source_latent"] = both.source
        return output
    }

    /// The photo's noise with fresh noise where things are added, so that nothing of what was there shows through.
    ///
    /// ((1 - m)·z + m·n)/√(m² + (1 - m)²), which keeps the variance; m is the box's feather.
    private func refreshed(_ latent: Tensor) -> Tensor {
        let fresh = firstNoise()
        var mask = latent.zerosLike
        for (region, _) in listed where region.effectiveRole == .added {
            let tile = Tile(of: region.place, height: grid.height, width: grid.width)
            let feather = tile.feather(region.feather ?? options[RegionPairOptions.feather])
            mask = mask.maximum(tile.place(feather).like(latent))
        }
        let rest = 1 - mask
        return (rest * latent + mask * fresh) / (mask.squared + rest.squared).squareRoot
    }

    /// The cells that may change; nil where all may, as the whole pictures are said to differ.
    private var changing: Tensor? {
        guard prompts.source == prompts.target else { return context.mask }
        var mask = Tensor.zeros([1, 1, grid.height, grid.width]).like(context.clean)
        for (region, _) in listed where [.added, .removed, .edited].contains(region.effectiveRole) {
            let tile = Tile(of: region.place, height: grid.height, width: grid.width)
            mask = mask.maximum(tile.box.like(mask))
        }
        return context.mask.map { $0 * mask } ?? mask
    }

    private func walk(
        _ start: Sides<Tensor>, _ painting: RegionPainting, inverted: RegionInversion?, guiding: Guide
    ) throws -> Sides<Tensor> {
        let both = try context.session.sample(
            [start.source, start.target], from: steps, of: context.levels, stage: "painting both",
            predicting: { latents, level in
                let both = Sides(latents[0], latents[1])
                let noises = try painting.noises(in: both, at: level) {
                    inverted?.negative(of: $0, at: level)
                }
                let guided = try guiding(noises, both, level)
                return [guided.source, guided.target]
            },
            each: { k, latents in
                let source = inverted?.isDirect == true ? inverted?.latents[k] ?? latents[0] : latents[0]
                return [source, EditContext.blend(latents[1], over: source, mask: context.mask)]
            })
        return Sides(both[0], both[1])
    }
}
