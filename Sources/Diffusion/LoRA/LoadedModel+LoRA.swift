import Layers
import Support
import Tensors

extension LoadedModel {
    /// The model with LoRAs added to its weights, and a fingerprint that their files and strengths are part of.
    ///
    /// Updates are fused: weights that any of them touches become tensors of their own, and no pass costs more. W' = W +
    /// Σ ΔW of all files, in float32; their order does not matter, but for DoRA, which is made of the model's own weights.
    /// - Throws: `LoRAError` for files of other networks or kinds, `SafetensorsError` for what is no such file.
    public func changed(by choices: [LoRAChoice]) throws -> InMemoryModel {
        let files = try choices.map { try $0.file() }
        return try withoutGradients {
            let unet = Dictionary(uniqueKeysWithValues: try unetTensors().map { ($0.name, $0.tensor) })
            let text = Dictionary(uniqueKeysWithValues: try textEncoderTensors().map { ($0.name, $0.tensor) })
            var sums: (unet: [String: Tensor], text: [String: Tensor]) = ([:], [:])
            var notices: [String] = []
            for (file, choice) in zip(files, choices) {
                let deltas = try file.deltas(unet: unet, textEncoder: text, strength: choice.strength)
                sums.unet.merge(deltas.unet) { $0 + $1 }
                sums.text.merge(deltas.textEncoder) { $0 + $1 }
                if let first = deltas.unmatched.first {
                    notices.append(
                        "\(lastName(of: file.path)): \(deltas.unmatched.count) of its layers are none of this model's and "
                            + "are not used (\(first)\(deltas.unmatched.count > 1 ? ", …" : ""))")
                }
            }
            let facts = zip(files, choices).map { file, choice in
                LoRAFacts(
                    name: lastName(of: file.path), hash: file.hash, strength: choice.strength.unet,
                    textStrength: choice.strength.textEncoder)
            }
            return try overlaid(
                unet: sums.unet.isEmpty ? [] : [.adding(sums.unet)],
                textEncoder: sums.text.isEmpty ? [] : [.adding(sums.text)], loras: facts, notices: notices)
        }
    }
}
