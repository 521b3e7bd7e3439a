public import Tensors

/// Makes a network's parameters: fresh ones by their initialisers, and copies in another type where that is wanted.
public struct NetworkBuilder {
    /// Where the parameters lie.
    public let device: Device
    /// What the networks compute in.
    public let precision: DType
    private var names: [String] = []
    private var working: [Tensor] = []
    private var masters: [Tensor] = []

    /// A builder of networks on a device.
    public init(device: Device, precision: DType) {
        self.device = device
        self.precision = precision
    }

    /// Builds a network whose parameters follow from a seed.
    /// - Parameter adjust: changes fresh values by name before training.
    public mutating func build<Network>(
        _ name: String, seed: UInt64, adjust: (String, Tensor) throws -> Tensor = { $1 },
        _ make: (Weights) throws -> Network
    ) throws -> Network {
        let fresh = WeightStore(initializing: seed)
        _ = try make(fresh.weights)
        var used: [String: Tensor] = [:]
        for (parameter, tensor) in fresh.parameters {
            let value = try withoutGradients {
                try adjust(parameter, tensor.detached).to(device: device).copied
            }
            let leaf = withoutGradients { value.to(dtype: precision) }.requiringGradient
            used[parameter] = leaf
            names.append("\(name)/\(parameter)")
            working.append(leaf)
            masters.append(precision == .float32 ? leaf : value)
        }
        return try make(WeightStore(tensors: used).weights)
    }

    /// The parameters of all networks built so far.
    public func parameters(weightDecay: Double, averageDecay: Double) -> ParameterSet {
        ParameterSet(
            names: names, working: working, masters: masters, weightDecay: weightDecay,
            averageDecay: averageDecay)
    }
}
