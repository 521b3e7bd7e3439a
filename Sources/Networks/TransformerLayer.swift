import Layers
import Tensors

/// Self-attention and a feed-forward layer, as both towers of CLIP have them.
struct TransformerLayer {
    private let norm1: LayerNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let norm2: LayerNorm
    private let widen: Linear
    private let narrow: Linear
    private let heads: Int
    private let activation: TextEncoderConfiguration.Activation
    private let causal: Bool
    private let evictPages: (() -> Void)?

    /// - Parameter causal: whether a token sees only those before it, as in the text's tower.
    init(
        _ weights: Weights, width: Int, inner: Int, heads: Int,
        activation: TextEncoderConfiguration.Activation, epsilon: Double, causal: Bool
    ) throws {
        let attention = weights["self_attn"]
        self.heads = heads
        self.activation = activation
        self.causal = causal
        norm1 = try LayerNorm(weights["layer_norm1"], width, epsilon: epsilon)
        query = try Linear(attention["q_proj"], width, width)
        key = try Linear(attention["k_proj"], width, width)
        value = try Linear(attention["v_proj"], width, width)
        output = try Linear(attention["out_proj"], width, width)
        norm2 = try LayerNorm(weights["layer_norm2"], width, epsilon: epsilon)
        widen = try Linear(weights["mlp"]["fc1"], width, inner)
        narrow = try Linear(weights["mlp"]["fc2"], inner, width)
        evictPages = weights.evictPages
    }

    /// [B, L, D] → [B, L, D].
    func callAsFunction(_ input: Tensor) -> Tensor {
        defer { evictPages?() }
        let normalized = norm1(input)
        let attended = Tensor.attention(
            split(query(normalized)), split(key(normalized)), split(value(normalized)), causal: causal)
        let (batch, length, width) = input.shape3
        let x = input + output(attended.transposed(1, 2).reshaped([batch, length, width]))
        return x + narrow(activation.apply(widen(norm2(x))))
    }

    /// Parts [B, L, D] into [B, heads, L, d].
    private func split(_ x: Tensor) -> Tensor {
        let (batch, length, width) = x.shape3
        return x.reshaped([batch, length, heads, width / heads]).transposed(1, 2)
    }
}
