import Layers
import Tensors

/// Multi-head attention of image tokens to themselves or to the prompt.
struct Attention {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let heads: Int
    /// Sites by value; `site(.map)` and so on.
    private let sites: [Site.Value: Site]

    /// - Parameter bias: whether queries, keys and values have one, as in networks without transformers.
    init(
        _ weights: Weights, channels: Int, context: Int, heads: Int, stage: Site.Stage, layer: Int,
        attention: Site.Attention, scale: Int, bias: Bool = false
    ) throws {
        let parts = AttentionWeights(weights)
        query = try Linear(parts.query, channels, channels, bias: bias, pointwise: bias)
        key = try Linear(parts.key, context, channels, bias: bias, pointwise: bias)
        value = try Linear(parts.value, context, channels, bias: bias, pointwise: bias)
        output = try Linear(parts.output, channels, channels, pointwise: bias)
        self.heads = heads
        sites = [Site.Value.query, .key, .value, .map].reduce(into: [:]) {
            $0[$1] = Site(stage: stage, layer: layer, attention: attention, value: $1, scale: scale)
        }
    }

    /// The sites of this layer, in the order in which a pass reaches them.
    var orderedSites: [Site] { [.query, .key, .value, .map].compactMap { sites[$0] } }

    /// Keys and values of context tokens [B, L, D], each [B, heads, L, d].
    func keysAndValues(_ context: Tensor) -> KeysAndValues {
        KeysAndValues(keys: split(key(context)), values: split(value(context)))
    }

    /// [B, N, C] → [B, N, C], added to `residual`.
    func callAsFunction(
        _ x: Tensor, _ context: KeysAndValues, plus residual: Tensor, _ pass: Pass
    ) -> Tensor {
        var q = split(query(x))  // [B, heads, N, d]
        var k = context.keys
        var v = context.values
        if let site = sites[.query] { q = pass.touch(q, at: site) }
        if let site = sites[.key] { k = pass.touch(k, at: site) }
        if let site = sites[.value] { v = pass.touch(v, at: site) }
        guard let site = sites[.map], pass.touches(site) else {
            return output(merge(Tensor.attention(q, k, v)), plus: residual)
        }
        // Only the rows that look at the map pay for forming it.
        let rows = (0..<q.shape[0]).map { row in
            let range = row..<(row + 1)
            let (q, k, v) = (q.rows(range), k.rows(range), v.rows(range))
            guard pass.touches(site, row: row) else { return Tensor.attention(q, k, v) }
            let scale = 1 / Double(q.shape[3]).squareRoot()
            let map = (q.matmul(k.transposed(2, 3)) * scale).softmax(-1)  // [1, heads, N, L]
            return pass.touch(map, at: site, row: row).matmul(v)
        }
        return output(merge(.concatenated(rows)), plus: residual)
    }

    /// Parts [B, N, heads·d] into [B, heads, N, d].
    private func split(_ x: Tensor) -> Tensor {
        let (batch, tokens, channels) = x.shape3
        return x.reshaped([batch, tokens, heads, channels / heads]).transposed(1, 2)
    }

    /// Joins [B, heads, N, d] into [B, N, heads·d].
    private func merge(_ x: Tensor) -> Tensor {
        let (batch, heads, tokens, channels) = x.shape4
        return x.transposed(1, 2).reshaped([batch, tokens, heads * channels])
    }
}

/// Where the four projections of an attention lie.
///
/// Files made before 2023 use other names, and 1×1 convolutions in the oldest.
struct AttentionWeights {
    let query, key, value, output: Weights

    init(_ weights: Weights) {
        let old = weights["query"].holds("weight")
        query = weights[old ? "query" : "to_q"]
        key = weights[old ? "key" : "to_k"]
        value = weights[old ? "value" : "to_v"]
        output = old ? weights["proj_attn"] : weights["to_out"][0]
    }
}

/// What attention looks at, ready for use, each [B, heads, L, d].
struct KeysAndValues {
    let keys: Tensor
    let values: Tensor
}

/// Self-attention, attention to the prompt and a gated feed-forward layer over image tokens.
struct TransformerBlock {
    private let ownNorm: LayerNorm
    private let own: Attention
    private let promptNorm: LayerNorm
    let prompt: Attention
    private let forwardNorm: LayerNorm
    private let gated: GatedLinear
    private let forward: Linear

    init(
        _ weights: Weights, channels: Int, context: Int, heads: Int, stage: Site.Stage, layer: Int, scale: Int
    ) throws {
        ownNorm = try LayerNorm(weights["norm1"], channels)
        own = try Attention(
            weights["attn1"], channels: channels, context: channels, heads: heads, stage: stage, layer: layer,
            attention: .selfAttention, scale: scale)
        promptNorm = try LayerNorm(weights["norm2"], channels)
        prompt = try Attention(
            weights["attn2"], channels: channels, context: context, heads: heads, stage: stage, layer: layer,
            attention: .crossAttention, scale: scale)
        forwardNorm = try LayerNorm(weights["norm3"], channels)
        gated = try GatedLinear(weights["ff"]["net"][0]["proj"], channels, channels * 4)
        forward = try Linear(weights["ff"]["net"][2], channels * 4, channels)
    }

    var orderedSites: [Site] { own.orderedSites + prompt.orderedSites }

    /// [B, N, C] → [B, N, C].
    func callAsFunction(_ input: Tensor, _ context: KeysAndValues, _ pass: Pass) -> Tensor {
        let normalized = ownNorm(input)
        var x = own(normalized, own.keysAndValues(normalized), plus: input, pass)
        x = prompt(promptNorm(x), context, plus: x, pass)
        return forward(gated(forwardNorm(x)), plus: x)
    }
}

/// A transformer over the places of a feature image, with its way in and out.
struct SpatialTransformer {
    private let norm: GroupNorm
    private let convIn: Linear
    private let convOut: Linear
    private let block: TransformerBlock

    init(
        _ weights: Weights, channels: Int, heads: Int, configuration: UNetConfiguration, stage: Site.Stage,
        layer: Int, scale: Int
    ) throws {
        norm = try GroupNorm(weights["norm"], channels, groups: configuration.normNumGroups, epsilon: 1e-6)
        // A 1×1 convolution is a linear layer over places: one code for both families.
        convIn = try Linear(weights["proj_in"], channels, channels, pointwise: true)
        convOut = try Linear(weights["proj_out"], channels, channels, pointwise: true)
        block = try TransformerBlock(
            weights["transformer_blocks"][0], channels: channels, context: configuration.crossAttentionDim,
            heads: heads, stage: stage, layer: layer, scale: scale)
    }

    var orderedSites: [Site] { block.orderedSites }

    func keysAndValues(_ prompts: Tensor) -> KeysAndValues { block.prompt.keysAndValues(prompts) }

    /// [B, C, H, W] → [B, C, H, W].
    func callAsFunction(_ x: Tensor, _ context: KeysAndValues, _ pass: Pass) -> Tensor {
        let (batch, channels, height, width) = x.shape4
        func tokens(_ x: Tensor) -> Tensor {
            x.permuted(0, 2, 3, 1).reshaped([batch, height * width, channels])
        }
        let out = convOut(block(convIn(tokens(norm(x))), context, pass), plus: tokens(x))
        return out.reshaped([batch, height, width, channels]).permuted(0, 3, 1, 2)
    }
}
