import Diffusion
import Foundation
import Support

/// What the process answers to its caller; the numbers are those of sysexits.h and, for an interrupt, of shells.
enum Status: Int32 {
    case success = 0
    /// Arguments that make no sense.
    case usage = 64
    /// Input that cannot be used.
    case badInput = 65
    /// A file or folder that is not there.
    case missing = 66
    /// Something the command needs is not installed.
    case unavailable = 69
    /// A fault of the program, its libraries or the machine.
    case fault = 70
    case interrupted = 130
}

/// The end of a command: a status, and one line that says what happened, where and what to do.
struct Failure: Error, Equatable {
    let status: Status
    let message: String

    static func usage(_ message: String) -> Failure { Failure(.usage, message) }
    static func badInput(_ message: String) -> Failure { Failure(.badInput, message) }
    static func missing(_ message: String) -> Failure { Failure(.missing, message) }
    static func fault(_ message: String) -> Failure { Failure(.fault, message) }

    init(_ status: Status, _ message: String) {
        self.status = status
        self.message = message
    }

    /// The end that an error of one of the parts means.
    init(describing error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as DiffusionError where error.isAboutDevice:
            self.init(Failure.status(of: error), Naming.flags.text(of: error) + " (see doctor)")
        case let error as CocoaError:
            // Its own description spans domains and underlying errors; the path and one sentence are what helps.
            let place = error.filePath.map { $0 + ": " } ?? ""
            let system = (error.userInfo[NSUnderlyingErrorKey] as? POSIXError)?.code.rawValue
            self.init(
                Failure.status(of: error),
                place + (system.map(WriteFailure.reason) ?? error.localizedDescription))
        case let error as any CustomStringConvertible & Error:
            self.init(Failure.status(of: error), Naming.flags.text(of: error))
        default: self.init(Failure.status(of: error), error.localizedDescription)
        }
    }

    private static func status(of error: any Error) -> Status {
        switch error {
        case let error as any UserError: Status(error.kind)
        case let error as CocoaError where error.code == .fileNoSuchFile || error.code == .fileReadNoSuchFile:
            .missing
        default: .fault
        }
    }
}

extension DiffusionError {
    /// Whether another command tells more.
    fileprivate var isAboutDevice: Bool { if case .deviceUnavailable = self { true } else { false } }
}

extension Status {
    /// The number for an error of a kind, whichever part it comes from.
    init(_ kind: UserErrorKind) {
        switch kind {
        case .request: self = .usage
        case .badInput, .unsupported: self = .badInput
        case .missing: self = .missing
        case .environment, .fault: self = .fault
        }
    }
}

extension Naming {
    /// As they are given on this command line.
    static let flags = Naming { control in
        switch control {
        case .setting(let name, let value): "--\(name)" + (value.map { " \($0)" } ?? "")
        case .command(let name): "pentimento \(name)"
        }
    }
}
