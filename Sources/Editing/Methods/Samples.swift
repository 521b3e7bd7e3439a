public import Diffusion
public import Imaging
import Tensors

extension DiffusionSession {
    /// An image for each prompt, many of them in one pass; each the same as `generate` makes alone.
    ///
    /// Draws one noise of the latent's shape from each seed. Cost: 2·N forwards an image.
    /// - Parameters:
    ///   - seeds: one for each prompt.
    ///   - steps: N.
    ///   - guidance: g; 1 asks the prompts alone.
    /// - Throws: `DiffusionError`, `CancellationError`.
    public func samples(
        of prompts: [Conditioning], seeds: [UInt64], steps count: Int = 50, guidance: Double = 5,
        stage: String = "sampling"
    ) throws -> [Image] {
        try latents(of: prompts, seeds: seeds, steps: count, guidance: guidance, stage: stage).map {
            try decode($0)
        }
    }

    /// The latents of such images.
    /// - Parameter side: pixels of a side; the model's own where nil.
    func latents(
        of prompts: [Conditioning], seeds: [UInt64], steps count: Int, guidance: Double, side: Int? = nil,
        stage: String
    ) throws -> [Tensor] {
        precondition(prompts.count == seeds.count, "every prompt needs a seed")
        let (levels, facts) = (try schedule.levels(steps: count), model.facts)
        let side = (side ?? facts.imageSide) / facts.latentFactor
        let noises = seeds.map {
            RandomGenerator(seed: $0).normal([1, facts.latentChannels, side, side]).to(device: model.device)
        }
        let away = Guidance(awayFrom: try prompt(""), scale: guidance)
        return try sample(
            noises, from: levels.steps, of: levels, prompts: prompts, guidance: away, stage: stage)
    }

    /// Prompts on the straight line between the embeddings of two texts, both ends included.
    public func prompts(from first: String, to last: String, count: Int) throws -> [Conditioning] {
        advise(on: [("first prompt", first), ("last prompt", last)])
        let (first, last) = (try prompt(first, as: "first prompt"), try prompt(last, as: "last prompt"))
        guard count > 1 else { return [first] }
        return (0..<count).map { index in
            switch index {
            case 0: return first
            case count - 1: return last
            default:
                return first.mixed(with: last, share: Double(index) / Double(count - 1))
            }
        }
    }
}
