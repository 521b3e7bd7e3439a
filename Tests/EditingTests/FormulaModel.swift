import Diffusion
import Networks
import Prompts
import Tensors

/// A noise predictor that a test writes down as a formula of a row's latent, timestep and embedding.
final class FormulaModel: DiffusionModel {
    var schedule: NoiseSchedule
    var facts = ModelFacts(
        name: "formula", fingerprint: "formula", latentChannels: 1, latentFactor: 1, imageSide: 1,
        inputChannels: 1)
    let device = Device.cpu
    private let embeddings: [String: Tensor]
    private let formula: (Tensor, Int, Tensor) -> Tensor

    /// - Parameter embeddings: [1, L, D] by text; ones of one element are zero for all other texts.
    init(
        schedule: NoiseSchedule = .stableDiffusion, embeddings: [String: Tensor] = [:],
        formula: @escaping (Tensor, Int, Tensor) -> Tensor
    ) {
        self.schedule = schedule
        self.embeddings = embeddings
        self.formula = formula
    }

    /// The curve that the specification's golden values were computed with.
    static func toy() -> FormulaModel {
        FormulaModel { latent, timestep, _ in
            latent.tanh * (0.2 + 0.8 * Double(timestep) / 1000) + (latent * 3).sin * 0.1
        }
    }

    var sites: [Site] { [] }

    func tokenizer() throws -> Tokenizer { throw DiffusionError.mismatch("a formula has no tokens") }

    func embed(_ text: String) throws -> TextEmbedding {
        TextEmbedding(embeddings[text] ?? .zeros([1, 1, 1]))
    }

    func context(of embedding: Tensor) throws -> PromptContext { PromptContext(embedding: embedding) }

    func predict(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]
    ) throws -> Tensor {
        .concatenated(
            timesteps.scalars(as: Int64.self).enumerated().map { row, timestep in
                formula(
                    latents.rows(row..<(row + 1)), Int(timestep), context.embedding.rows(row..<(row + 1)))
            })
    }

    func encode(_ image: Tensor) throws -> (mean: Tensor, deviation: Tensor) {
        (image, image.zerosLike)
    }

    func image(of latent: Tensor) throws -> Tensor { latent }

    func bytesPerRow(latentShape: [Int], plan: Plan) -> Int { 1 }
}

/// A schedule like Stable Diffusion's with another offset, or one that ends without noise.
func schedule(offset: Int = 1, endsClean: Bool = false) -> NoiseSchedule {
    NoiseSchedule(
        betas: NoiseSchedule.betas(.scaledLinear, from: 0.00085, to: 0.012, count: 1000),
        endsClean: endsClean,
        offset: offset)
}
