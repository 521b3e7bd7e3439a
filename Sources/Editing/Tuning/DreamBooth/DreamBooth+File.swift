import Diffusion
import Layers
import Support
import Tensors

extension DreamBooth {
    /// The tensors of a file and its texts: a LoRA as diffusers writes it, or the whole differences from the base.
    func file(of tuned: Tuned) throws -> (
        tensors: [(name: String, tensor: Tensor)], metadata: [String: String]
    ) {
        let names = try base.unetTensors()
        guard request.trainable == .lora else {
            let differences = names.compactMap { name, tensor in
                tuned.tensors["weight:" + name].map { (Self.difference(name), $0 - tensor) }
            }
            return (differences, [:])
        }
        let pairs = names.flatMap { name, _ -> [(name: String, tensor: Tensor)] in
            guard let down = tuned.tensors["down:" + name], let up = tuned.tensors["up:" + name] else {
                return []
            }
            let module = "unet." + name.dropLast(".weight".count)
            return [(module + ".lora_A.weight", down), (module + ".lora_B.weight", up)]
        }
        return (pairs, ["lora_adapter_metadata": try adapterMetadata])
    }

    /// What peft makes the same adapters from.
    private var adapterMetadata: String {
        get throws {
            let alpha = request.alpha ?? Double(request.rank)
            let values: [String: JSONValue] = [
                "unet.r": .whole(request.rank),
                "unet.lora_alpha": alpha == alpha.rounded() ? .whole(Int(alpha)) : .number(alpha),
                "unet.target_modules": .list(["to_k", "to_out.0", "to_q", "to_v"].map { .text($0) }),
                "unet.init_lora_weights": .text("gaussian"), "unet.lora_dropout": .number(0),
                "unet.bias": .text("none"),
            ]
            return try jsonLine(JSONValue.object(values), naming: .plain)
        }
    }

    /// A weight's name as that of a whole difference, which `LoRAFile` reads.
    private static func difference(_ name: String) -> String {
        name.hasSuffix(".bias")
            ? "unet." + name.dropLast(".bias".count) + ".diff_b"
            : "unet." + name.dropLast(".weight".count) + ".diff"
    }
}
