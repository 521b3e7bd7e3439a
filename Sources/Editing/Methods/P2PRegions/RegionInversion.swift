import Diffusion
import Tensors

/// A photo brought to noise region by region, and what leads back.
///
/// At every level each region of the source is inverted in its own tile by DDIM without guidance, and the whole goes on
/// from their composition. `nullText` then learns an empty prompt for every region and level, so that the region's guided
/// step from the composed latent meets the region's own inverted latent (MRGD, Algorithm 1, lines 2 to 11). It begins with
/// what the region is led away from, the empty prompt or a negative one.
///
/// Draws no noise. With R regions and K levels: R·K forwards, and for `nullText` at guidance other than 1 per region and
/// level 1 for the prompt, n forwards and n backwards for the n ≤ N Adam steps, and 2 to walk on.
struct RegionInversion {
    /// How the way back is found.
    enum Kind: String, OptionChoice {
        case nullText = "null-text"
        case direct, ddim
    }

    /// The composed latents of levels 0…K, [1, C, h, w] each.
    let latents: [Tensor]
    /// What every region is led away from on the step down from level k, at index k - 1; nil where by its own.
    let negatives: [[Conditioning]]?
    /// Whether the source is held to the latents.
    let isDirect: Bool

    /// What a region is led away from on the step down from a level.
    func negative(of region: Int, at level: NoiseLevel) -> Conditioning? {
        negatives.map { $0[level.index - 1][region] }
    }

    /// Inverts a photo by the source rows of its regions.
    init(_ context: EditContext, _ regions: [PairedRegion], kind: Kind, nullSteps: Int) throws {
        let sources = regions.filter { $0.source != nil }
        let walk = Walk(context: context, regions: sources)
        let (latents, tiles) = try walk.invert()
        self.latents = latents
        isDirect = kind == .direct
        guard kind == .nullText, context.guidance != 1, context.startStep > 0 else {
            negatives = nil
            return
        }
        let options = try InversionKind.nullText.options(
            [NullTextInversion.iterations.name: "\(nullSteps)"], preset: .paper)
        let learnt = try walk.learn(from: context.startStep, latents, tiles, NullTextInversion(options))
        // Those that the source does not show have none of their own.
        var places = sources.indices.makeIterator()
        let order = regions.map { $0.source == nil ? nil : places.next() }
        negatives = learnt.map { level in
            zip(order, regions).map { place, region in
                place.map { level[$0] } ?? region.target?.negative ?? context.negative
            }
        }
    }

    /// The way there and the way back.
    private struct Walk {
        let context: EditContext
        let regions: [PairedRegion]

        /// What the tiles make together.
        private func composed(_ values: [Tensor]) -> Tensor {
            RegionPainting.composed(zip(regions, values).map { ($0, $1) })
        }

        /// The composed latents of all levels, and those of every region.
        func invert() throws -> (latents: [Tensor], tiles: [[Tensor]]) {
            let (levels, session) = (context.levels, context.session)
            var latents = [context.clean]
            var tiles = [regions.map { $0.tile.crop(context.clean) }]
            guard context.startStep > 0 else { return (latents, tiles) }
            for k in session.steps("inverting regions", 1...context.startStep) {
                let latent = latents[k - 1]
                let views = regions.map { $0.tile.crop(latent) }
                let queries = zip(regions, views).compactMap { region, view in
                    region.source.map {
                        Query(
                            view, at: levels[k - 1], timestep: levels[k].timestep, prompt: $0.prompt.prompt)
                    }
                }
                let noises = try session.predict(queries)
                tiles.append(
                    zip(views, noises).map { DDIM.step($0, $1, from: levels[k - 1], to: levels[k]) })
                latents.append(DDIM.step(latent, composed(noises), from: levels[k - 1], to: levels[k]))
            }
            return (latents, tiles)
        }

        /// The empty prompts of every region, cleanest level first.
        func learn(
            from top: Int, _ latents: [Tensor], _ tiles: [[Tensor]], _ inversion: NullTextInversion
        ) throws -> [[Conditioning]] {
            let (levels, session) = (context.levels, context.session)
            let parts = regions.compactMap { region in
                region.source.map {
                    InversionContext(
                        context, to: top, through: levels, prompt: $0.prompt.prompt, stage: "learning")
                }
            }
            var embeddings = regions.map {
                NullTextInversion.start(from: $0.source?.negative ?? context.negative)
            }
            var latent = latents[top]
            var learnt: [[Conditioning]] = []
            for k in session.steps("learning the empty prompts", (1...top).reversed()) {
                var queries: [Query] = []
                for (index, region) in regions.enumerated() {
                    let view = region.tile.crop(latent)
                    embeddings[index] = try inversion.next(
                        after: embeddings[index], latent: view, target: tiles[k - 1][index], level: k,
                        of: parts[index])
                    let wanted = context.empty.embedding.dtype
                    let null = Conditioning(embedding: embeddings[index].to(dtype: wanted).copied)
                    queries.append(
                        Query(
                            view, at: levels[k], prompt: parts[index].prompt,
                            guidance: Guidance(awayFrom: null, scale: context.guidance)))
                }
                learnt.append(queries.compactMap { $0.guidance?.negatives[0].prompt })
                let noise = composed(try session.predict(queries))
                latent = DDIM.step(latent, noise, from: levels[k], to: levels[k - 1])
            }
            return learnt.reversed()
        }
    }
}
