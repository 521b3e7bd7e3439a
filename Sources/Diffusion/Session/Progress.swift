/// How far a job is.
public struct Progress: Sendable, Hashable {
    /// What is being done, such as "encoding".
    public var stage: String
    /// Steps of the stage that are done.
    public var step: Int
    /// Steps of the stage.
    public var of: Int
    /// Seconds since the job began.
    public var seconds: Double
    /// What the last steps of a tuning lost, on average; nil of all other stages.
    public var loss: Double?
}

/// What a job says while it runs.
public enum Notice: Sendable, Hashable {
    /// How far it is.
    case progress(Progress)
    /// Something the user should know, in one line.
    case warning(String)
    /// What it is painting, where the job was asked to show it.
    case preview(Preview)
}

/// What a stream of a job delivers; `finished` is the last.
public enum Event<Result: Sendable>: Sendable {
    /// How far the job is.
    case progress(Progress)
    /// Something the user should know, in one line.
    case warning(String)
    /// What it is painting, where the job was asked to show it.
    case preview(Preview)
    /// What came of it.
    case finished(Result)

    init(_ notice: Notice) {
        switch notice {
        case .progress(let progress): self = .progress(progress)
        case .warning(let text): self = .warning(text)
        case .preview(let preview): self = .preview(preview)
        }
    }
}

/// What a job cost.
public struct Cost: Sendable, Hashable, Codable {
    /// Network passes forward, one per latent (F).
    public var forwards = 0
    /// Network passes backward, one per latent (B).
    public var backwards = 0
    /// Wall time.
    public var seconds = 0.0
    /// Largest memory of the process so far (CUDA: of its allocator), in bytes; 0 where it cannot be told.
    public var peakBytes = 0

    /// Nothing spent yet.
    public init() {}
}
