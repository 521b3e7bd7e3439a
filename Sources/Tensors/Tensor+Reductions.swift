extension Tensor {
    /// Sum of all elements.
    public var sum: Tensor { Operator.sumAll(.tensor(self)) }
    /// Sum over dimensions.
    public func sum(_ dimensions: [Int], keeping: Bool = false) -> Tensor {
        Operator.sum(.tensor(self), .ints(dimensions), .bool(keeping))
    }
    /// Mean of all elements.
    public var mean: Tensor { Operator.meanAll(.tensor(self)) }
    /// Mean over dimensions.
    public func mean(_ dimensions: [Int], keeping: Bool = false) -> Tensor {
        Operator.mean(.tensor(self), .ints(dimensions), .bool(keeping))
    }
    /// Largest element over dimensions; over all of them where none is named.
    public func amax(_ dimensions: [Int] = [], keeping: Bool = false) -> Tensor {
        Operator.amax(.tensor(self), .ints(dimensions), .bool(keeping))
    }
    /// Smallest element over dimensions; over all of them where none is named.
    public func smallest(_ dimensions: [Int] = [], keeping: Bool = false) -> Tensor {
        Operator.smallest(.tensor(self), .ints(dimensions), .bool(keeping))
    }
    /// Where the largest element along a dimension stands.
    public func argmax(_ dimension: Int) -> Tensor { Operator.argmax(.tensor(self), .int(dimension)) }
    /// Running sums along a dimension.
    public func cumulativeSum(_ dimension: Int) -> Tensor {
        Operator.cumulativeSum(.tensor(self), .int(dimension))
    }
    /// Elements in ascending order along a dimension.
    public func sorted(_ dimension: Int = -1) -> Tensor { Operator.sort(.tensor(self), .int(dimension)) }
    /// Euclidean length over dimensions; over all of them where none is named.
    public func norm(_ dimensions: [Int]? = nil, keeping: Bool = false) -> Tensor {
        Operator.vectorNorm(
            .tensor(self), .double(2), dimensions.map { .ints($0) } ?? .none, .bool(keeping))
    }
}
