extension Tensor {
    /// Matrix product of the last two dimensions, the others broadcast.
    public func matmul(_ other: Tensor) -> Tensor { Operator.matmul(.tensor(self), .tensor(other)) }
    /// X of A·X = B, for a square matrix A.
    public func solved(for right: Tensor) -> Tensor {
        Operator.solve(.tensor(self), .tensor(right), .bool(true))
    }
    /// x·Wᵀ + b, with W [out, in].
    public func linear(_ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
        Operator.linear(.tensor(self), .tensor(weight), .optional(bias))
    }
    /// Whether linear layers of this tensor may end with something more in the same sweep over the results, and gain.
    package func allowsFusedLinear(_ weight: Tensor) -> Bool {
        // A call costs more than a plain one's: it must be about some numbers.
        count >= 1 << 16 && device == .cpu && dtype == .float32 && weight.dtype == .float32
            && !recordsGradient
            && !weight.recordsGradient
    }
    /// x·Wᵀ + b, and gelu of it where wanted, in one sweep; on the CPU, in float32 and without gradients only.
    package func fusedLinear(_ weight: Tensor, _ bias: Tensor?, gelu: Bool = false) -> Tensor {
        Operator.fusedLinear(
            .tensor(self), .tensor(weight), .optional(bias), .string(gelu ? "gelu" : "none"), .ints([]),
            .string(gelu ? "none" : ""))
    }
    /// x·Wᵀ + b, plus or times another tensor of that shape, likewise.
    package func fusedLinear(_ weight: Tensor, _ bias: Tensor?, _ end: FusedEnd, _ other: Tensor) -> Tensor {
        Operator.fusedLinearAndOther(
            .tensor(self), .tensor(other), .tensor(weight), .optional(bias), .string(end.rawValue))
    }
    /// What a linear layer can end with.
    package enum FusedEnd: String { case plus = "add", times = "mul" }
    /// Two-dimensional convolution of [B, C, H, W] with W [out, C, kh, kw].
    public func convolved(_ weight: Tensor, _ bias: Tensor?, stride: Int = 1, padding: Int = 0) -> Tensor {
        convolved(weight, bias, stride: stride, paddings: [padding, padding])
    }
    /// Two-dimensional convolution of [B, C, H, W] with W [out, C / groups, kh, kw].
    ///
    /// - `paddings`: rows above and below, columns at either side.
    public func convolved(
        _ weight: Tensor, _ bias: Tensor?, stride: Int, paddings: [Int], groups: Int = 1
    ) -> Tensor {
        Operator.convolution(
            .tensor(self), .tensor(weight), .optional(bias), .ints([stride, stride]), .ints(paddings),
            .ints([1, 1]), .int(groups))
    }
    /// Two-dimensional transposed convolution of [B, C, H, W] with W [C, out, k, k], whose windows lie side by side.
    ///
    /// [B, out, k·H, k·W]: each place becomes a square of k pixels a side.
    public func transposedConvolved(_ weight: Tensor, _ bias: Tensor?) -> Tensor {
        let stride = [weight.shape[2], weight.shape[3]]
        return Operator.transposedConvolution(
            .tensor(self), .tensor(weight), .optional(bias), .ints(stride), .ints([0, 0]), .ints([0, 0]),
            .int(1), .ints([1, 1]))
    }
    /// Whether a convolution with this weight may be had by fewer multiplications.
    package var allowsWinograd: Bool {
        let (outputs, inputs, height, width) = shape4
        return height == 3 && width == 3 && outputs % 16 == 0 && inputs % 16 == 0 && device == .cpu
            && dtype == .float32
    }
    /// The filters W [out, C, 3, 3] as Winograd's convolution multiplies with them, [16, out, C].
    package var winogradFilters: Tensor { Operator.winogradFilters(.tensor(self)) }
    /// 3×3 convolution with a border of one by Winograd's F(2×2, 3×3), in the memory order of [B, C, H, W].
    ///
    /// - `filters`: those of W if they are known; they are made, part by part, at every call otherwise.
    package func winogradConvolved(_ weight: Tensor, _ bias: Tensor, filters: Tensor?) -> Tensor {
        Operator.winogradConvolution(.tensor(self), .tensor(weight), .tensor(bias), .optional(filters))
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
    ///
    /// - `corners`: whether the outermost pixels lie on each other instead (`align_corners`).
    public func resampledBilinear(height: Int, width: Int, corners: Bool = false) -> Tensor {
        Operator.upsampleBilinear(.tensor(self), .ints([height, width]), .bool(corners))
    }
    /// Bilinear resampling of [B, C, H, W] whose window widens where the result is smaller, as Pillow's does.
    public func resampledSmoothly(height: Int, width: Int) -> Tensor {
        Operator.resampleBilinear(.tensor(self), .ints([height, width]), false)
    }
    /// Bicubic resampling of [B, C, H, W] to a size (a = -0.75), pixel centres at halves.
    public func resampledBicubic(height: Int, width: Int) -> Tensor {
        Operator.upsampleBicubic(.tensor(self), .ints([height, width]), false)
    }
    /// Bicubic resampling of [B, C, H, W] whose window widens where the result is smaller (a = -0.5), as Pillow's does.
    public func resampledBicubicSmoothly(height: Int, width: Int) -> Tensor {
        Operator.resampleBicubic(.tensor(self), .ints([height, width]), false)
    }
    /// Mean over square windows.
    public func averagePooled(_ size: Int) -> Tensor {
        Operator.averagePool(.tensor(self), .ints([size, size]))
    }
    /// Mean over square windows that may reach over the border, where nothing is counted.
    public func averagePooled(_ size: Int, stride: Int, padding: Int) -> Tensor {
        Operator.averagePool(
            .tensor(self), .ints([size, size]), .ints([stride, stride]), .ints([padding, padding]), false,
            false)
    }
    /// Largest over square windows.
    public func maxPooled(_ size: Int, stride: Int, padding: Int = 0) -> Tensor {
        Operator.maxPool(
            .tensor(self), .ints([size, size]), .ints([stride, stride]), .ints([padding, padding]))
    }
    /// Values at places of [B, C, H, W] that a grid [B, h, w, 2] names, bilinear and 0 outside: [B, C, h, w].
    ///
    /// Places are x before y, -1…1 from edge to edge of the outermost pixels. Gradients reach values and places.
    public func sampled(at grid: Tensor) -> Tensor {
        Operator.gridSample(.tensor(self), .tensor(grid), .int(0), .int(0), false)
    }
    /// A border of so many pixels of [B, C, H, W] on every side, mirrored at the outermost ones, which stand once.
    public func paddedByReflection(_ size: Int) -> Tensor {
        Operator.pad(.tensor(self), .ints([size, size, size, size]), .string("reflect"), .none)
    }
    /// A constant border; `sizes` go from the last dimension backwards, before and after.
    public func padded(_ sizes: [Int], value: Double = 0) -> Tensor {
        Operator.pad(.tensor(self), .ints(sizes), .string("constant"), .double(value))
    }
    /// Singular values of matrices, the largest first: [..., min(n, m)] of [..., n, m].
    public var singularValues: Tensor { Operator.singularValues(.tensor(self)) }
    /// R of A = Q·R with orthonormal columns of Q, [min(n, m), m] of A [n, m].
    public var triangular: Tensor { Operator.triangularise.results([.tensor(self), .string("r")])[1] }
}
