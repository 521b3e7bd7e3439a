public import Support

/// Why the data of a published benchmark cannot be used.
public enum BenchmarkDataError: UserError, Equatable {
    /// A file or folder that the benchmark consists of is not there; `layout` says what belongs where.
    case missing(path: String, layout: String)
    /// A list cannot be read.
    case malformed(path: String, reason: String)
    /// Pictures that lists name are not there.
    case missingPictures(first: String, count: Int, of: Int)
    /// The lists are not those that a run began with.
    case changed(String)
    /// The benchmark has fewer edits than are wanted.
    case tooFew(name: String, count: Int, wanted: Int)
    /// A picture does not fit what belongs to it.
    case badPicture(path: String, reason: String)

    /// Where the cause lies.
    public var kind: UserErrorKind {
        switch self {
        case .missing, .missingPictures: .missing
        case .malformed, .changed, .badPicture: .badInput
        case .tooFew: .request
        }
    }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .missing(let path, let layout): "\(path) does not exist; \(layout)"
        case .malformed(let path, let reason): "\(path): \(reason)"
        case .missingPictures(let first, let count, let total):
            "\(count) of \(total) pictures that the lists name do not exist, the first is \(first)"
        case .changed(let folder): "the lists of \(folder) are not those that the run began with"
        case .tooFew(let name, let count, let wanted):
            "\(name) has \(count) edits, and \(wanted) are wanted"
        case .badPicture(let path, let reason): "\(path) \(reason)"
        }
    }
}
