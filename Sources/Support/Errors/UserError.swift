/// An error whose description is one line for a user: what happened, where, and what to do.
///
/// Every error that this package's libraries throw of their own is one, so that a program can tell by the kind whether
/// to ask for another prompt, another file or another machine.
public protocol UserError: Error, CustomStringConvertible {
    /// Where the cause lies.
    var kind: UserErrorKind { get }
    /// The description, for programs that name settings in their own way.
    var message: Message { get }
}

extension UserError {
    /// The description; it points to no setting.
    public var message: Message { Message(description) }
}

/// Where the cause of an error lies, and so who can do something about it.
public enum UserErrorKind: String, Sendable, Hashable, CaseIterable {
    /// In what was asked for: a setting, a prompt or a name that makes no sense.
    case request
    /// In a file, an image or a model that cannot be used.
    case badInput
    /// In a file or folder that is not there.
    case missing
    /// In input that is sound, but of a kind that is not supported here.
    case unsupported
    /// In the machine: a full disk, too little memory, a library that is not installed.
    case environment
    /// In a computation that went wrong, or in the program itself.
    case fault
}
