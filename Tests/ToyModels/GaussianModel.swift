public import Diffusion
public import Networks
public import Prompts
public import Tensors

/// The exact denoiser of Gaussian data, one mean per prompt: N(μ_c, s²) at every element.
///
/// ε*(x, t, c) = √(1-ᾱ)·(x - √ᾱ·μ_c)/(ᾱ·s² + 1 - ᾱ). Latents are the images themselves, three channels of float32 (or
/// float64 where a test asks with such latents).
public final class GaussianModel: DiffusionModel {
    /// How it sees noise.
    public var schedule: NoiseSchedule
    /// Its sizes.
    public var facts: ModelFacts
    /// The CPU.
    public let device = Device.cpu
    /// Side of the images.
    public let side: Int
    /// Deviation of the data (s).
    public let deviation: Double
    /// What the answers are multiplied by, to ask whether a method depends on their scale.
    public var gain = 1.0
    /// How much of the latent, times the prompt's mean, is added to answers: differences then depend on the noise.
    public var sensitivity = 0.0
    /// How much of the last three channels of wider inputs is added to answers.
    public var extraInfluence = 0.0
    /// What latents are multiplied by to be what the network sees.
    public var latentScale = 1.0
    /// What an unscaled latent is decoded to; itself, unless a test wants more.
    public var decoder: (Tensor) -> Tensor = { $0 }
    /// How many rows fit, if fewer than the studio allows.
    public var rowBytes = 1
    /// Called before every pass, with its number from 1.
    public var beforePass: (Int) -> Void = { _ in }
    /// Rows of every pass so far.
    public private(set) var passes: [Int] = []
    /// Timesteps of every row so far.
    public private(set) var timesteps: [Int] = []
    /// How many latents were decoded.
    public private(set) var decoded = 0

    private let means: [String: Tensor]

    /// A model that knows some prompts; all others mean zero everywhere.
    /// - Parameter means: [1, 3, side, side] by prompt.
    public init(
        side: Int = 16, deviation: Double = 0.5, schedule: NoiseSchedule = .stableDiffusion,
        means: [String: Tensor] = [:]
    ) {
        self.side = side
        self.deviation = deviation
        self.schedule = schedule
        self.means = means
        facts = ModelFacts(
            name: "gaussian", fingerprint: "0", latentChannels: 3, latentFactor: 1, imageSide: side,
            inputChannels: 3)
    }

    /// A mean that is `value` in the first `columns` columns (counted over all rows, so part of one may be) and 0
    /// elsewhere.
    public static func mean(side: Int, first count: Int, value: Double) -> Tensor {
        let one = (0..<(side * side)).map { $0 < count ? Float(value) : 0 }
        return Tensor(one + one + one, shape: [1, 3, side, side])
    }

    /// Nothing inside can be seen.
    public var sites: [Site] { [] }

    /// Letters as tokens, for methods that compare the words of prompts.
    public func tokenizer() throws -> Tokenizer {
        try Tokenizer.train(on: ["a cat and a dog"], vocabularySize: 514, contextLength: 32)
    }

    /// A prompt's mean as its embedding; more than eight words are cut off.
    public func embed(_ text: String) throws -> TextEmbedding {
        let mean = means[text] ?? .zeros([1, 3, side, side])
        let words = text.split(separator: " ")
        let cutOff = words.count > 8 ? words[8...].joined(separator: " ") : nil
        return TextEmbedding(
            mean.reshaped([1, 1, -1]), tokens: try tokenizer().encode(text), cutOff: cutOff)
    }

    /// The embedding as it is.
    public func context(of embedding: Tensor) throws -> PromptContext { PromptContext(embedding: embedding) }

    /// The exact answer for every row.
    public func predict(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]
    ) throws -> Tensor {
        beforePass(passes.count + 1)
        let inputs = latents
        let latents = inputs.narrowed(1, from: 0, count: 3)
        let rows = timesteps.scalars(as: Int64.self).map(Int.init)
        passes.append(rows.count)
        self.timesteps += rows
        // Latents of another size than the toy's have no means, though gradients reach the prompt.
        var means = latents.zerosLike + context.embedding.mean.like(latents) * 0
        if context.embedding.count == latents.count {
            means = context.embedding.reshaped(latents.shape).to(dtype: latents.dtype)
        }
        let answers = rows.enumerated().map { index, timestep in
            let alphaBar = schedule.alphaBars[timestep]
            let level = NoiseLevel(index: 1, timestep: timestep, alphaBar: alphaBar)
            let latent = latents.rows(index..<(index + 1))
            let variance = alphaBar * deviation * deviation + 1 - alphaBar
            let mean = means.rows(index..<(index + 1))
            let seen = inputs.rows(index..<(index + 1)).narrowed(1, from: inputs.shape[1] - 3, count: 3)
            let noise =
                (latent - mean * level.sqrtAlphaBar) * (level.sqrtOneMinusAlphaBar / variance) + latent * mean
                * sensitivity
                + seen * extraInfluence
            switch schedule.prediction {
            case .noise: return noise * gain
            // v = (ε - √(1-ᾱ)·x)/√ᾱ
            case .velocity: return (noise - latent * level.sqrtOneMinusAlphaBar) / level.sqrtAlphaBar
            }
        }
        return .concatenated(answers)
    }

    /// The image itself, with a small deviation.
    public func encode(_ image: Tensor) throws -> (mean: Tensor, deviation: Tensor) {
        (image, .full(image.shape, 0.01))
    }

    /// The latent itself, or what the decoder makes of it.
    public func image(of latent: Tensor) throws -> Tensor {
        decoded += 1
        return decoder(latentScale == 1 ? latent : latent / latentScale)
    }

    /// What `rowBytes` says.
    public func bytesPerRow(latentShape: [Int], plan: Plan) -> Int { rowBytes }
}
