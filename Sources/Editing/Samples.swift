public import Diffusion
public import Imaging
import Tensors

extension Studio {
    /// A picture for each prompt, many of them in one pass; each the same as `generate` makes alone.
    ///
    /// Draws one noise of the latent's shape from each seed. Cost: 2·N forwards a picture.
    /// - Parameters:
    ///   - seeds: one for each prompt.
    ///   - steps: N.
    ///   - guidance: g; 1 asks the prompts alone.
    /// - Throws: `DiffusionError`, `CancellationError`.
    public func samples(
        of prompts: [Prompt], seeds: [UInt64], steps count: Int = 50, guidance: Double = 5
    ) throws -> [Picture] {
        precondition(prompts.count == seeds.count, "every prompt needs a seed")
        let (levels, empty, facts) = (try schedule.levels(steps: count), try prompt(""), model.facts)
        let side = facts.pictureSide / facts.latentFactor
        var latents = seeds.map {
            RandomGenerator(seed: $0).normal([1, facts.latentChannels, side, side]).to(device: model.device)
        }
        for k in steps("sampling", (1...levels.steps).reversed()) {
            let queries = zip(latents, prompts).flatMap { latent, prompt in
                (guidance == 1 ? [prompt] : [empty, prompt]).map { Query(latent, at: levels[k], prompt: $0) }
            }
            let answers = try predict(queries)
            let rows = queries.count / max(latents.count, 1)
            for index in latents.indices {
                let own = answers[(index * rows)..<((index + 1) * rows)]
                guard let first = own.first, let last = own.last else { continue }
                let noise = guided(empty: first, prompted: last, scale: guidance)
                latents[index] = DDIM.move(latents[index], noise, from: levels[k], to: levels[k - 1])
            }
        }
        return try latents.map { try decode($0) }
    }

    /// Prompts on the straight line between the embeddings of two texts, both ends included.
    public func prompts(from first: String, to last: String, count: Int) throws -> [Prompt] {
        let (first, last) = (try prompt(first), try prompt(last))
        guard count > 1 else { return [first] }
        return (0..<count).map { index in
            switch index {
            case 0: return first
            case count - 1: return last
            default:
                let share = Double(index) / Double(count - 1)
                return Prompt(embedding: first.embedding * (1 - share) + last.embedding * share)
            }
        }
    }
}
