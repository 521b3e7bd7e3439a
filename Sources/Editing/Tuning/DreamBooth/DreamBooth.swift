public import Diffusion
import Imaging
import Layers
import Support
import Tensors

extension DiffusionSession {
    /// Teaches the model a few images (DreamBooth), and writes what changed into a file for later use.
    ///
    /// L = L_den(images, their prompts) + λ·L_den(images of the class, its prompt), AdamW, one image of each a step. A file
    /// of adapters is a LoRA as diffusers writes it; of tuned weights it holds the whole differences. What an earlier run
    /// had kept in the cache is taken from there, and an interrupted run goes on from its checkpoints.
    ///
    /// Of each image the latent is the mean of the autoencoder's posterior, in the order of a permutation for each epoch;
    /// the noise of a step is drawn before its timesteps. Cost: for each step 1 forward and backward, or 2 with a prior;
    /// before that 2·N forwards for each image of the class.
    /// - Parameters:
    ///   - cache: where results and checkpoints are kept; nil keeps none.
    ///   - program: what to call the writer in the record.
    ///   - path: the file, written whole or not at all.
    /// - Throws: `EditingError`, `DiffusionError`, `CancellationError`.
    public func tune(
        _ request: DreamBoothRequest, cache: InversionCache? = nil, program: String? = nil,
        to path: String
    ) throws -> TunedRecord {
        try request.check()
        guard let base = model as? any TunableModel else { throw EditingError.notTunable(method: "LoRA") }
        let facts = model.facts
        let side = facts.squareSide(request.side)
        let examples = try steps("encoding", request.examples).map {
            DreamBooth.Example(
                clean: try encode($0.image.middleSquare(side: side)), prompt: try prompt($0.prompt))
        }
        let prior = try request.prior.map { prior in
            let prompt = try prompt(prior.prompt, as: "prior prompt")
            return try classLatents(of: prior, prompt, seed: request.seed, side: side, cache: cache).map {
                DreamBooth.Example(clean: $0, prompt: prompt)
            }
        }
        let training = DreamBooth(request: request, base: base, examples: examples, prior: prior ?? [])
        let tuned = try training.tuned(in: self, cache: cache)
        let isAlone = request.examples.count == 1
        let record = TunedRecord(
            program: program, method: TunedRecord.weights, model: facts.name, base: facts.fingerprint,
            prompt: Set(request.examples.map(\.prompt)).count == 1 ? request.examples[0].prompt : nil,
            prior: request.prior?.prompt, images: examples.count,
            image: isAlone
                ? TunedFile.hash(of: request.examples[0].image.middleSquare(side: side)) : nil,
            size: [side, side], settings: training.settings,
            losses: [DreamBooth.name: tuned["losses"].floats], cost: spent)
        let (tensors, metadata) = try training.file(of: tuned)
        try TunedFile.write(tensors, record: record, metadata: metadata, to: path)
        tuned.checkpoints?.remove()
        return record
    }

    /// Latents of images of the whole class, made by the untuned model; some at a time, and each time kept.
    private func classLatents(
        of prior: DreamBoothRequest.Prior, _ prompt: Conditioning, seed: UInt64, side: Int,
        cache: InversionCache?
    ) throws -> [Tensor] {
        let (group, cells) = (8, side / model.facts.latentFactor)
        return try stride(from: 0, to: prior.count, by: group).flatMap { start in
            let seeds = (start..<min(start + group, prior.count)).map { seed &+ UInt64($0) }
            func made() throws -> [String: Tensor] {
                let latents = try latents(
                    of: seeds.map { _ in prompt }, seeds: seeds, steps: prior.steps,
                    guidance: prior.guidance, side: side,
                    stage: "making pictures of the class (\(start + seeds.count) of \(prior.count))")
                return ["latents": .concatenated(latents)]
            }
            let tensors: [String: Tensor]
            if let cache {
                let key = InversionCache.key(
                    "prior 1", "\(seeds)", of: [prompt.embedding], on: model, device: model.device,
                    lines: ["\(prior.steps) \(prior.guidance) \(side)"])
                let shape = [seeds.count, model.facts.latentChannels, cells, cells]
                tensors = try cache.tensors(
                    key, shapes: ["latents": shape], device: model.device, compute: made
                ).tensors
            } else {
                tensors = try made()
            }
            return tensors["latents"]?.separateRows.map(\.contiguous) ?? []
        }
    }
}

/// A run of DreamBooth on latents.
struct DreamBooth {
    /// What its stage is called among losses.
    static let name = "lora"

    /// A latent and what it shows.
    struct Example {
        /// The latent (x₀), [1, C, h, w].
        let clean: Tensor
        /// The prompt.
        let prompt: Conditioning
    }

    let request: DreamBoothRequest
    let base: any TunableModel
    let examples: [Example]
    /// Images of the class, by turns one beside each example; none learns the examples alone.
    let prior: [Example]

    /// What the result depends on beside images and prompts, by name.
    var settings: [String: String] {
        var settings = [
            "trainable": request.trainable.rawValue, "steps": "\(request.steps)",
            "learning-rate": "\(request.learningRate)", "weight-decay": "\(request.weightDecay)",
            "clip": "\(request.clip)", "seed": "\(request.seed)",
        ]
        if request.trainable == .lora {
            settings["rank"] = "\(request.rank)"
            settings["alpha"] = "\(request.alpha ?? Double(request.rank))"
        }
        if let prior = request.prior {
            settings["prior-weight"] = "\(prior.weight)"
            settings["prior-pictures"] = "\(prior.count)"
        }
        return settings
    }

    /// The tuned weights or adapters, or what is kept of them.
    func tuned(in session: DiffusionSession, cache: InversionCache?) throws -> Tuned {
        let all = examples + prior
        var keeper = TuningCache(session: session, cache: cache)
        keeper.isForFile = true
        return try keeper.tuned(
            Self.name, of: all.flatMap { [$0.clean, $0.prompt.embedding] }, settings: settings,
            shapes: try TunableWeights.shapes(request.trainable, of: base, rank: request.rank),
            steps: request.steps,
            lighter: request.trainable == .lora
                ? nil : "tune adapters (\(.setting("trainable", "lora"), plain: "trainable=lora"))"
        ) { checkpoints in
            let weights = try TunableWeights(
                request.trainable, of: base, rank: request.rank, scale: request.scale, seed: request.seed)
            let losses = try run(weights, in: session, checkpoints)
            return (weights.values, losses)
        }
    }

    /// All steps on some weights; answers the losses.
    func run(
        _ weights: TunableWeights, in session: DiffusionSession, _ checkpoints: Checkpoints? = nil
    ) throws -> [Float] {
        let loop = TuningLoop(
            stage: "tuning the model", steps: request.steps, learningRate: request.learningRate,
            clip: request.clip, checkpoints: checkpoints)
        let tuned = DiffusionSession(continuing: session, with: weights.model)
        let draws = TuningDraws(seed: request.seed, timesteps: session.schedule.trainingSteps)
        return try loop.run(
            weights.parameters(weightDecay: request.weightDecay), in: tuned, rows: prior.isEmpty ? 1 : 2
        ) { step in
            var rows = [(example: examples[draws.place(step, of: examples.count)], weight: 1.0)]
            if !prior.isEmpty {
                rows.append((prior[draws.place(step, of: prior.count)], request.prior?.weight ?? 1))
            }
            let (noises, timesteps) = draws.draw(step, like: rows[0].example.clean, rows: rows.count)
            return try tuned.denoisingLoss(
                of: rows.indices.map { index in
                    let (example, weight) = rows[index]
                    return DenoisingTerm(
                        clean: example.clean, noise: noises[index], timestep: timesteps[index],
                        // Anew in each step: keys and values are among what is tuned.
                        prompt: Conditioning(
                            embedding: example.prompt.embedding, pooled: example.prompt.pooled),
                        weight: weight)
                })
        }
    }
}
