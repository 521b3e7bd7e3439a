import Foundation

/// A system call that failed while bytes were written.
package struct SystemFailure: UserError, Equatable {
    /// The system's number for it.
    package let number: Int32

    package init(number: Int32) { self.number = number }

    /// The machine is where it failed.
    package var kind: UserErrorKind { .environment }
    /// The system's words.
    package var description: String { WriteFailure.reason(number) }
}

/// Why an output cannot be written where it was asked for.
package struct WriteFailure: UserError, Equatable {
    /// What is in the way.
    package enum Cause: Equatable, Sendable {
        /// The folder is not there.
        case noFolder(String)
        /// There is a folder where the file should be.
        case isFolder
        /// This user may not make files in that folder, or not change that file.
        case noPermission(in: String)
        /// The name has more bytes than the file system takes.
        case nameTooLong
        /// There is such a file, and it was not to be replaced.
        case taken
        /// The place is there but takes no file, for a reason of the system's.
        case refused(String)
        /// The disk, or this user's share of it, is full.
        case noRoom
        /// Whoever read what was written has left, or the descriptor was never open.
        case closed
        /// Writing broke off for another reason.
        case broken(String)
    }

    /// The path that was asked for.
    package let path: String
    /// What is in the way.
    package let cause: Cause

    package init(_ path: String, _ cause: Cause) {
        self.path = path
        self.cause = cause
    }

    /// What an error number means for a path; `target` is where its links lead.
    package init(_ path: String, number: Int32, target: String? = nil) {
        let target = target ?? path
        let folder = enclosingFolder(of: target)
        let cause: Cause =
            switch number {
            case ENOENT, ENOTDIR:
                Destination.isFolder(folder)
                    ? .refused("nothing can be made in \(folder)") : .noFolder(folder)
            case EISDIR: .isFolder
            case EACCES, EPERM, EROFS:
                .noPermission(in: access(target, F_OK) == 0 && access(target, W_OK) != 0 ? target : folder)
            case ENAMETOOLONG: .nameTooLong
            case EEXIST: .taken
            case ENOSPC, EDQUOT: .noRoom
            case EPIPE, EBADF: .closed
            case EIO, EFBIG: .broken(Self.reason(number))
            default: .refused(Self.reason(number))
            }
        self.init(path, cause)
    }

    /// The system's words for an error number.
    package static func reason(_ number: Int32) -> String { String(cString: strerror(number)) }

    /// What is in the way and what to do, without the path.
    package var reason: String {
        switch cause {
        case .noFolder(let folder): "there is no folder \(folder); make it first"
        case .isFolder: "it is a folder; name a file in it"
        case .noPermission(let place): "no permission to write in \(place)"
        case .nameTooLong:
            "the name is longer than the file system takes (most take 255 bytes); choose a shorter one"
        case .taken: "it exists already"
        case .refused(let reason), .broken(let reason): reason
        case .noRoom: "no space left on the disk; make room or name another place"
        case .closed: "it was closed before everything was written"
        }
    }

    /// Whether the machine failed, and not the place that was named.
    package var isFault: Bool {
        switch cause {
        case .noRoom, .closed, .broken: true
        default: false
        }
    }

    /// Where the cause lies: in a folder that is not there, in the place, or in the machine.
    package var kind: UserErrorKind {
        if case .noFolder = cause { return .missing }
        return isFault ? .environment : .badInput
    }

    /// What happened, where, and what to do, in one line.
    package var description: String { "\(Destination.name(of: path)) cannot be written: \(reason)" }
}
