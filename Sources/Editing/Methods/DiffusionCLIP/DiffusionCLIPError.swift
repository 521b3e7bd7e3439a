public import Support

/// What DiffusionCLIP cannot work with.
public enum DiffusionCLIPError: UserError, Equatable {
    /// The two texts have one embedding, so that there is no direction from one to the other.
    case sameTexts(source: String, target: String)
    /// Weights of a mixture.
    case weights(String)
    /// A setting that does not fit the model or the method.
    case setting(key: String, value: String, wanted: String)
    /// Images of another size, or none at all.
    case images(String)

    /// All of them lie in what was asked.
    public var kind: UserErrorKind { .request }

    /// What happened, and what to do.
    public var description: String {
        switch self {
        case .sameTexts(let source, let target):
            "\"\(source)\" and \"\(target)\" mean the same to the network of images and texts; choose others"
        case .weights(let what): "the weights of mixed models cannot be used: \(what)"
        case .setting(let key, let value, let wanted):
            "DiffusionCLIP's \(key) is \(value); it must be \(wanted)"
        case .images(let what): "the images to tune on cannot be used: \(what)"
        }
    }
}
