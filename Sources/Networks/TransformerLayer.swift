import Layers
import Tensors

/// Self-attention and a feed-forward layer, as both towers of CLIP and the decoder of CLIPSeg have them.
struct TransformerLayer {
    /// Where the layer normalises.
    enum Norms {
        /// What goes into attention and feed-forward layer, as CLIP's towers do.
        case before
        /// The sum behind each, as the first transformers did.
        case after
    }

    private let norm1: LayerNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let norm2: LayerNorm
    private let widen: Linear
    private let narrow: Linear
    private let heads: Int
    private let activation: (Tensor) -> Tensor
    private let causal: Bool
    private let norms: Norms
    private let evictPages: (() -> Void)?

    /// - Parameter causal: whether a token sees only those before it, as in the text's tower.
    init(
        _ weights: Weights, width: Int, inner: Int, heads: Int,
        activation: @escaping (Tensor) -> Tensor, epsilon: Double, causal: Bool, norms: Norms = .before
    ) throws {
        let attention = weights["self_attn"]
        self.heads = heads
        self.activation = activation
        self.causal = causal
        self.norms = norms
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
        switch norms {
        case .before:
            let x = input + attended(norm1(input))
            return x + fedForward(norm2(x))
        case .after:
            let x = norm1(input + attended(input))
            return norm2(x + fedForward(x))
        }
    }

    /// The map of the self-attention over what a layer that normalises before it is given, softmax(Q·Kᵀ/√d):
    /// [B, heads, L, L].
    func attentionMap(of input: Tensor) -> Tensor {
        let x = norm1(input)
        let (queries, keys) = (split(query(x)), split(key(x)))
        let scale = Double(queries.shape[3]).squareRoot()
        return (queries.matmul(keys.transposed(2, 3)) / scale).softmax(-1)
    }

    /// The layer with a map in place of that of its own self-attention.
    func callAsFunction(_ input: Tensor, attendingBy map: Tensor) -> Tensor {
        let x = input + joined(map.matmul(split(value(norm1(input)))))
        return x + fedForward(norm2(x))
    }

    private func attended(_ x: Tensor) -> Tensor {
        joined(Tensor.attention(split(query(x)), split(key(x)), split(value(x)), causal: causal))
    }

    /// What the heads gathered, [B, heads, L, d], as the layer's output [B, L, D].
    private func joined(_ heads: Tensor) -> Tensor {
        let (batch, count, length, width) = heads.shape4
        return output(heads.transposed(1, 2).reshaped([batch, length, count * width]))
    }

    private func fedForward(_ x: Tensor) -> Tensor { narrow(activation(widen(x))) }

    /// Parts [B, L, D] into [B, heads, L, d].
    private func split(_ x: Tensor) -> Tensor {
        let (batch, length, width) = x.shape3
        return x.reshaped([batch, length, heads, width / heads]).transposed(1, 2)
    }
}
