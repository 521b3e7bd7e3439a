/// Where the names of a LoRA file lead: the tensors of a network, under the names of all writers.
struct LoRANames {
    /// Which network a module is for.
    enum Part: Sendable, Hashable { case unet, textEncoder }

    /// Modules by their flattened names: the network's own, and for the UNet also those of Stable Diffusion's first code.
    private let modules: [Part: [String: String]]

    /// - Parameters:
    ///   - unet: names of the UNet's tensors.
    ///   - textEncoder: names of the text encoder's.
    init(unet: [String], textEncoder: [String]) {
        var found: [Part: [String: String]] = [.unet: [:], .textEncoder: [:]]
        let levels =
            1 + (unet.compactMap { Self.place($0, after: "down_blocks", "resnets") }.map(\.1).max() ?? 1)
        for name in unet where name.hasSuffix(".weight") {
            let module = String(name.dropLast(7))
            for other in OriginalNames.original(of: module, levels: levels) {
                found[.unet]?[Self.flat(other)] = module
            }
        }
        // Files that hold a layer under both names mean the second.
        for name in unet where name.hasSuffix(".weight") {
            let module = String(name.dropLast(7))
            found[.unet]?[Self.flat(module)] = module
        }
        for name in textEncoder where name.hasSuffix(".weight") {
            let module = String(name.dropLast(7))
            let bare = module.hasPrefix("text_model.") ? String(module.dropFirst(11)) : module
            for other in [bare, "text_model." + bare] { found[.textEncoder]?[Self.flat(other)] = module }
        }
        modules = found
    }

    /// The module that a name of a file means; nil where the networks have none such.
    func module(_ name: String) -> (part: Part, module: String)? {
        for (prefix, part) in Self.prefixes where name.hasPrefix(prefix) {
            let rest = Self.plain(String(name.dropFirst(prefix.count)))
            if let part {
                return modules[part]?[rest].map { (part, $0) }
            }
            for part in [Part.unet, .textEncoder] {
                if let found = modules[part]?[rest] { return (part, found) }
            }
        }
        return nil
    }

    /// What stands before the module, and for which network where that says it; the longest first.
    private static let prefixes: [(String, Part?)] = [
        ("base_model.model.", nil), ("diffusion_model.", .unet), ("text_encoder.", .textEncoder),
        ("lora_te1_", .textEncoder), ("lora_unet_", .unet), ("lora_te_", .textEncoder), ("lycoris_", nil),
        ("unet.", .unet), ("", nil),
    ]

    /// The name flattened, with what early files of diffusers say otherwise.
    private static func plain(_ name: String) -> String {
        let text = name.split(separator: ".").filter { $0 != "processor" }.joined(separator: "_")
        for (old, new) in [("q", "q_proj"), ("k", "k_proj"), ("v", "v_proj"), ("out", "out_proj")] {
            if text.hasSuffix("self_attn_to_" + old) { return String(text.dropLast(3 + old.count)) + new }
        }
        return text.hasSuffix("to_out") ? text + "_0" : text
    }

    private static func flat(_ name: String) -> String { name.split(separator: ".").joined(separator: "_") }

    /// The two numbers of `FIRST.b.SECOND.n` at the beginning of a name.
    private static func place(_ name: String, after first: String, _ second: String) -> (Int, Int)? {
        let parts = name.split(separator: ".")
        guard parts.count > 3, parts[0] == first, parts[2] == second, let b = Int(parts[1]),
            let n = Int(parts[3])
        else { return nil }
        return (b, n)
    }
}
