internal import CTorch
public import Support

/// Why tensors cannot be computed though nothing is wrong with them.
public enum TensorError: UserError, Equatable {
    /// The device has no room for so many bytes more; nil where it does not say for how many.
    case outOfMemory(bytes: Int?)

    /// The machine is where the cause lies.
    public var kind: UserErrorKind { .environment }

    /// What happened and what to do.
    public var description: String {
        switch self {
        case .outOfMemory(let bytes):
            "there is not enough memory" + (bytes.map { " for \($0) bytes more" } ?? "")
                + "; work at a smaller size, or on fewer rows at once"
        }
    }
}

/// Runs `body` so that a lack of memory in it is thrown instead of ending the process.
///
/// Operators do not throw. After one for which there is no memory, those that follow on the thread compute shapes alone,
/// of tensors that have no numbers and read as zeros, until `body` ends or asks `checkMemory`: so whatever `body` answers
/// or throws by then is dropped, and no tensor of it may be kept elsewhere. One that is kept nevertheless lacks memory
/// again wherever it is used.
///
/// Synchronous on purpose, as `withoutGradients` is.
/// - Throws: `TensorError.outOfMemory`, and what `body` throws.
public func guardingMemory<Result>(_ body: () throws -> Result) throws -> Result {
    try checkMemory()
    let before = Backend.table.mode()
    Backend.table.set_mode(PT_GUARDED)
    defer { Backend.table.set_mode(before) }
    let result: Result
    do {
        result = try body()
    } catch {
        try checkMemory()
        throw error
    }
    try checkMemory()
    return result
}

/// Ends a computation that memory ran out in, inside `guardingMemory`.
/// - Throws: `TensorError.outOfMemory`.
public func checkMemory() throws(TensorError) {
    guard Backend.isShapesOnly else { return }
    let reason = Backend.text(Backend.table.lack_of_memory())
    Backend.table.set_mode(PT_GUARDED)
    throw .outOfMemory(bytes: TensorError.bytes(in: reason))
}

extension TensorError {
    /// How much an allocator was asked for, as it tells it.
    static func bytes(in reason: String) -> Int? {
        guard
            let match = reason.firstMatch(of: /(?i)tried to allocate ([0-9.]+) (bytes|KiB|MiB|GiB|TiB)/),
            let count = Double(match.1)
        else { return nil }
        let unit = ["bytes", "KiB", "MiB", "GiB", "TiB"].firstIndex(of: String(match.2)) ?? 0
        return Int(exactly: (count * Double(1 << (10 * unit))).rounded())
    }
}
