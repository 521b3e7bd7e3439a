import Diffusion
import Networks
import Tensors

/// One walk of MRGD: what is painted, what guides it, and the words that are found on the way.
final class MRGDRun {
    let pairing: RegionPairing
    let painting: RegionPainting
    let guidance: RegionGuide
    private let boost: AttentionBoost
    private var words: KeyWords?
    /// Positions of key tokens in each picture's prompt of the whole.
    private var positions = Sides<[Int]>([], [])
    /// The levels at which key words were chosen.
    private(set) var choices: [Int] = []

    init(
        _ pairing: RegionPairing, _ painting: RegionPainting, _ guidance: RegionGuide, boost: AttentionBoost,
        keyTokens: Int, _ prompts: Sides<WholePrompt>
    ) throws {
        (self.pairing, self.painting, self.guidance, self.boost) = (pairing, painting, guidance, boost)
        let model = pairing.context.session.model
        guard keyTokens > 0, let region = painting.whole?.region, region.controller != nil,
            let source = region.source?.prompt, let target = region.target?.prompt
        else { return }
        let sites = try model.sites.promptMaps(nearestSide: 16, latentShape: pairing.context.clean.shape)
        guard !sites.isEmpty else { return }
        words = KeyWords(
            Sides(
                .init(prompt: source, owners: prompts.source.owners),
                .init(prompt: target, owners: prompts.target.owners)),
            most: keyTokens, try model.tokenizer())
        painting.watched = sites
        painting.whileWhole = { [unowned self] in self.boost.plans(self.positions) }
    }

    /// What is done to the noises of every step.
    func guide(_ noises: Sides<Tensor>, _ latents: Sides<Tensor>, _ level: NoiseLevel) throws -> Sides<Tensor>
    {
        observe(at: level)
        return try guidance.guided(noises, latents, at: level)
    }

    /// Looks at the maps of the whole picture, and at every fifth step chooses key words by all that were seen.
    private func observe(at level: NoiseLevel) {
        guard let seen = painting.seen, words != nil else { return }
        words?.observe(
            painting.watched.map { site in
                let pair = seen.maps(site)
                return Sides(pair.source, pair.target)
            })
        guard (level.index - 1) % 5 == 4, let words else { return }
        choices.append(level.index)
        for side in PairSide.allCases {
            let found = words.positions(side)
            for (region, positions) in found.sorted(by: { $0.key < $1.key }) {
                guidance.add(positions.sorted().compactMap { words.word(at: $0, side) }, to: region, side)
            }
            positions[side] = found.values.flatMap(\.self).sorted()
        }
    }
}
