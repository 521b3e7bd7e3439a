import Foundation
import Support
import Tensors

/// A LoRA as people share it: small updates of a model's weights in one safetensors file.
///
/// All spellings of names are read (kohya's, diffusers' and peft's, Stable Diffusion's first code), and the kinds LoRA,
/// LoCon, LoHa, LoKr, DoRA and whole differences. Hu et al. 2022 (arXiv 2106.09685); LyCORIS, arXiv 2309.14859.
public struct LoRAFile: Sendable {
    /// Where it lies.
    public var path: String { file.path }
    /// What the file says of itself.
    public var metadata: [String: String] { file.metadata }

    private let file: SafetensorsFile
    /// The layers that it is for, with the names of their tensors.
    private let modules: [(name: String, tensors: [LoRAModule.Role: String])]

    /// Opens a file and reads its header; what its names mean is seen when it meets a model.
    /// - Throws: `LoRAError`, `SafetensorsError` for a file that is refused.
    public init(contentsOf path: String) throws {
        file = try SafetensorsFile(path: path)
        try Self.refuseOthers(file, path)
        var found: [String: [LoRAModule.Role: String]] = [:]
        var order: [String] = []
        for name in file.names {
            guard let (module, role) = Self.role(of: name) else { continue }
            if found[module] == nil { order.append(module) }
            found[module, default: [:]][role] = name
        }
        guard !order.isEmpty else { throw LoRAError.none(path: path) }
        modules = order.map { ($0, found[$0] ?? [:]) }
    }

    /// A short hash of its bytes.
    public var hash: String {
        var digest = Digest()
        digest.add(file)
        return digest.hexadecimal(bytes: 6)
    }

    /// The deltas that the file means for a model's networks.
    struct Deltas {
        var unet: [String: Tensor] = [:]
        var textEncoder: [String: Tensor] = [:]
        /// Names that no network has.
        var unmatched: [String] = []
    }

    /// What the file adds to weights, at the strengths for the UNet and for the text encoder.
    /// - Parameters:
    ///   - unet: the UNet's tensors.
    ///   - textEncoder: the text encoder's tensors.
    /// - Throws: `LoRAError` for a file of another network, or a layer that cannot be used.
    func deltas(
        unet: [String: Tensor], textEncoder: [String: Tensor], strength: LoRAChoice.Strength
    ) throws -> Deltas {
        let names = LoRANames(unet: Array(unet.keys), textEncoder: Array(textEncoder.keys))
        let adapter = AdapterMetadata(metadata["lora_adapter_metadata"])
        var deltas = Deltas()
        for (name, tensors) in modules {
            var module = LoRAModule(tensors: try tensors.mapValues { try file.tensor($0) })
            (module.alpha, module.isRankStabilised) = adapter.alpha(of: name)
            guard let (part, place) = names.module(name) else {
                deltas.unmatched.append(name)
                continue
            }
            let base = part == .unet ? unet : textEncoder
            let strength = part == .unet ? strength.unet : strength.textEncoder
            for (leaf, isBias) in [(".weight", false), (".bias", true)] {
                guard let tensor = base[place + leaf] else { continue }
                let delta: Tensor?
                do {
                    delta =
                        isBias
                        ? try module.biasDelta(for: tensor, strength: strength)
                        : try module.delta(for: tensor, strength: strength)
                } catch let fault as LoRAFault {
                    throw LoRAError.malformed(path: path, module: name, reason: fault.reason)
                }
                guard let delta else { continue }
                guard delta.isFinite else {
                    throw LoRAError.malformed(
                        path: path, module: name, reason: "it holds values that are not numbers")
                }
                if part == .unet {
                    deltas.unet[place + leaf] = delta
                } else {
                    deltas.textEncoder[place + leaf] = delta
                }
            }
        }
        guard 2 * deltas.unmatched.count <= modules.count else {
            throw LoRAError.otherNetwork(
                path: path, unmatched: deltas.unmatched.count, of: modules.count,
                first: Array(deltas.unmatched.prefix(3)), width: promptWidth)
        }
        return deltas
    }

    /// Width of the prompt's embedding that the file was made for, where it changes the layers that read it.
    private var promptWidth: Int? {
        modules.first { $0.name.hasSuffix("attn2_to_k") || $0.name.hasSuffix("attn2.to_k") }?
            .tensors[.down].flatMap { file.shape(of: $0)?.last }
    }

    /// How writers spell the ends of names; those that contain others stand first.
    private static let endings: [(String, LoRAModule.Role)] = [
        (".lora_linear_layer.down.weight", .down), (".lora_linear_layer.up.weight", .up),
        (".lora_A.default.weight", .down), (".lora_B.default.weight", .up), (".lora_down.weight", .down),
        (".lora_up.weight", .up), (".lora_mid.weight", .mid), (".lora_A.weight", .down),
        (".lora_B.weight", .up), (".lora.down.weight", .down), (".lora.up.weight", .up),
        ("_lora.down.weight", .down), ("_lora.up.weight", .up), (".alpha", .alpha),
        (".dora_scale", .magnitude),
        (".lora_magnitude_vector.default.weight", .magnitude), (".lora_magnitude_vector.weight", .magnitude),
        (".lora_magnitude_vector", .magnitude), (".hada_w1_a", .hadaW1A), (".hada_w1_b", .hadaW1B),
        (".hada_w2_a", .hadaW2A), (".hada_w2_b", .hadaW2B), (".hada_t1", .hadaT1), (".hada_t2", .hadaT2),
        (".lokr_w1_a", .lokrW1A), (".lokr_w1_b", .lokrW1B), (".lokr_w2_a", .lokrW2A),
        (".lokr_w2_b", .lokrW2B),
        (".lokr_w1", .lokrW1), (".lokr_w2", .lokrW2), (".lokr_t2", .lokrT2), (".diff_b", .biasDiff),
        (".diff", .diff), (".b_norm", .biasDiff), (".w_norm", .diff),
    ]

    /// The module that a tensor belongs to, and what it is there for.
    private static func role(of name: String) -> (module: String, role: LoRAModule.Role)? {
        endings.first { name.hasSuffix($0.0) }.map { (String(name.dropLast($0.0.count)), $0.1) }
    }

    /// Refuses by name what is spelt as a LoRA and works otherwise.
    private static func refuseOthers(_ file: SafetensorsFile, _ path: String) throws(LoRAError) {
        let others = [
            ("oft_blocks", "OFT"), ("oft_diag", "OFT"), (".a1.weight", "GLoRA"), ("on_input", "IA3"),
            ("lora_controlnet", "Control-LoRA"), ("lllite_", "ControlNet-LLLite"),
            ("lora_transformer_", "a LoRA of a transformer model"),
            ("lora_prior_", "a LoRA of Stable Cascade"),
        ]
        for (part, kind) in others where file.names.contains(where: { $0.contains(part) }) {
            throw .otherKind(path: path, kind: kind)
        }
    }
}

/// What diffusers writes of α and rank into a file's metadata, where its tensors hold no α.
private struct AdapterMetadata {
    private let values: [String: JSONValue]

    init(_ text: String?) { values = text.flatMap { JSONValue.object(of: Data($0.utf8)) } ?? [:] }

    /// α of a module and whether it is divided by the root of the rank; nil where the rank counts.
    func alpha(of module: String) -> (Double?, Bool) {
        let part = module.hasPrefix("text_encoder.") ? "text_encoder" : "unet"
        let stabilised = values[part + ".use_rslora"]?.flag ?? false
        let bare = module.hasPrefix(part + ".") ? String(module.dropFirst(part.count + 1)) : module
        let pattern = values[part + ".alpha_pattern"]?.object ?? [:]
        let own = pattern.first { bare == $0.key || bare.hasSuffix("." + $0.key) }?.value.number
        return (own ?? values[part + ".lora_alpha"]?.number, stabilised)
    }
}
