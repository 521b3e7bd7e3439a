public import Tensors

/// A reader of named tensors below a prefix: `weights["attn1"]["to_q"]` mirrors the checkpoint's names.
public struct Weights {
    let store: WeightStore
    /// The names' common beginning, without a dot at its end.
    public let prefix: String

    init(store: WeightStore, prefix: String) {
        self.store = store
        self.prefix = prefix
    }

    /// The reader one name further down.
    public subscript(_ name: String) -> Weights { Weights(store: store, prefix: path(name)) }

    /// The reader of an element of a list.
    public subscript(_ index: Int) -> Weights { self[String(index)] }

    /// Whether a tensor of this name is in the files; a store that makes tensors on demand knows only canonical names.
    public func holds(_ name: String) -> Bool { !store.isFresh && store.has(path(name)) }

    /// Every tensor that was asked for below this prefix, in order.
    public var parameters: [Tensor] {
        store.parameters.compactMap { $0.name.hasPrefix(prefix + ".") ? $0.tensor : nil }
    }

    /// What lets the system take back the memory of everything asked for below this prefix until it is used again.
    ///
    /// Nil where weights are small, not mapped, or within the share of a large file that stays. A network that calls it
    /// behind each part never holds the whole file; the pages stay in the system's cache while there is room.
    public var evictPages: (() -> Void)? { store.release(below: prefix) }

    /// A tensor of a shape.
    ///
    /// - `alternatives`: other shapes of as many elements that old files have.
    /// - `initial`: how a fresh store makes it.
    /// - Throws: `WeightError` with the full name and both shapes.
    public func tensor(
        _ name: String, _ shape: [Int], alternatives: [[Int]] = [], _ initial: Initializer
    ) throws -> Tensor {
        try store.tensor(path(name), accepting: [shape] + alternatives, initial: initial)
    }

    /// What the linear layer of this prefix has beside its weight.
    var adapter: LowRankAdapter? { store.adapter(of: path("weight")) }

    private func path(_ name: String) -> String { prefix.isEmpty ? name : prefix + "." + name }
}

/// How a tensor begins its life in training.
public enum Initializer: Sendable {
    case zeros
    case ones
    /// One value everywhere.
    case constant(Double)
    /// Normal with a standard deviation.
    case normal(Double)
    /// Uniform in -bound…bound.
    case uniform(Double)

    /// PyTorch's default for linear layers and convolutions: uniform with bound 1/√(inputs of one output).
    public static func fanIn(_ inputs: Int) -> Initializer { .uniform(1 / Double(inputs).squareRoot()) }

    func make(_ shape: [Int], _ random: RandomGenerator) -> Tensor {
        switch self {
        case .zeros: .zeros(shape)
        case .ones: .ones(shape)
        case .constant(let value): .full(shape, value)
        case .normal(let deviation): random.normal(shape) * deviation
        case .uniform(let bound): (random.uniform(shape) * 2 - 1) * bound
        }
    }
}
