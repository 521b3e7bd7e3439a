import Diffusion
import Layers
import Tensors

/// Which of the UNet's weights are tuned.
public enum Trainable: String, OptionChoice {
    /// All of them.
    case full
    /// Those of self- and cross-attention.
    case attention
    /// Low-rank updates of the projections of self- and cross-attention (LoRA): a thousandth of the memory.
    case lora
}

/// Weights of a UNet that are tuned: leaves of gradients, and the model that computes with them.
struct TunableWeights {
    /// What is tuned, by name: `weight:NAME`, or `down:NAME` and `up:NAME` of the adapter beside it.
    let tensors: [(name: String, tensor: Tensor)]
    /// The model that reads them.
    let model: InMemoryModel

    /// Fresh ones: the model's own weights, or adapters that change nothing yet.
    /// - Parameters:
    ///   - rank: of the adapters (r).
    ///   - scale: what their product is multiplied by (α/r).
    ///   - seed: what fresh adapters follow from.
    init(
        _ trainable: Trainable, of base: any TunableModel, rank: Int, scale: Double = 1, seed: UInt64
    ) throws {
        let chosen = try base.unetTensors().filter { Self.isTuned($0.name, $0.tensor, trainable) }
        let random = RandomGenerator(seed: seed)
        var tensors: [(name: String, tensor: Tensor)] = []
        for (name, tensor) in chosen {
            if trainable == .lora {
                let adapter = LowRankAdapter(
                    inputs: tensor.shape[1], outputs: tensor.shape[0], rank: rank, random: random)
                tensors.append(("down:" + name, adapter.down.to(device: tensor.device).requiringGradient))
                tensors.append(("up:" + name, adapter.up.to(device: tensor.device).requiringGradient))
            } else {
                tensors.append(("weight:" + name, tensor.detached.copied.requiringGradient))
            }
        }
        try self.init(tensors, of: base, scale: scale)
    }

    /// Given ones, by the names of `tensors`, which are leaves of gradients.
    init(_ tensors: [(name: String, tensor: Tensor)], of base: any TunableModel, scale: Double = 1) throws {
        self.tensors = tensors
        model = try Self.model(of: base, tensors, scale: scale)
    }

    /// What an optimiser changes: masters in float32, as small steps would vanish in half precision.
    func parameters(weightDecay: Double) -> ParameterSet {
        let working = tensors.map(\.tensor)
        return ParameterSet(
            names: tensors.map(\.name), working: working,
            masters: working.map { $0.dtype == .float32 ? $0 : $0.detached.to(dtype: .float32) },
            weightDecay: weightDecay, averageDecay: nil)
    }

    /// What became of them, by name.
    var values: [String: Tensor] {
        Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.tensor.detached) })
    }

    /// The model with the weights, or the adapters, that a run left; its losses are no weights.
    static func model(of base: any TunableModel, _ tuned: Tuned) throws -> InMemoryModel {
        try model(of: base, tuned.tensors.map { ($0.key, $0.value) })
    }

    /// The model with weights that were tuned before, by the names of `tensors`.
    static func model(
        of base: any TunableModel, _ tensors: [(name: String, tensor: Tensor)], scale: Double = 1
    ) throws -> InMemoryModel {
        func named(_ kind: String) -> [String: Tensor] {
            Dictionary(
                uniqueKeysWithValues: tensors.filter { $0.name.hasPrefix(kind) }
                    .map { (String($0.name.dropFirst(kind.count)), $0.tensor) })
        }
        let (ups, weights) = (named("up:"), named("weight:"))
        let adapters = named("down:").reduce(into: [String: LowRankAdapter]()) { adapters, entry in
            adapters[entry.key] = ups[entry.key].map {
                LowRankAdapter(down: entry.value, up: $0, scale: scale)
            }
        }
        return adapters.isEmpty
            ? try base.overlaid(unet: [.replacing(weights)], textEncoder: [])
            : try base.adapted(unet: adapters)
    }

    /// The names and shapes of what is tuned, without making any of it.
    static func shapes(_ trainable: Trainable, of base: any TunableModel, rank: Int) throws -> [String: [Int]]
    {
        shapes(trainable, of: try base.unetTensors(), rank: rank)
    }

    /// The same of a UNet's tensors.
    static func shapes(
        _ trainable: Trainable, of tensors: [(name: String, tensor: Tensor)], rank: Int
    ) -> [String: [Int]] {
        tensors.filter { isTuned($0.name, $0.tensor, trainable) }.reduce(into: [:]) {
            if trainable == .lora {
                $0["down:" + $1.name] = [rank, $1.tensor.shape[1]]
                $0["up:" + $1.name] = [$1.tensor.shape[0], rank]
            } else {
                $0["weight:" + $1.name] = $1.tensor.shape
            }
        }
    }

    /// As diffusers' recipes choose them: queries, keys, values and outputs of every attention for adapters.
    private static func isTuned(_ name: String, _ tensor: Tensor, _ trainable: Trainable) -> Bool {
        switch trainable {
        case .full: true
        case .attention: name.contains(".attn1.") || name.contains(".attn2.")
        case .lora:
            (name.contains(".attn1.") || name.contains(".attn2.")) && name.hasSuffix(".weight")
                && tensor.rank == 2
        }
    }
}
