import Diffusion
import Prompts
import Tensors

@testable import Networks

/// A model that keeps what every row of every pass was asked for, and what its layers made of it.
final class WatchedModel: DiffusionModel {
    /// One row of one pass.
    struct Row {
        let timestep: Int
        let latent: Tensor
        /// Sites that its plan edits, by name.
        let edited: Set<String>
        /// Sites that its plan records, by name.
        let recorded: Set<String>
        /// What was made at the watched sites, after all edits of what goes into them.
        let seen: Recording
    }

    /// All rows so far.
    private(set) var rows: [Row] = []
    /// Rows of every pass so far.
    private(set) var passes: [Int] = []
    /// Sites to look at in rows that are not empty-handed.
    var watched: Set<Site> = []

    private let model: LoadedModel

    init(_ name: String = "tiny-sd1", dtype: DType = .float32) throws {
        model = LoadedModel(folder: try tinyModel(name).folder, dtype: dtype)
    }

    var schedule: NoiseSchedule { model.schedule }
    var facts: ModelFacts { model.facts }
    var device: Device { model.device }
    var sites: [Site] { get throws { try model.sites } }

    func tokenizer() throws -> Tokenizer { try model.tokenizer() }
    func embed(_ text: String) throws -> TextEmbedding { try model.embed(text) }
    func context(of embedding: Tensor) throws -> PromptContext { try model.context(of: embedding) }

    func predict(
        _ latents: Tensor, timesteps: Tensor, context: PromptContext, plans: [Plan]
    ) throws -> Tensor {
        let times = timesteps.scalars(as: Int64.self).map(Int.init)
        let given = plans.isEmpty ? times.map { _ in Plan.none } : plans
        let recordings = times.map { _ in Recording(watched) }
        passes.append(times.count)
        for (index, plan) in given.enumerated() {
            rows.append(
                Row(
                    timestep: times[index], latent: latents.rows(index..<(index + 1)),
                    edited: Set(plan.edits.keys.map(\.description)),
                    recorded: Set(plan.recordings.flatMap(\.sites).map(\.description)),
                    seen: recordings[index]))
        }
        let watching = zip(given, recordings).map { $0.then(.recording(into: $1)) }
        return try model.predict(
            latents, timesteps: timesteps, context: context, plans: watched.isEmpty ? plans : watching)
    }

    func encode(_ image: Tensor) throws -> (mean: Tensor, deviation: Tensor) {
        try model.encode(image)
    }
    func image(of latent: Tensor) throws -> Tensor { try model.image(of: latent) }
    func bytesPerRow(latentShape: [Int], plan: Plan) -> Int {
        model.bytesPerRow(latentShape: latentShape, plan: plan)
    }
}

/// The largest absolute difference of two tensors.
func distance(_ left: Tensor, _ right: Tensor) -> Double { (left - right).absolute.amax().item }
