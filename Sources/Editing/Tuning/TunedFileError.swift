public import Support

/// Why a file of tuned embeddings or weights cannot be used.
public enum TunedFileError: UserError, Equatable {
    /// The file says nothing of a tuning.
    case none(path: String)
    /// A newer program wrote it.
    case newer(path: String)
    /// It holds something else than it says.
    case malformed(path: String, reason: String)
    /// It was tuned over another base model.
    case otherModel(path: String, own: String, base: String, model: String, fingerprint: String)
    /// It was tuned for another method than is asked for.
    case otherMethod(path: String, own: String, asked: String)
    /// It was tuned with another value of an option than is asked for.
    case otherOption(path: String, name: String, own: String, asked: String)

    /// The file, or what was asked for beside it.
    public var kind: UserErrorKind {
        switch self {
        case .otherMethod, .otherOption: .request
        case .newer: .unsupported
        default: .badInput
        }
    }

    /// One line: what happened, where, and what to do.
    public var description: String { "\(message)" }

    /// The same with the settings that it points to.
    public var message: Message {
        switch self {
        case .none(let path):
            "\(path) was not tuned by this program"
                + "\(.setting("lora"), before: "; a LoRA of others is given with ", plain: "")"
        case .newer(let path): "\(path) was tuned by a newer version of this program, which has to be used"
        case .malformed(let path, let reason): "\(path) is damaged: \(reason); tune it again"
        case .otherModel(let path, let own, let base, let model, let fingerprint):
            "\(path) was tuned over the model \(own) (\(base)) and goes with no other; this is \(model) "
                + "(\(fingerprint))"
        case .otherMethod(let path, let own, let asked):
            "\(path) was tuned for \(own), not for \(asked); leave out "
                + "\(.setting("method"), plain: "the method"), or name \(own)"
        case .otherOption(let path, let name, let own, let asked):
            "\(path) was tuned with \(name)=\(own), not \(asked); leave that out, or tune another file"
        }
    }
}
