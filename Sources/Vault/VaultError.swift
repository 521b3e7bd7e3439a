package import Support

/// Why something cannot be kept, or is not there.
package enum VaultError: UserError, Equatable {
    /// Another instance works on the folder.
    case taken(folder: String, pid: Int?)
    /// The folder was made by a newer version.
    case newer(folder: String)
    /// The folder cannot be used.
    case unusable(folder: String, reason: String)
    /// The disk is full.
    case noRoom
    /// The files would take more than they may.
    case overQuota(limit: Int)
    /// No such thing is kept.
    case unknown(what: String, id: String)
    /// A picture's file was removed by somebody else.
    case gone(picture: String)
    /// A picture is needed by jobs or results.
    case inUse(picture: String, by: [String])
    /// A key was used before, for another request.
    case keyUsed(key: String)
    /// As many jobs wait as may.
    case queueFull(most: Int)
    /// A job is not in a state in which that can be done to it.
    case wrongState(job: String, state: String, wanted: String)

    /// Where the cause lies.
    package var kind: UserErrorKind {
        switch self {
        case .taken, .noRoom, .overQuota, .queueFull: .environment
        case .newer, .unusable: .badInput
        case .unknown, .gone: .missing
        case .inUse, .keyUsed, .wrongState: .request
        }
    }

    /// One line: what happened, where, and what to do.
    package var description: String {
        switch self {
        case .taken(let folder, let pid):
            "\(folder): another pentimento serve works on it\(pid.map { " (process \($0))" } ?? ""); stop it, or name "
                + "another folder with --data"
        case .newer(let folder): "\(folder): made by a newer Pentimento; use that one, or another folder"
        case .unusable(let folder, let reason): "\(folder): \(reason)"
        case .noRoom: "no space left on the disk; nothing was kept"
        case .overQuota(let limit):
            "pictures may take \(limit >> 20) MiB, and no room is left; delete some, or start with a larger --disk"
        case .unknown(let what, let id): "there is no \(what) \(id.prefix(40))"
        case .gone(let picture): "the file of picture \(picture.prefix(8)) is not there any more"
        case .inUse(let picture, let users):
            "picture \(picture.prefix(8)) is needed by \(users.prefix(3).joined(separator: ", "))"
                + (users.count > 3 ? " and \(users.count - 3) more" : "")
        case .keyUsed(let key): "the key \"\(key)\" was used before, for another request"
        case .queueFull(let most): "\(most) jobs are waiting, and no more are taken; try again later"
        case .wrongState(let job, let state, let wanted): "job \(job) is \(state); it must be \(wanted)"
        }
    }
}
