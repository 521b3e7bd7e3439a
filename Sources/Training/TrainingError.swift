public import Support

/// Why training cannot start or go on.
public enum TrainingError: UserError, Equatable {
    /// A file or folder that is needed is not there.
    case missing(path: String)
    /// The configuration is not JSON, or a value has the wrong type.
    case unreadableConfiguration(path: String, reason: String)
    /// The configuration names something that does not exist; the nearest names are offered.
    case unknownKey(path: String, key: String, known: [String])
    /// A value that training cannot work with.
    case invalidValue(key: String, value: String, reason: String)
    /// A folder of images that cannot be learned from.
    case unusableData(path: String, reason: String)
    /// A file of the work folder that cannot be used.
    case file(path: String, reason: String)
    /// A file or folder that cannot be written; `isFault` where the machine and not the place is why.
    case cannotWrite(path: String, reason: String, isFault: Bool)
    /// The loss became infinite or not a number.
    case diverged(stage: String, step: Int)

    /// Where the cause lies: in the configuration or the data, in a file that is not there, or in the work itself.
    public var kind: UserErrorKind {
        switch self {
        case .missing: .missing
        case .cannotWrite(_, _, isFault: true): .environment
        case .file, .diverged: .fault
        case .unreadableConfiguration, .unknownKey, .invalidValue, .unusableData, .cannotWrite:
            .badInput
        }
    }

    /// What happened, where, and what to do.
    public var description: String {
        switch self {
        case .missing(let path): "\(path) does not exist"
        case .unreadableConfiguration(let path, let reason):
            "\(path) is not a training configuration: \(reason)"
        case .unknownKey(let path, let key, let known):
            "\(path) has an unknown key \"\(key)\"; known there: \(known.joined(separator: ", "))"
        case .invalidValue(let key, let value, let reason): "\(key) = \(value): \(reason)"
        case .unusableData(let path, let reason): "\(path) cannot be trained on: \(reason)"
        case .file(let path, let reason): "\(path): \(reason)"
        case .cannotWrite(let path, let reason, _): "\(path) cannot be written: \(reason)"
        case .diverged(let stage, let step):
            "the loss of the \(stage) is no longer a finite number at step \(step); lower its learningRate"
        }
    }
}
