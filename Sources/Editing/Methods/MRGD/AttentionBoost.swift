import Networks
import Tensors

/// Makes the places that key words point to count more in the self-attention that follows.
///
/// In the way down, the logits of a layer's attention to the prompt are summed over the key tokens and heads; in the next
/// self-attention of the same stage and size the logits of the half of the places with the largest sums are multiplied by a
/// factor, which is done by their keys. The first layer of a stage has none before it and stays as it is.
struct AttentionBoost {
    /// Which pictures are touched.
    enum Rows: String, OptionChoice {
        /// The target alone.
        case target
        /// Both, by their sums together and by the source's tokens, as in the published code.
        case both
    }

    /// What logits are multiplied by.
    let factor: Double
    /// Which pictures are touched.
    let rows: Rows
    /// The site of the keys of a self-attention, with the queries and keys of the attention to the prompt before it.
    private let pairs: [Site: (query: Site, key: Site)]

    init(factor: Double, rows: Rows, sites: [Site]) {
        self.factor = factor
        self.rows = rows
        var pairs: [Site: (query: Site, key: Site)] = [:]
        for site in sites where site.attention == .selfAttention && site.value == .key {
            guard case .down = site.stage else { continue }
            let before = sites.filter {
                $0.attention == .crossAttention && $0.stage == site.stage && $0.scale == site.scale
                    && $0.layer < site.layer
            }
            let last = before.map(\.layer).max()
            guard let query = before.first(where: { $0.layer == last && $0.value == .query }),
                let key = before.first(where: { $0.layer == last && $0.value == .key })
            else { continue }
            pairs[site] = (query, key)
        }
        self.pairs = pairs
    }

    /// What a pass of both pictures is told; nothing of it is left for the next one.
    /// - Parameter positions: of key tokens in each picture's ids.
    func plans(_ positions: Sides<[Int]>) -> Sides<Plan> {
        guard factor != 1, !pairs.isEmpty else { return Sides(.none, .none) }
        let wanted = Set(pairs.values.flatMap { [$0.query, $0.key] })
        let recordings = Sides { _ in Recording(wanted) }
        func plan(_ side: PairSide, _ tokens: [Int], _ seen: [Recording]) -> Plan {
            guard !tokens.isEmpty else { return .none }
            return Plan.recording(into: recordings[side]).then(
                .editing(pairs.keys) { site, keys in
                    guard let pair = pairs[site] else { return keys }
                    let sums = seen.filter { $0.holds(pair.query) && $0.holds(pair.key) }.map {
                        Self.sums($0[pair.query], $0[pair.key], tokens)
                    }
                    guard let first = sums.first else { return keys }
                    return boosted(keys, by: sums.dropFirst().reduce(first, +))
                })
        }
        switch rows {
        case .target: return Sides(.none, plan(.target, positions.target, [recordings.target]))
        case .both:
            let both = [recordings.source, recordings.target]
            return Sides(
                plan(.source, positions.source, both), plan(.target, positions.source, both))
        }
    }

    /// The logits of key tokens summed over tokens and heads, [N]: queries [1, heads, N, d], keys [1, heads, L, d].
    static func sums(_ queries: Tensor, _ keys: Tensor, _ tokens: [Int]) -> Tensor {
        let indices = Tensor(tokens.map(Int64.init), shape: [tokens.count]).to(device: keys.device)
        let logits = queries.matmul(keys.indexSelect(2, indices).transposed(2, 3))
        return logits.sum([0, 1, 3]) / Double(queries.shape[3]).squareRoot()
    }

    /// Keys [1, heads, N, d], those of the half of the places with the largest sums multiplied.
    func boosted(_ keys: Tensor, by sums: Tensor) -> Tensor {
        let values = sums.floats
        let order = values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
        var factors = [Float](repeating: 1, count: values.count)
        for place in order.prefix(values.count / 2) { factors[place] = Float(factor) }
        return keys * Tensor(factors, shape: [1, 1, factors.count, 1]).like(keys)
    }
}
