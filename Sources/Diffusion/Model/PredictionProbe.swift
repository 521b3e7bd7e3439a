public import Tensors

/// What a network answers, seen by one pass: whether its answer to noise is that noise.
///
/// A latent without a picture is brought to timestep 900, z = √(1-ᾱ)·n, and shown without a prompt. β = ⟨answer,
/// n⟩/⟨n, n⟩ is about 1 where the noise is answered, and about 0 where the velocity √ᾱ·n - √(1-ᾱ)·x₀ is.
public struct PredictionProbe {
    /// The share of the noise in the answer (β).
    public let share: Double

    /// The quantity that the share speaks for.
    public var prediction: Prediction { share > 0.5 ? .noise : .velocity }

    /// Asks a model.
    /// - Throws: what the model throws.
    public init(of model: any DiffusionModel) throws {
        let schedule = model.schedule
        let timestep = schedule.trainingSteps * 9 / 10
        let level = NoiseLevel(index: 1, timestep: timestep, alphaBar: schedule.alphaBars[timestep])
        let noise = RandomGenerator(seed: 0).normal([1, model.facts.latentChannels, 16, 16])
        let context = try model.context(of: try model.embed("").embedding)
        let latent = (noise * level.sqrtOneMinusAlphaBar).to(device: model.device)
        let times = Tensor([Int64(timestep)], shape: [1]).to(device: model.device)
        let answer = try model.predict(latent, timesteps: times, context: context, plans: [])
            .to(dtype: .float32, device: .cpu)
        share = (answer * noise).sum.item / noise.squared.sum.item
    }
}
