extension Tensor {
    /// Matrix product of the last two dimensions, the others broadcast.
    public func matmul(_ other: Tensor) -> Tensor { Operator.matmul(.tensor(self), .tensor(other)) }
    /// x·Wᵀ + b, with W [out, in].
    public func linear(_ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
        Operator.linear(.tensor(self), .tensor(weight), .optional(bias))
    }
    /// Two-dimensional convolution of [B, C, H, W] with W [out, C, kh, kw].
    public func convolved(_ weight: Tensor, _ bias: Tensor?, stride: Int = 1, padding: Int = 0) -> Tensor {
        Operator.convolution(
            .tensor(self), .tensor(weight), .optional(bias), .ints([stride, stride]),
            .ints([padding, padding]))
    }
    /// Rows of a table [N, C] picked by int64 indices.
    public static func embedding(_ table: Tensor, _ indices: Tensor) -> Tensor {
        Operator.embedding(.tensor(table), .tensor(indices))
    }
    /// Normalised over groups of channels.
    public func groupNormalized(_ groups: Int, _ weight: Tensor?, _ bias: Tensor?, epsilon: Double) -> Tensor
    {
        Operator.groupNorm(
            .tensor(self), .int(groups), .optional(weight), .optional(bias), .double(epsilon))
    }
    /// Normalised over the last dimension.
    public func layerNormalized(_ weight: Tensor, _ bias: Tensor, epsilon: Double) -> Tensor {
        Operator.layerNorm(
            .tensor(self), .ints(weight.shape), .tensor(weight), .tensor(bias), .double(epsilon))
    }
    /// Exponentials that sum to 1 along a dimension.
    public func softmax(_ dimension: Int) -> Tensor { Operator.softmax(.tensor(self), .int(dimension)) }
    /// Logarithms of `softmax`.
    public func logSoftmax(_ dimension: Int) -> Tensor { Operator.logSoftmax(.tensor(self), .int(dimension)) }
    /// softmax(Q·Kᵀ/√d)·V without forming the map; queries [B, heads, N, d].
    public static func attention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, causal: Bool = false
    ) -> Tensor {
        Operator.attention(
            .tensor(query), .tensor(key), .tensor(value), .none, .double(0), .bool(causal))
    }
    /// Nearest-neighbour enlargement of [B, C, H, W] to a size.
    public func upsampledNearest(height: Int, width: Int) -> Tensor {
        Operator.upsampleNearest(.tensor(self), .ints([height, width]))
    }
    /// Bilinear resampling of [B, C, H, W] to a size, pixel centres at halves.
    public func resampledBilinear(height: Int, width: Int) -> Tensor {
        Operator.upsampleBilinear(.tensor(self), .ints([height, width]), false)
    }
    /// Mean over square windows.
    public func averagePooled(_ size: Int) -> Tensor {
        Operator.averagePool(.tensor(self), .ints([size, size]))
    }
    /// Largest over square windows.
    public func maxPooled(_ size: Int, stride: Int, padding: Int = 0) -> Tensor {
        Operator.maxPool(
            .tensor(self), .ints([size, size]), .ints([stride, stride]), .ints([padding, padding]))
    }
    /// A constant border; `sizes` go from the last dimension backwards, before and after.
    public func padded(_ sizes: [Int], value: Double = 0) -> Tensor {
        Operator.pad(.tensor(self), .ints(sizes), .string("constant"), .double(value))
    }
}
