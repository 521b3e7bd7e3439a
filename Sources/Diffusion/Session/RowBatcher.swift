import Networks
import Tensors

/// The rows that queries are made of: one for the prompt and one for each negative prompt that counts, equal ones asked
/// once.
///
/// Two rows are equal where the same latent is shown with the same timestep, prompt and further channels, and neither
/// is looked into.
struct RowBatcher {
    /// One row of a forward pass.
    struct Row {
        let latent: Tensor
        let level: NoiseLevel
        let timestep: Int
        let prompt: Conditioning
        let plan: Plan
        let extra: Tensor?

        /// What the network reads, [1, C + C', h, w].
        var input: Tensor {
            guard let extra else { return latent }
            return .concatenated([latent, extra], along: 1)
        }

        /// Whether this row can be in a pass that begins with another.
        func fits(_ first: Row) -> Bool {
            latent.shape == first.latent.shape && latent.dtype == first.latent.dtype
                && extra?.shape == first.extra?.shape
                && prompt.embedding.shape == first.prompt.embedding.shape
        }
    }

    /// Where a query's estimates are found among the rows.
    private struct Places {
        let conditional: Int
        let unconditional: [(row: Int, share: Double)]
    }

    private struct Key: Hashable {
        let latent: ObjectIdentifier
        let level: NoiseLevel
        let timestep: Int
        let prompt: ObjectIdentifier
        let extra: ObjectIdentifier?
    }

    /// All rows, in the order in which they are to be asked.
    private(set) var rows: [Row] = []
    private var places: [Places] = []
    private var known: [Key: Int] = [:]

    init(_ queries: [Query]) {
        for query in queries {
            let conditional = row(of: query, query.latent, query.prompt, query.plan)
            guard let guidance = query.guidance, guidance.counts(for: query.prompt) else {
                places.append(Places(conditional: conditional, unconditional: []))
                continue
            }
            let unconditional = guidance.negatives.map { negative in
                (
                    row(of: query, guidance.latent ?? query.latent, negative.prompt, guidance.plan),
                    negative.share
                )
            }
            places.append(Places(conditional: conditional, unconditional: unconditional))
        }
    }

    /// The place of a row that is asked, or was already.
    private mutating func row(of query: Query, _ latent: Tensor, _ prompt: Conditioning, _ plan: Plan) -> Int
    {
        let key = Key(
            latent: latent.identity, level: query.level, timestep: query.timestep,
            prompt: ObjectIdentifier(prompt), extra: query.extra?.identity)
        if plan.isNone, let place = known[key] { return place }
        if plan.isNone { known[key] = rows.count }
        rows.append(
            Row(
                latent: latent, level: query.level, timestep: query.timestep, prompt: prompt, plan: plan,
                extra: query.extra))
        return rows.count - 1
    }

    /// The halves of every query, from the rows' answers.
    func halves(_ answers: [Tensor]) -> [Halves] {
        places.map { places in
            let shares = places.unconditional.map {
                $0.share == 1 ? answers[$0.row] : answers[$0.row] * $0.share
            }
            return Halves(
                unconditional: shares.first.map { shares.dropFirst().reduce($0, +) },
                conditional: answers[places.conditional])
        }
    }
}
