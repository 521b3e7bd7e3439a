import Comparison
import Diffusion
import Editing
import Foundation
import Imaging
import Judging
import Layers
import Networks
import Prompts
import StillLife
import Storage
import Tensors
import Training

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
        case let error as CocoaError:
            // Its own description spans domains and underlying errors; the path and one sentence are what helps.
            let place = error.filePath.map { $0 + ": " } ?? ""
            let system = (error.userInfo[NSUnderlyingErrorKey] as? POSIXError)?.code.rawValue
            self.init(
                Failure.status(of: error),
                place + (system.map(WriteFailure.reason) ?? error.localizedDescription))
        case let error as any CustomStringConvertible & Error:
            self.init(Failure.status(of: error), "\(error)")
        default: self.init(Failure.status(of: error), error.localizedDescription)
        }
    }

    private static func status(of error: any Error) -> Status {
        switch error {
        case let error as WriteFailure: error.status
        case let error as ImagingError: error.status
        case let error as DiffusionError: error.status
        case is EditingError: .usage
        case let error as WeightError: error.status
        case let error as SafetensorsError: error.status
        case let error as TokenizerError: error.status
        case let error as TrainingError: error.status
        case let error as ConfigurationError:
            if case .noFile = error { .missing } else { .badInput }
        case let error as StillLifeSetError:
            error.status
        case is EditError: .usage
        case is JudgingError, is MaskError: .badInput
        case let error as StudyError:
            if case .cannotWrite(_, isFault: true) = error { .fault } else { .badInput }
        case let error as CocoaError where error.code == .fileNoSuchFile || error.code == .fileReadNoSuchFile:
            .missing
        default: .fault
        }
    }
}

// An output that cannot be written has the same status whoever notices: 64 for an ending of no kind, 66 for a folder
// that is not there, 65 for a place or a name that takes no file, 70 where the disk or the reader fails.

extension WriteFailure {
    fileprivate var status: Status {
        if case .noFolder = cause { return .missing }
        return isFault ? .fault : .badInput
    }
}

extension StillLifeSetError {
    fileprivate var status: Status {
        switch self {
        case .request: .usage
        case .cannotWrite(_, isFault: true): .fault
        default: .badInput
        }
    }
}

extension ImagingError {
    fileprivate var status: Status {
        switch self {
        case .missingFile, .missingFolder: .missing
        case .codecMissing, .diskFull, .writingBroke: .fault
        case .unknownExtension, .unfitOption: .usage
        default: .badInput
        }
    }
}

extension DiffusionError {
    fileprivate var status: Status {
        switch self {
        case .missingFile: .missing
        case .badSteps, .badOffset, .deviceUnavailable: .usage
        case .notFinite: .fault
        default: .badInput
        }
    }
}

extension WeightError {
    fileprivate var status: Status {
        switch self {
        case .noFolder, .noFile: .missing
        default: .badInput
        }
    }
}

extension SafetensorsError {
    fileprivate var status: Status {
        switch self {
        case .cannotRead(let path, _): FileManager.default.fileExists(atPath: path) ? .badInput : .missing
        case .folderMissing: .missing
        case .diskFull, .writingBroke: .fault
        default: .badInput
        }
    }
}

extension TokenizerError {
    fileprivate var status: Status {
        if case .filesMissing = self { .missing } else { .badInput }
    }
}

extension TrainingError {
    fileprivate var status: Status {
        switch self {
        case .missing: .missing
        case .file, .diverged, .cannotWrite(_, _, isFault: true): .fault
        default: .badInput
        }
    }
}
