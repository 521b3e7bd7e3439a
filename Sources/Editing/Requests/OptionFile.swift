public import Imaging

/// What a file holds that an option of a method names.
///
/// The library opens none of them: whoever makes a request reads those that a method knows (``EditingMethod/files``), and
/// gives what they hold in ``EditRequest/files``.
public enum OptionFile: Sendable, Hashable {
    /// What a file must hold.
    public enum Kind: Sendable, Hashable {
        /// Sentences, or the embeddings of some.
        case sentences
        /// A mask.
        case mask
    }

    /// Sentences.
    case sentences([String])
    /// Embedded sentences, [n, L, D] or [L, D], of which the mean counts.
    case embeddings(NamedArray)
    /// A mask.
    case mask(Mask)
}

extension EditingError {
    /// The error that an option names a file of which the request does not say what it holds.
    static func unread(_ option: TypedOption<String>, method: String) -> EditingError {
        .missing(.file(of: option.name), method: method)
    }
}
