public import Tensors

/// A low-rank update of a linear layer's weight, computed beside it (LoRA): W + scale·U·D.
///
/// Hu and others, "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, arXiv 2106.09685.
public struct LowRankAdapter {
    /// D, [rank, inputs]; peft calls it A.
    public let down: Tensor
    /// U, [outputs, rank]; peft calls it B.
    public let up: Tensor
    /// What the update is multiplied by: α over the rank, times the weight it is used with.
    public let scale: Double

    /// An adapter of two matrices.
    public init(down: Tensor, up: Tensor, scale: Double = 1) {
        self.down = down
        self.up = up
        self.scale = scale
    }

    /// A fresh adapter that changes nothing yet: D normal with deviation 1/rank, U zero.
    public init(inputs: Int, outputs: Int, rank: Int, random: RandomGenerator, scale: Double = 1) {
        self.init(
            down: random.normal([rank, inputs]) * (1 / Double(rank)), up: .zeros([outputs, rank]),
            scale: scale)
    }

    /// The shape of the weights that it is for, [outputs, inputs].
    public var shape: [Int] { [up.shape[0], down.shape[1]] }

    /// U·D, [outputs, inputs], without the scale.
    public var delta: Tensor { up.matmul(down) }

    /// What is added to the layer's result for x, [..., inputs] to [..., outputs].
    func callAsFunction(_ x: Tensor) -> Tensor {
        x.linear(down.to(dtype: x.dtype), nil).linear(up.to(dtype: x.dtype), nil) * scale
    }
}

extension WeightStore {
    /// A store of these weights whose linear layers have adapters beside them; this one serves what it did before.
    ///
    /// - Parameter adapters: by the whole names of weights, `.weight` at their end, as the network's files have them.
    /// - Throws: `WeightError.unknownChange` for a name that the base does not have, `.changeShape` for an adapter of
    ///   another shape: of the first in alphabetical order.
    public func adapted(with adapters: [String: LowRankAdapter]) throws(WeightError) -> WeightStore {
        for (name, adapter) in adapters.sorted(by: { $0.key < $1.key }) {
            try check(name, changedBy: adapter.shape)
        }
        return WeightStore(base: self, adapters: adapters)
    }
}
