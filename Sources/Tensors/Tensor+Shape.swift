extension Tensor {
    /// The same elements under another shape; one size may be -1 (whatever is left).
    public func reshaped(_ shape: [Int]) -> Tensor { Operator.reshape(.tensor(self), .ints(shape)) }
    /// Dimensions in another order.
    public func permuted(_ order: Int...) -> Tensor { Operator.permute(.tensor(self), .ints(order)) }
    /// Two dimensions exchanged.
    public func transposed(_ first: Int, _ second: Int) -> Tensor {
        Operator.transpose(.tensor(self), .int(first), .int(second))
    }
    /// A new dimension of size 1.
    public func unsqueezed(_ dimension: Int) -> Tensor { Operator.unsqueeze(.tensor(self), .int(dimension)) }
    /// Without a dimension of size 1.
    public func squeezed(_ dimension: Int) -> Tensor { Operator.squeeze(.tensor(self), .int(dimension)) }
    /// Dimensions of size 1 stretched without copying; -1 keeps a size.
    public func expanded(_ shape: [Int]) -> Tensor { Operator.expand(.tensor(self), .ints(shape)) }
    /// Copies side by side, so many times in each dimension.
    public func repeated(_ times: [Int]) -> Tensor { Operator.repeatElements(.tensor(self), .ints(times)) }
    /// Joins along an existing dimension.
    public static func concatenated(_ parts: [Tensor], along dimension: Int = 0) -> Tensor {
        if parts.count == 1 { return parts[0] }
        return Operator.concatenate(.tensors(parts), .int(dimension))
    }
    /// Joins along a new dimension.
    public static func stacked(_ parts: [Tensor], along dimension: Int = 0) -> Tensor {
        Operator.stack(.tensors(parts), .int(dimension))
    }
    /// `length` entries of a dimension from `start` on.
    public func narrowed(_ dimension: Int, from start: Int, count length: Int) -> Tensor {
        Operator.narrow(.tensor(self), .int(dimension), .int(start), .int(length))
    }
    /// One entry of a dimension, which disappears.
    public func selected(_ dimension: Int, at index: Int) -> Tensor {
        Operator.select(.tensor(self), .int(dimension), .int(index))
    }
    /// Equal parts along a dimension.
    public func chunks(_ count: Int, along dimension: Int) -> [Tensor] {
        Operator.chunk.results([.tensor(self), .int(count), .int(dimension)])
    }
    /// Entries of a dimension picked by an int64 index tensor.
    public func indexSelect(_ dimension: Int, _ indices: Tensor) -> Tensor {
        Operator.indexSelect(.tensor(self), .int(dimension), .tensor(indices))
    }
    /// Elements picked along a dimension, one index per output element.
    public func gathered(_ dimension: Int, _ indices: Tensor) -> Tensor {
        Operator.gather(.tensor(self), .int(dimension), .tensor(indices))
    }
    /// Dimensions reversed.
    public func flipped(_ dimensions: Int...) -> Tensor { Operator.flip(.tensor(self), .ints(dimensions)) }
    /// Entries moved around along dimensions.
    public func rolled(_ shifts: [Int], along dimensions: [Int]) -> Tensor {
        Operator.roll(.tensor(self), .ints(shifts), .ints(dimensions))
    }
    /// The first rows of a batch, as a batch.
    public func rows(_ range: Range<Int>) -> Tensor {
        narrowed(0, from: range.lowerBound, count: range.count)
    }
    /// Each row of a batch as a batch of one.
    public var separateRows: [Tensor] { (0..<shape[0]).map { rows($0..<($0 + 1)) } }
}
