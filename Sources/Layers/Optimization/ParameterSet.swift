public import Tensors

/// The parameters that are trained, with everything that a checkpoint must hold.
///
/// Weights, moments and averages are kept in float32; where the networks compute in another type, they read copies that
/// follow every step.
public final class ParameterSet {
    /// Names, each with the network's name in front.
    public let names: [String]
    /// What the networks read; the leaves of gradients.
    private let working: [Tensor]
    /// What the optimiser changes; the same tensors as `working` where those are float32.
    private let masters: [Tensor]
    private let optimiser: any Optimizer
    /// The slow average, and how slowly it follows; nil where none is kept.
    private let average: (values: ExponentialAverage, decay: Double)?

    /// What AdamW keeps of its moments at each step, and adds to the root of the second.
    public static let (beta1, beta2, epsilon) = (0.9, 0.999, 1e-8)

    /// Parameters by network and name, moved by AdamW.
    /// - Parameters:
    ///   - masters: float32 values of the same names.
    ///   - averageDecay: how slowly an average follows the parameters; nil keeps none.
    public convenience init(
        names: [String], working: [Tensor], masters: [Tensor], weightDecay: Double, averageDecay: Double?
    ) {
        let optimiser = AdamW(
            parameters: masters, beta1: Self.beta1, beta2: Self.beta2, weightDecay: weightDecay,
            epsilon: Self.epsilon)
        self.init(
            names: names, working: working, masters: masters, optimiser: optimiser, averageDecay: averageDecay
        )
    }

    /// Parameters by network and name, moved by an optimiser of the masters.
    public init(
        names: [String], working: [Tensor], masters: [Tensor], optimiser: any Optimizer, averageDecay: Double?
    ) {
        self.names = names
        self.working = working
        self.masters = masters
        self.optimiser = optimiser
        average = averageDecay.map { (ExponentialAverage(parameters: masters), $0) }
    }

    /// One step down the gradient of a loss; `step` counts from 0.
    public func descend(_ loss: Tensor, step: Int, learningRate: Double, clip: Double) {
        descend(
            along: gradients(of: loss, withRespectTo: working), step: step, learningRate: learningRate,
            clip: clip)
    }

    /// One step along gradients in the order of the names; `step` counts from 0.
    /// - Parameter clip: the length that gradients are shortened to; nil leaves them.
    public func descend(along slopes: [Tensor], step: Int, learningRate: Double, clip: Double? = nil) {
        withoutGradients {
            let slopes = slopes.map { $0.to(dtype: .float32) }
            if let clip { _ = clipGradients(slopes, to: clip) }
            optimiser.step(gradients: slopes, learningRate: learningRate)
            copyToWorking()
            // A short memory at first, so that the random beginning is forgotten.
            average?.values.update(decay: min(average?.decay ?? 0, Double(step + 1) / Double(step + 10)))
        }
    }

    /// What gradients are asked of, in the order of the names.
    public var leaves: [Tensor] { working }

    /// What the networks read follows the masters, where it is not the same.
    private func copyToWorking() {
        let copies = working.indices.filter { working[$0].dtype != .float32 }
        guard !copies.isEmpty else { return }
        copyInPlace(copies.map { working[$0].detached }, from: copies.map { masters[$0] })
    }

    /// The slow averages of a network's parameters, under its own names; without averages the parameters.
    public func averages(of network: String) -> [(name: String, tensor: Tensor)] {
        zip(names, average?.values.averages ?? masters).compactMap { name, tensor in
            name.hasPrefix(network + "/") ? (String(name.dropFirst(network.count + 1)), tensor) : nil
        }
    }

    /// Everything that the next step depends on.
    public var state: [(name: String, tensor: Tensor)] {
        var kinds = [("weight", masters)] + optimiser.memory.map { ($0.kind, $0.tensors) }
        if let average { kinds.insert(("average", average.values.averages), at: 1) }
        return kinds.flatMap { kind, tensors in zip(names, tensors).map { ("\(kind):\($0)", $1) } }
    }

    /// Takes up a checkpoint's state.
    public func restore(from file: SafetensorsFile) throws {
        func tensors(_ kind: String) throws -> [Tensor] { try names.map { try file.tensor("\(kind):\($0)") } }
        let (weights, averages) = (try tensors("weight"), try average.map { _ in try tensors("average") })
        let memory = optimiser.memory
        let remembered = try memory.map { try tensors($0.kind) }
        withoutGradients {
            for (target, value) in zip(masters, weights) { target.detached.copyInPlace(from: value) }
            copyToWorking()
        }
        if let averages { average?.values.restore(averages) }
        withoutGradients {
            for (own, values) in zip(memory, remembered) { copyInPlace(own.tensors, from: values) }
        }
    }

    /// Whether a checkpoint has exactly these parameters in these shapes; else the first that differs.
    public func firstDifference(from file: SafetensorsFile) -> (name: String, found: String, wanted: String)?
    {
        for (name, master) in zip(names, masters) {
            let found = file.entry("weight:\(name)")?.shape
            if found != master.shape { return (name, found.map { "\($0)" } ?? "none", "\(master.shape)") }
        }
        let known = Set(names)
        let prefix = "weight:"
        for stored in file.names where stored.hasPrefix(prefix) {
            let name = String(stored.dropFirst(prefix.count))
            if !known.contains(name) { return (name, "\(file.entry(stored)?.shape ?? [])", "none") }
        }
        return nil
    }
}
