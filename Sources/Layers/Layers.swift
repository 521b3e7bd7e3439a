public import Tensors

/// x·Wᵀ + b, and what an adapter adds where the weights have one.
public struct Linear {
    /// W, [outputs, inputs].
    public let weight: Tensor
    /// The bias b, [outputs].
    public let bias: Tensor?
    fileprivate let adapter: LowRankAdapter?

    /// Reads `weight` and, where wanted, `bias`.
    ///
    /// - `pointwise`: whether the files may hold it as a 1×1 convolution, [outputs, inputs, 1, 1].
    public init(
        _ weights: Weights, _ inputs: Int, _ outputs: Int, bias: Bool = true, pointwise: Bool = false
    ) throws {
        weight = try weights.tensor(
            "weight", [outputs, inputs],
            alternatives: pointwise ? [[outputs, inputs, 1, 1], [outputs, inputs, 1]] : [],
            .fanIn(inputs))
        self.bias = bias ? try weights.tensor("bias", [outputs], .fanIn(inputs)) : nil
        adapter = weights.adapter
    }

    /// Maps [..., inputs] to [..., outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        // libtorch's plain way writes the bias to all results first and then adds to them.
        let result =
            bias != nil && x.allowsFusedLinear(weight) ? x.fusedLinear(weight, bias) : x.linear(weight, bias)
        return adapter.map { result + $0(x) } ?? result
    }

    /// Maps [..., inputs] to [..., outputs] and adds what is of that shape.
    public func callAsFunction(_ x: Tensor, plus other: Tensor) -> Tensor {
        let result =
            x.allowsFusedLinear(weight) && !other.recordsGradient
            ? x.fusedLinear(weight, bias, .plus, other) : x.linear(weight, bias) + other
        return adapter.map { result + $0(x) } ?? result
    }
}

/// (x·Vᵀ + b)·gelu(x·Gᵀ + c): of twice as many results the second half says how much of the first passes (GEGLU,
/// Shazeer 2020).
public struct GatedLinear {
    private let both: Linear

    /// Reads `weight`, [2·outputs, inputs], and `bias`.
    public init(_ weights: Weights, _ inputs: Int, _ outputs: Int) throws {
        both = try Linear(weights, inputs, outputs * 2)
    }

    /// Maps [..., inputs] to [..., outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        guard both.adapter == nil, x.allowsFusedLinear(both.weight) else {
            let halves = both(x).chunks(2, along: -1)
            return halves[0] * halves[1].gelu()
        }
        let (weights, biases) = (both.weight.chunks(2, along: 0), both.bias?.chunks(2, along: 0))
        let gate = x.fusedLinear(weights[1], biases?[1], gelu: true)
        return x.fusedLinear(weights[0], biases?[0], .times, gate)
    }
}

/// A two-dimensional convolution.
public struct Convolution {
    /// W, [outputs, inputs, height, width].
    public let weight: Tensor
    /// The bias b, [outputs].
    public let bias: Tensor
    let stride: Int
    /// Rows above and below, columns at either side.
    private let paddings: [Int]
    private let groups: Int
    /// Whether it goes by Winograd's way, with less than half of the multiplications.
    private let isWinograd: Bool
    /// W as Winograd's way wants it, where it is small.
    ///
    /// Making it takes longer than the convolution itself where images are small. Where they are large it does not
    /// matter, and a second copy of large weights would.
    private let filters: Tensor?
    private static let mostCopied = 800_000

    /// Reads `weight` and `bias` of square windows.
    public init(
        _ weights: Weights, _ inputs: Int, _ outputs: Int, size: Int = 3, stride: Int = 1, padding: Int? = nil
    ) throws {
        let padding = padding ?? size / 2
        try self.init(
            weights, inputs, outputs, window: [size, size], stride: stride, paddings: [padding, padding])
    }

    /// Reads `weight` and `bias` of windows of any height and width.
    ///
    /// - `paddings`: rows above and below, columns at either side.
    /// - `groups`: parts that inputs and outputs fall into, each seeing its own alone; `weight` is
    ///   [outputs, inputs / groups, height, width].
    public init(
        _ weights: Weights, _ inputs: Int, _ outputs: Int, window: [Int], stride: Int = 1, paddings: [Int],
        groups: Int = 1
    ) throws {
        let fan = inputs / groups * window[0] * window[1]
        weight = try weights.tensor("weight", [outputs, inputs / groups] + window, .fanIn(fan))
        bias = try weights.tensor("bias", [outputs], .fanIn(fan))
        (self.stride, self.paddings, self.groups) = (stride, paddings, groups)
        isWinograd = stride == 1 && paddings == [1, 1] && groups == 1 && weight.allowsWinograd
        let isKept = isWinograd && weight.count <= Self.mostCopied && !weight.recordsGradient
        filters = isKept ? weight.winogradFilters : nil
    }

    /// Maps [B, inputs, H, W] to [B, outputs, H/stride, W/stride].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        isWinograd
            ? x.winogradConvolved(weight, bias, filters: filters)
            : x.convolved(weight, bias, stride: stride, paddings: paddings, groups: groups)
    }
}

/// A transposed convolution whose windows lie side by side: every place becomes a square of pixels.
public struct TransposedConvolution {
    /// W, [inputs, outputs, size, size].
    public let weight: Tensor
    /// The bias b, [outputs].
    public let bias: Tensor

    /// Reads `weight` and `bias`.
    ///
    /// - `size`: pixels a side that a place becomes.
    public init(_ weights: Weights, _ inputs: Int, _ outputs: Int, size: Int) throws {
        weight = try weights.tensor("weight", [inputs, outputs, size, size], .fanIn(outputs * size * size))
        bias = try weights.tensor("bias", [outputs], .fanIn(outputs * size * size))
    }

    /// Maps [B, inputs, H, W] to [B, outputs, size·H, size·W].
    public func callAsFunction(_ x: Tensor) -> Tensor { x.transposedConvolved(weight, bias) }
}

/// Normalisation over groups of channels (Wu and He 2018).
public struct GroupNorm {
    let weight: Tensor
    let bias: Tensor
    let groups: Int
    let epsilon: Double

    /// Reads `weight` and `bias`.
    public init(_ weights: Weights, _ channels: Int, groups: Int, epsilon: Double) throws {
        weight = try weights.tensor("weight", [channels], .ones)
        bias = try weights.tensor("bias", [channels], .zeros)
        self.groups = groups
        self.epsilon = epsilon
    }

    /// The same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.groupNormalized(groups, weight, bias, epsilon: epsilon)
    }
}

/// Normalisation over channels of each token (Ba, Kiros and Hinton 2016).
public struct LayerNorm {
    let weight: Tensor
    let bias: Tensor
    let epsilon: Double

    /// Reads `weight` and `bias`.
    public init(_ weights: Weights, _ channels: Int, epsilon: Double = 1e-5) throws {
        weight = try weights.tensor("weight", [channels], .ones)
        bias = try weights.tensor("bias", [channels], .zeros)
        self.epsilon = epsilon
    }

    /// The same shape.
    public func callAsFunction(_ x: Tensor) -> Tensor { x.layerNormalized(weight, bias, epsilon: epsilon) }
}

/// A table of vectors.
public struct Embedding {
    /// The table, [entries, channels].
    public let weight: Tensor

    /// Reads `weight`.
    public init(_ weights: Weights, _ entries: Int, _ channels: Int, deviation: Double = 0.02) throws {
        weight = try weights.tensor("weight", [entries, channels], .normal(deviation))
    }

    /// Maps int64 indices [...] to [..., channels].
    public func callAsFunction(_ indices: Tensor) -> Tensor { Tensor.embedding(weight, indices) }
}
