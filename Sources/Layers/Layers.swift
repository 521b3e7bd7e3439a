public import Tensors

/// x·Wᵀ + b.
public struct Linear {
    /// W, [outputs, inputs].
    public let weight: Tensor
    /// The bias b, [outputs].
    public let bias: Tensor?

    /// Reads `weight` and, where wanted, `bias`.
    ///
    /// - `pointwise`: whether the files may hold it as a 1×1 convolution, [outputs, inputs, 1, 1].
    public init(
        _ weights: Weights, _ inputs: Int, _ outputs: Int, bias: Bool = true, pointwise: Bool = false
    ) throws {
        weight = try weights.tensor(
            "weight", [outputs, inputs], alternatives: pointwise ? [[outputs, inputs, 1, 1]] : [],
            .fanIn(inputs))
        self.bias = bias ? try weights.tensor("bias", [outputs], .fanIn(inputs)) : nil
    }

    /// Maps [..., inputs] to [..., outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias) }
}

/// A square two-dimensional convolution.
public struct Convolution {
    /// W, [outputs, inputs, size, size].
    public let weight: Tensor
    /// The bias b, [outputs].
    public let bias: Tensor
    let stride: Int
    let padding: Int
    /// W with channels innermost, for inputs that lie so: the library reorders it at every call otherwise.
    ///
    /// That takes longer than the convolution itself where pictures are small; where they are large it does not
    /// matter, and a second copy of large weights would.
    private let innermost: Tensor?
    private static let mostCopied = 800_000

    /// Reads `weight` and `bias`.
    public init(
        _ weights: Weights, _ inputs: Int, _ outputs: Int, size: Int = 3, stride: Int = 1, padding: Int? = nil
    ) throws {
        let fan = inputs * size * size
        weight = try weights.tensor("weight", [outputs, inputs, size, size], .fanIn(fan))
        bias = try weights.tensor("bias", [outputs], .fanIn(fan))
        self.stride = stride
        self.padding = padding ?? size / 2
        let isCopied = size > 1 && weight.count <= Self.mostCopied && !weight.recordsGradient
        innermost = isCopied ? weight.channelsLast : nil
    }

    /// Maps [B, inputs, H, W] to [B, outputs, H/stride, W/stride].
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.convolved(x.isRowMajor ? weight : innermost ?? weight, bias, stride: stride, padding: padding)
    }
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
