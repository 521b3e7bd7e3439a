import Layers
import Tensors

/// The text encoder in a checkpoint: where its names begin, and in which of the two layouts they are.
struct TextTower {
    /// How a tower's tensors are named and stored.
    enum Layout {
        /// As transformers does, with or without `text_model.`.
        case transformers
        /// As OpenCLIP does: queries, keys and values in one matrix.
        case openCLIP
    }

    /// What stands before the tower's names.
    let prefix: String
    let layout: Layout
    /// The tensors by the names that the text encoder asks for.
    let tensors: [String: StoredTensor]
    /// Names of the file that lie below the prefix, read or passed over.
    let names: Set<String>

    private static let prefixes = [
        "cond_stage_model.transformer.", "conditioner.embedders.0.transformer.", "cond_stage_model.model.",
        "conditioner.embedders.0.model.", "text_encoders.clip_l.transformer.",
        "text_encoders.clip_h.transformer.",
        "cond_stage_model.", "",
    ]

    /// Nil where a file has no text encoder.
    init?(in header: HeaderNames) {
        for prefix in Self.prefixes {
            let token = "embeddings.token_embedding.weight"
            for inner in ["text_model.", "", "transformer.text_model."]
            where header.has(prefix + inner + token) {
                self.init(header, prefix: prefix, below: prefix + inner, .transformers)
                return
            }
            if header.has(prefix + "token_embedding.weight"), header.has(prefix + "positional_embedding") {
                self.init(header, prefix: prefix, below: prefix, .openCLIP)
                return
            }
        }
        return nil
    }

    private init(_ header: HeaderNames, prefix: String, below root: String, _ layout: Layout) {
        self.prefix = prefix
        self.layout = layout
        let names = header.names.filter { $0.hasPrefix(root) }
        var tensors: [String: StoredTensor] = [:]
        for name in names {
            let own = String(name.dropFirst(root.count))
            switch layout {
            // Positions are 0…76 whatever a merge left there, and a projection is not used.
            case .transformers
            where Self.parts.contains(where: own.hasPrefix) && !own.hasSuffix("position_ids"):
                tensors[own] = StoredTensor(name)
            case .transformers: break
            case .openCLIP:
                for (wanted, stored) in Self.stored(own, as: name, shape: header.shape(name) ?? []) {
                    tensors[wanted] = stored
                }
            }
        }
        self.tensors = tensors
        self.names =
            prefix.isEmpty
            ? Set(tensors.values.map(\.name)) : Set(header.names.filter { $0.hasPrefix(prefix) })
    }

    private static let parts = ["embeddings.", "encoder.layers.", "final_layer_norm."]
    private static let fixed = [
        "positional_embedding": "embeddings.position_embedding.weight",
        "token_embedding.weight": "embeddings.token_embedding.weight",
        "ln_final.weight": "final_layer_norm.weight", "ln_final.bias": "final_layer_norm.bias",
    ]
    private static let layers = [
        "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
        "attn.out_proj": "self_attn.out_proj",
    ]

    /// What a tensor of OpenCLIP holds: one tensor of the text encoder, or three in thirds of its rows.
    private static func stored(_ own: String, as name: String, shape: [Int]) -> [(String, StoredTensor)] {
        if let wanted = fixed[own] { return [(wanted, StoredTensor(name))] }
        if own == "text_projection" {
            return [("text_projection.weight", StoredTensor(name, isTransposed: true))]
        }
        let parts = own.split(separator: ".").map(String.init)
        guard parts.count > 3, parts[0] == "transformer", parts[1] == "resblocks", let rows = shape.first
        else { return [] }
        let place = "encoder.layers.\(parts[2])."
        let rest = parts.dropFirst(3).joined(separator: ".")
        for (ending, leaf) in [("attn.in_proj_weight", "weight"), ("attn.in_proj_bias", "bias")]
        where rest == ending && rows % 3 == 0 {
            let third = rows / 3
            return ["q_proj", "k_proj", "v_proj"].enumerated().map { index, part in
                (
                    "\(place)self_attn.\(part).\(leaf)",
                    StoredTensor(name, rows: (index * third)..<((index + 1) * third))
                )
            }
        }
        let module = parts.dropFirst(3).dropLast().joined(separator: ".")
        return layers[module].map { [("\(place)\($0).\(parts[parts.count - 1])", StoredTensor(name))] } ?? []
    }
}
