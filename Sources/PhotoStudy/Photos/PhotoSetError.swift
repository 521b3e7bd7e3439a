public import Support

/// Why a folder of described photos cannot be used.
public enum PhotoSetError: UserError, Equatable {
    /// There is no such folder, or a list of it is not there.
    case missing(String)
    /// A line of a list is not what it has to be.
    case badLine(path: String, line: Int, reason: String)
    /// An image of the folder does not fit what a list says of it.
    case badImage(path: String, reason: String)
    /// The lists are not those that were read before.
    case changed(String)
    /// The folder does not hold as many edits as are wanted.
    case tooFew(folder: String, family: String, count: Int, wanted: Int)

    /// Where the cause lies.
    public var kind: UserErrorKind {
        switch self {
        case .missing: .missing
        case .badLine, .badImage, .changed: .badInput
        case .tooFew: .request
        }
    }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .missing(let path):
            "\(path) does not exist; Scripts/flowers makes a folder of photos with held-out edits"
        case .badLine(let path, let line, let reason): "\(path): line \(line) \(reason)"
        case .badImage(let path, let reason): "\(path) \(reason)"
        case .changed(let folder): "the lists of \(folder) are not what they were"
        case .tooFew(let folder, let family, let count, let wanted):
            "\(folder) has \(count) edits of \(family), and \(wanted) are wanted"
        }
    }
}
