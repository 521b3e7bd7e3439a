public import Support

/// Why votes cannot be counted.
public enum VoteError: UserError, Equatable {
    /// Votes of another page.
    case otherPage(voter: String, page: String, wanted: String)
    /// A file is no sheet of votes, or no key of pairs.
    case malformed(String)
    /// There is nothing to compare.
    case noPairs(String)

    /// It is about the files.
    public var kind: UserErrorKind { .badInput }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .otherPage(let voter, let page, let wanted):
            "the votes of \(voter) are on page \(page), and the key is of page \(wanted)"
        case .malformed(let path): "\(path) holds no votes or no key of pairs"
        case .noPairs(let path):
            "\(path) has no two contenders with results of one edit; there is nothing to compare"
        }
    }
}
