public import Support

/// Why a LoRA cannot be used.
public enum LoRAError: UserError, Equatable {
    /// The file holds no update of a layer.
    case none(path: String)
    /// A kind that works otherwise.
    case otherKind(path: String, kind: String)
    /// More than half of its layers are none of the model's; the width is that of the prompt's embedding it is for.
    case otherNetwork(path: String, unmatched: Int, of: Int, first: [String], width: Int?)
    /// What it holds for a layer makes no sense.
    case malformed(path: String, module: String, reason: String)

    /// The file is where the cause lies.
    public var kind: UserErrorKind {
        switch self {
        case .otherKind: .unsupported
        default: .badInput
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String {
        switch self {
        case .none(let path):
            "\(path) holds no update of a layer: it is no LoRA, or one spelt as none is known"
        case .otherKind(let path, let kind):
            "\(path) is \(kind), which is not read; LoRA, LoCon, LoHa, LoKr and DoRA are"
        case .otherNetwork(let path, let unmatched, let count, let first, let width):
            "\(path) is for another network\(Self.family(width)): \(unmatched) of its \(count) layers are none of this "
                + "model's (\(first.joined(separator: ", "))\(unmatched > first.count ? ", …" : ""))"
        case .malformed(let path, let module, let reason):
            "\(path): \(module): \(reason)"
        }
    }

    private static func family(_ width: Int?) -> String {
        let families = [
            768: "Stable Diffusion 1.x", 1024: "Stable Diffusion 2.x", 2048: "Stable Diffusion XL (SDXL)",
        ]
        return width.flatMap { families[$0] }.map { ", of \($0)" } ?? ""
    }
}
